/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* How many bytes a packet takes on the wire, and who is at its other end: reads packet headers only. */
#ifndef MONITAURI_WIRE_BPF_H
#define MONITAURI_WIRE_BPF_H

extern void *bpf_cast_to_kern_ctx(void *obj) __ksym __weak; /* Linux 6.2+ */

/* What the kernel knows of a packet beyond its program's view. Where the cast above is missing, that view still is the
 * sk_buff's own address, which may be read unless lockdown forbids it (read_kernel). Zero: not known. */
static __noinline __u64 packet_memory(struct __sk_buff *skb)
{
	if (bpf_cast_to_kern_ctx)
		return (__u64)((struct sk_buff *)bpf_cast_to_kern_ctx(skb))->head;
	return read_kernel ? (__u64)BPF_CORE_READ((struct sk_buff *)skb, head) : 0;
}

static __noinline __u32 device_mtu(struct __sk_buff *skb)
{
	if (bpf_cast_to_kern_ctx)
		return ((struct sk_buff *)bpf_cast_to_kern_ctx(skb))->dev->mtu;
	return read_kernel ? BPF_CORE_READ((struct sk_buff *)skb, dev, mtu) : 0;
}

static __noinline __u32 device_netns(struct __sk_buff *skb)
{
	if (bpf_cast_to_kern_ctx)
		return ((struct sk_buff *)bpf_cast_to_kern_ctx(skb))->dev->nd_net.net->ns.inum;
	return read_kernel ? BPF_CORE_READ((struct sk_buff *)skb, dev, nd_net.net, ns.inum) : 0;
}

/* Size of the largest fragment of a received datagram. Constant indexes into skb->cb, for the verifier: the places that
 * kernels without and with CONFIG_IPV6_MIP6 use. Another layout means no answer, not a wrong one. */
#define CB_PLAIN_IPV6 18
#define CB_MIP6 20
#define CB_IPV4 22
#define FROM_CB(kernel_skb, at) ((__u8)(kernel_skb)->cb[at] | (__u16)(__u8)(kernel_skb)->cb[(at) + 1] << 8)

static __noinline __u16 largest_fragment(struct __sk_buff *skb, __u8 family)
{
	__u32 at = family == AF_INET ? bpf_core_field_offset(struct inet_skb_parm, frag_max_size)
				     : bpf_core_field_offset(struct inet6_skb_parm, frag_max_size);
	struct sk_buff *kernel_skb;
	__u16 size = 0;

	if (bpf_cast_to_kern_ctx) {
		kernel_skb = bpf_cast_to_kern_ctx(skb);
		if (at == CB_IPV4)
			size = FROM_CB(kernel_skb, CB_IPV4);
		else if (at == CB_MIP6)
			size = FROM_CB(kernel_skb, CB_MIP6);
		else if (at == CB_PLAIN_IPV6)
			size = FROM_CB(kernel_skb, CB_PLAIN_IPV6);
	} else if (read_kernel && at <= CB_IPV4) {
		bpf_core_read(&size, sizeof(size), (char *)((struct sk_buff *)skb)->cb + at);
	}
	return size;
}

/* A packet in one direction, as the counters see it. */
struct packet {
	__u32 device_bytes;
	__u32 segment_bytes;
	__u32 segment_packets;
	__u32 local[4];
	__u32 remote[4];
	__u16 local_port;
	__u16 remote_port;
	__u8 protocol;
	__u8 family;
	__u8 group; /* multicast or broadcast destination */
	__u16 transport_offset; /* from the start of the IP header */
};

static __always_inline void map_ipv4(__u32 out[4], __be32 address)
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

static __always_inline bool same_address(const __u32 a[4], const __u32 b[4])
{
	return a[3] == b[3] && a[2] == b[2] && a[1] == b[1] && a[0] == b[0];
}

/* Multicast or broadcast: may be delivered to several sockets. */
static __always_inline bool is_group_ipv4(__be32 address)
{
	return (address & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) || address == 0xffffffff;
}

static __always_inline bool is_group_ipv6(const __u32 address[4])
{
	return (address[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
}

/* Transport header of an IPv6 packet behind up to three extension headers (RFC 8200 section 4): hop-by-hop 0,
 * routing 43, fragment 44, authentication 51, destination options 60. Returns its offset. */
static __noinline __u32 skip_extension_headers(struct __sk_buff *skb, __u32 at, __u8 *protocol)
{
	const __u64 extensions = 1ULL << 0 | 1ULL << 43 | 1ULL << 44 | 1ULL << 51 | 1ULL << 60;

	for (int i = 0; i < 3; i++) {
		__u8 header[2];
		__u32 units;

		if (*protocol > 60 || !(extensions >> *protocol & 1) ||
		    bpf_skb_load_bytes(skb, at, header, sizeof(header)))
			break;
		units = *protocol == 44 ? 0 : header[1];
		at += *protocol == 51 ? (units + 2) * 4 : (units + 1) * 8;
		*protocol = header[0];
	}
	return at;
}

static __always_inline void repeat_headers(struct __sk_buff *skb, struct packet *packet, __u32 headers)
{
	__u32 segments = skb->gso_segs;

	if (!segments && packet->device_bytes > headers)
		segments = (packet->device_bytes - headers + skb->gso_size - 1) / skb->gso_size;
	if (segments > 1) {
		packet->segment_packets = segments - 1;
		packet->segment_bytes = (segments - 1) * headers;
	}
}

/* An offloaded packet carries one set of headers for all its segments: the wire repeats them. gso_segs is 0
 * for packets from tun and virtio-net; then the count follows from gso_size. */
static __noinline void add_segments(struct __sk_buff *skb, struct packet *packet, __u32 network_offset,
				   __u32 transport_offset)
{
	__u32 headers = transport_offset + 8;

	if (packet->protocol == IPPROTO_TCP) {
		__u8 data_offset = 0;

		bpf_skb_load_bytes(skb, network_offset + transport_offset + 12, &data_offset, 1);
		headers = transport_offset + (data_offset >> 4) * 4;
	} else if (packet->protocol == IPPROTO_SCTP) {
		headers = transport_offset + 12;
	}
	repeat_headers(skb, packet, headers);
}

/* The same for the packet of a tunnel: its segments repeat the headers of both packets, down to the inner transport's.
 * Only where bpf_cast_to_kern_ctx() is. */
static __noinline void add_carried_segments(struct __sk_buff *skb, struct packet *packet, __u32 network_offset)
{
	struct sk_buff *kernel_skb = bpf_cast_to_kern_ctx(skb);
	__u32 inner_network, headers;
	__u8 version = 0, protocol = 0, data_offset = 0;

	if (!skb->gso_size || !BPF_CORE_READ_BITFIELD(kernel_skb, encapsulation))
		return;
	inner_network = (__u16)(kernel_skb->inner_network_header - kernel_skb->network_header);
	headers = (__u16)(kernel_skb->inner_transport_header - kernel_skb->network_header);
	bpf_skb_load_bytes(skb, network_offset + inner_network, &version, 1);
	bpf_skb_load_bytes(skb, network_offset + inner_network + (version >> 4 == 4 ? 9 : 6), &protocol, 1);
	if (protocol == IPPROTO_TCP) {
		bpf_skb_load_bytes(skb, network_offset + headers + 12, &data_offset, 1);
		headers += (data_offset >> 4) * 4;
	} else {
		headers += 8;
	}
	repeat_headers(skb, packet, headers);
}

/* Fragments repeat the IP header (RFC 791 section 3.2; RFC 8200 section 4.5 adds 8 bytes of fragment header).
 * The stack hands over whole datagrams: egress programs run before fragmentation, where the device's MTU says
 * how many there will be; ingress programs run after reassembly, which leaves the largest fragment's size. */
static __noinline void add_fragments(struct __sk_buff *skb, struct packet *packet, __u32 header_bytes, bool tx)
{
	__u32 fragment_bytes, room, fragments, repeated = header_bytes;

	if (tx) {
		fragment_bytes = device_mtu(skb);
		if (packet->device_bytes <= fragment_bytes)
			return;
	} else {
		fragment_bytes = largest_fragment(skb, packet->family);
	}
	if (!fragment_bytes)
		return;
	if (packet->family == AF_INET6)
		repeated += 8;
	if (fragment_bytes <= repeated + 8)
		return;
	room = (fragment_bytes - repeated) & ~7U;
	fragments = (packet->device_bytes - header_bytes + room - 1) / room;
	if (fragments > 1) {
		packet->segment_packets = fragments - 1;
		packet->segment_bytes = (fragments - 1) * repeated + (packet->family == AF_INET6 ? 8 : 0);
	}
}

enum { LONGEST_LINK_HEADER = 64 };

/* Fills *packet from the headers. False: not an IP packet. tx: the local end is the source. */
__noinline int read_packet(struct __sk_buff *skb, struct packet *packet, __u32 network_offset, bool tx)
{
	void *data, *end = (void *)(long)skb->data_end;
	__u32 transport_offset;
	struct port_pair *ports;

	if (!packet || network_offset > LONGEST_LINK_HEADER)
		return false;
	data = (void *)(long)skb->data + network_offset;
	packet->device_bytes = skb->len - network_offset;
	packet->segment_bytes = 0;
	packet->segment_packets = 0;
	packet->local_port = 0;
	packet->remote_port = 0;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		struct ipv4_header *ip = data;

		if ((void *)(ip + 1) > end)
			return false;
		packet->family = AF_INET;
		packet->protocol = ip->protocol;
		packet->group = is_group_ipv4(ip->destination);
		map_ipv4(packet->local, tx ? ip->source : ip->destination);
		map_ipv4(packet->remote, tx ? ip->destination : ip->source);
		transport_offset = (ip->version_and_length & 15) * 4;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6_header *ip = data;

		if ((void *)(ip + 1) > end)
			return false;
		packet->family = AF_INET6;
		packet->protocol = ip->next_header;
		packet->group = is_group_ipv6(ip->destination);
		copy_address(packet->local, tx ? ip->source : ip->destination);
		copy_address(packet->remote, tx ? ip->destination : ip->source);
		transport_offset = sizeof(*ip);
		if (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_UDP)
			transport_offset = skip_extension_headers(skb, network_offset + transport_offset,
								  &packet->protocol) - network_offset;
	} else {
		return false;
	}

	if (packet->protocol == IPPROTO_UDP || packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_SCTP) {
		ports = data + (transport_offset & 0x3ff);
		if ((void *)(ports + 1) <= end) {
			packet->local_port = bpf_ntohs(tx ? ports->source : ports->destination);
			packet->remote_port = bpf_ntohs(tx ? ports->destination : ports->source);
		}
	}
	packet->transport_offset = transport_offset;
	if (skb->gso_size)
		add_segments(skb, packet, network_offset, transport_offset);
	else if (packet->protocol != IPPROTO_TCP && packet->device_bytes > 548)
		add_fragments(skb, packet, packet->family == AF_INET ? transport_offset : sizeof(struct ipv6_header), tx);
	return true;
}

#endif
