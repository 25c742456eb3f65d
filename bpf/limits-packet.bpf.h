/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What rules ask of a packet: its addresses, ports and protocol; and the class that they lead to. */
#ifndef MONITAURI_LIMITS_PACKET_BPF_H
#define MONITAURI_LIMITS_PACKET_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LIMITED_NETWORKS);
	__type(key, struct network_key);
	__type(value, struct limited_network);
} networks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LIMITED_PORTS);
	__type(key, struct port_key);
	__type(value, __u32);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LIMIT_KEYS);
	__type(key, struct class_key);
	__type(value, struct class_value);
} classes SEC(".maps");

/* Combinations that were met without a class; user space makes one. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, WANTED_CLASSES);
	__type(key, struct class_key);
	__type(value, __u32);
} wanted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RULE_SLOTS);
	__type(key, __u32);
	__type(value, struct refusals);
} refused SEC(".maps");

struct fragment_key {
	__u32 local[4];
	__u32 remote[4];
	__u32 id;
	__u32 protocol_and_direction;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FRAGMENT_TRAINS);
	__type(key, struct fragment_key);
	__type(value, struct class_key);
} fragments SEC(".maps");

struct limit_packet {
	__u32 local[4];
	__u32 remote[4];
	__u32 fragment_id;
	__u16 local_port;      /* host order; 0: none */
	__u16 remote_port;
	__u8 protocol;
	__u8 family;
	__u8 is_fragment;
	__u8 is_later;         /* a fragment without ports */
	__u8 is_essential;     /* DHCP and neighbour discovery keep the link itself alive */
};

static __always_inline void map_address(__u32 out[4], __be32 address)
{
	out[0] = 0;
	out[1] = 0;
	out[2] = bpf_htonl(0xffff);
	out[3] = address;
}

static __always_inline void copy_address(__u32 out[4], const __u32 in[4])
{
	out[0] = in[0];
	out[1] = in[1];
	out[2] = in[2];
	out[3] = in[3];
}

/* Of IPv6: the transport header behind up to three extension headers (RFC 8200 section 4). */
static __noinline __u32 find_transport(struct __sk_buff *skb, __u32 at, struct limit_packet *packet)
{
	const __u64 extensions = 1ULL << 0 | 1ULL << 43 | 1ULL << 44 | 1ULL << 51 | 1ULL << 60;

	if (!packet)
		return 0;
	for (int i = 0; i < 3; i++) {
		__u8 header[8], protocol = packet->protocol;
		__u32 units;

		if (protocol > 60 || !(extensions >> protocol & 1) || bpf_skb_load_bytes(skb, at, header, sizeof(header)))
			break;
		if (protocol == IPPROTO_FRAGMENT) {
			__u16 offset = header[2] << 8 | (header[3] & 0xf8);

			packet->is_fragment = offset || header[3] & 1;
			packet->is_later = offset != 0;
			packet->fragment_id = *(__u32 *)(header + 4);
		}
		units = protocol == IPPROTO_FRAGMENT ? 0 : header[1];
		at += protocol == 51 ? (units + 2) * 4 : (units + 1) * 8;
		packet->protocol = header[0];
	}
	return at;
}

/* Of a client and its server: one port alone would let everything pass from and to whoever takes it. */
static __always_inline bool is_dhcp(__u16 local, __u16 remote)
{
	return (local == 68 && remote == 67) || (local == 67 && remote == 68) ||
	       (local == 546 && remote == 547) || (local == 547 && remote == 546);
}

/* Neighbour discovery that no router passes on: link-local or multicast. */
static __always_inline bool stays_on_link(const struct limit_packet *packet)
{
	__u32 start = bpf_ntohl(packet->remote[0]);

	return packet->protocol == IPPROTO_ICMPV6 && (start >> 22 == 0xfe80 >> 6 || start >> 24 == 0xff);
}

/* False: not an IP packet. tx: the local end is the source. */
static __noinline bool read_limit_packet(struct __sk_buff *skb, struct limit_packet *packet, __u32 at, bool tx)
{
	__be16 protocol = skb->protocol;
	__u32 transport;
	struct port_pair ports = {};

	if (!packet)
		return false;
	if (protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD)) {
		if (bpf_skb_load_bytes(skb, at + 2, &protocol, sizeof(protocol)))
			return false;
		at += 4;
	}
	if (protocol == bpf_htons(ETH_P_IP)) {
		struct ipv4_header ip;
		__u16 fragment;

		if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)))
			return false;
		packet->family = AF_INET;
		packet->protocol = ip.protocol;
		map_address(packet->local, tx ? ip.source : ip.destination);
		map_address(packet->remote, tx ? ip.destination : ip.source);
		fragment = bpf_ntohs(ip.fragment);
		packet->is_fragment = (fragment & 0x3fff) != 0;
		packet->is_later = (fragment & 0x1fff) != 0;
		packet->fragment_id = ip.id;
		transport = at + (ip.version_and_length & 15) * 4;
	} else if (protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6_header ip;

		if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)))
			return false;
		packet->family = AF_INET6;
		packet->protocol = ip.next_header;
		copy_address(packet->local, tx ? ip.source : ip.destination);
		copy_address(packet->remote, tx ? ip.destination : ip.source);
		transport = find_transport(skb, at + sizeof(ip), packet);
	} else {
		return false;
	}
	if (packet->is_later)
		return true;
	if (packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP || packet->protocol == IPPROTO_SCTP) {
		if (bpf_skb_load_bytes(skb, transport, &ports, sizeof(ports)))
			return true;
		packet->local_port = bpf_ntohs(tx ? ports.source : ports.destination);
		packet->remote_port = bpf_ntohs(tx ? ports.destination : ports.source);
		/* Ports below 1024 are root's: nobody else gets past a rule through them. */
		packet->is_essential = packet->protocol == IPPROTO_UDP && is_dhcp(packet->local_port, packet->remote_port);
	} else if (packet->protocol == IPPROTO_ICMPV6) {
		__u8 type = 0;

		bpf_skb_load_bytes(skb, transport, &type, 1);
		packet->is_essential = type >= 133 && type <= 137; /* RFC 4861 */
	}
	return true;
}

static __always_inline __u16 find_network(const __u32 address[4], struct class_key *key)
{
	struct network_key network = { .prefix_bits = 128 };
	struct limited_network *found;

	copy_address(network.address, address);
	found = bpf_map_lookup_elem(&networks, &network);
	if (!found)
		return 0;
	key->remote = found->remote;
	key->lan = found->flags & NETWORK_IS_LAN;
	return found->flags;
}

static __always_inline void find_port(__u16 remote_port, __u16 local_port, __u16 protocol, struct class_key *key)
{
	struct port_key port = { .port = remote_port, .protocol = protocol };
	__u32 *found = bpf_map_lookup_elem(&ports, &port);

	if (!found) {
		port.port = local_port;
		found = bpf_map_lookup_elem(&ports, &port);
	}
	if (found)
		key->port = *found;
}

/* The class of a combination. One that has none yet takes that of its narrowest part. */
static __noinline struct class_value *class_for(struct class_key *wish)
{
	struct class_value *found;
	struct class_key part;
	__u32 one = 1;

	if (!wish)
		return NULL;
	found = bpf_map_lookup_elem(&classes, wish);
	if (found)
		return found;
	if (shared.flags) {
		__sync_fetch_and_add(&shared.unclassed_packets, 1);
		bpf_map_update_elem(&wanted, wish, &one, BPF_NOEXIST);
	}
	part = *wish;
	part.remote = 0;
	part.port = 0;
	found = bpf_map_lookup_elem(&classes, &part);
	if (found && part.subject)
		return found;
	part = *wish;
	part.subject = 0;
	part.remote = 0;
	found = part.port ? bpf_map_lookup_elem(&classes, &part) : NULL;
	if (found)
		return found;
	part.port = 0;
	part.remote = wish->remote;
	found = part.remote ? bpf_map_lookup_elem(&classes, &part) : NULL;
	if (found)
		return found;
	part.remote = 0;
	return bpf_map_lookup_elem(&classes, &part);
}

static __always_inline void count_refusal(struct class_value *class, bool tx)
{
	__u32 slot = class->rule;
	struct refusals *counts = bpf_map_lookup_elem(&refused, &slot);

	if (counts)
		__sync_fetch_and_add(tx ? &counts->tx_packets : &counts->rx_packets, 1);
}

/* A daemon that was killed or hangs must not leave the machine throttled. The heartbeat may be written right after it was
 * read, or by a clock of another CPU that is ahead: then its age is less than nothing. */
static __always_inline bool has_lapsed(void)
{
	__u64 heartbeat_ns = *(volatile __u64 *)&shared.heartbeat_ns;

	return (__s64)(bpf_ktime_get_ns() - heartbeat_ns) > HEARTBEAT_LIMIT_NS;
}

#endif
