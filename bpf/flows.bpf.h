/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The rows: finding the one for a packet or a call, making it, adding to it. */
#ifndef MONITAURI_FLOWS_BPF_H
#define MONITAURI_FLOWS_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOW_SLOTS);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FLOW_SLOTS);
	__type(key, struct flow_key);
	__type(value, __u32);
} flow_index SEC(".maps");

static __always_inline struct flow *flow_at(__u32 slot)
{
	return slot ? bpf_map_lookup_elem(&flows, &slot) : NULL;
}

static __always_inline void count_overflow(const struct packet *packet, bool tx)
{
	struct direction_counters *counters = tx ? &shared.overflow_tx : &shared.overflow_rx;

	__sync_fetch_and_add(&counters->device_bytes, packet->device_bytes);
	__sync_fetch_and_add(&counters->device_packets, 1);
	__sync_fetch_and_add(&counters->segment_bytes, packet->segment_bytes);
	__sync_fetch_and_add(&counters->segment_packets, packet->segment_packets);
}

/* A returned slot, else one never used. 0: none left. */
static __noinline __u32 take_slot(void)
{
	__u32 slot;

	for (int i = 0; i < 16; i++) {
		__u32 tail = *(volatile __u32 *)&shared.free_tail;
		__u32 head = *(volatile __u32 *)&shared.free_head;

		if (tail == head)
			break;
		slot = *(volatile __u32 *)&shared.free_ring[tail & FLOW_SLOT_MASK];
		if (__sync_val_compare_and_swap(&shared.free_tail, tail, tail + 1) == tail)
			return slot & FLOW_SLOT_MASK;
	}
	if (*(volatile __u32 *)&shared.fresh >= flow_slots)
		return 0;
	slot = __sync_fetch_and_add(&shared.fresh, 1);
	return slot < flow_slots ? slot : 0;
}

static __always_inline void mark_dirty(struct flow *flow)
{
	__u32 slot = flow->slot & FLOW_SLOT_MASK;

	if (!shared.dirty[slot])
		shared.dirty[slot] = 1;
}

/* What a new row says of its socket. */
struct row_seed {
	__u64 owner_start_ns;
	__u32 local[4];
	__u32 netns;
	__u16 local_port;
	__u16 protocol;
	__u8 state;
	__u8 unclaimed;
};

static __always_inline bool is_row(struct flow *flow, const struct flow_key *key)
{
	return flow->cookie == key->cookie && flow->owner_tgid == key->owner_tgid &&
	       flow->owner_exec == key->owner_exec && flow->ifindex == key->ifindex && flow->kind == key->kind &&
	       flow->remote_port == key->remote_port && same_address(flow->remote, key->remote);
}

static __noinline struct flow *find_row(struct flow_key *key)
{
	__u32 *slot = bpf_map_lookup_elem(&flow_index, key);
	struct flow *flow;

	if (!slot)
		return NULL;
	flow = flow_at(*slot & FLOW_SLOT_MASK);
	return flow && is_row(flow, key) ? flow : NULL;
}

static __noinline struct flow *make_row(struct flow_key *key, struct row_seed *seed, bool indexed)
{
	__u32 slot = take_slot();
	struct flow *flow = flow_at(slot);

	if (!flow)
		return NULL;
	flow->cookie = 0;
	barrier();
	flow->slot = slot;
	flow->owner_start_ns = seed->owner_start_ns;
	flow->owner_tgid = key->owner_tgid;
	flow->owner_exec = key->owner_exec;
	copy_address(flow->local, seed->local);
	copy_address(flow->remote, key->remote);
	flow->local_port = seed->local_port;
	flow->remote_port = key->remote_port;
	flow->ifindex = key->ifindex;
	flow->netns = seed->netns;
	flow->opened_ns = bpf_ktime_get_boot_ns();
	flow->rtt_us = 0;
	flow->retransmits = 0;
	flow->protocol = seed->protocol;
	flow->state = seed->state;
	flow->kind = key->kind;
	flow->closed = 0;
	flow->indexed = indexed;
	flow->unclaimed = seed->unclaimed;
	flow->sent_seen = 0;
	flow->received_seen = 0;
	flow->asked = 0;
	barrier();
	flow->cookie = key->cookie;
	__sync_fetch_and_add(&flow->serial, 1);
	if (indexed)
		bpf_map_update_elem(&flow_index, key, &slot, BPF_ANY);
	return flow;
}

static __noinline void index_row(__u32 slot, __u64 cookie)
{
	struct flow *flow = flow_at(slot);
	struct flow_key key = {};

	if (!flow || flow->cookie != cookie || flow->indexed)
		return;
	key.cookie = cookie;
	key.owner_tgid = flow->owner_tgid;
	key.owner_exec = flow->owner_exec;
	key.ifindex = flow->ifindex;
	key.remote_port = flow->remote_port;
	key.kind = flow->kind;
	copy_address(key.remote, flow->remote);
	flow->indexed = 1;
	bpf_map_update_elem(&flow_index, &key, &slot, BPF_ANY);
}

/* The row for *key among a socket's rows. Most sockets have one row for life, which the index never sees. */
static __always_inline struct flow *row_of_socket(struct socket_state *state, struct flow_key *key,
						  struct row_seed *seed)
{
	struct flow *flow;

	if (state->rows) {
		flow = find_row(key);
		if (flow)
			return flow;
		if (state->rows == 1) {
			index_row(state->rx_slot, state->cookie);
			index_row(state->tx_slot, state->cookie);
			index_row(state->payload_slot, state->cookie);
		}
	}
	flow = make_row(key, seed, state->rows != 0);
	if (flow)
		state->rows++;
	return flow;
}

static __always_inline bool owned_row(struct flow *flow, struct socket_state *state)
{
	return flow && flow->cookie == state->cookie &&
	       *(__u64 *)&flow->owner_tgid == *(__u64 *)&state->owner_tgid; /* owner_exec too */
}

static __noinline struct flow *other_row_for_packet(struct __sk_buff *skb, struct bpf_sock *sk,
						    struct socket_state *state, struct packet *packet)
{
	struct flow_key key = {
		.cookie = state->cookie,
		.owner_tgid = state->owner_tgid,
		.owner_exec = state->owner_exec,
		.ifindex = skb->ifindex,
	};
	struct row_seed seed = {
		.owner_start_ns = state->owner_start_ns,
		.netns = state->netns,
		.local_port = packet->local_port,
		.protocol = packet->protocol,
		.state = sk->state,
		.unclaimed = state->unclaimed == INHERITED || state->parent_unclaimed,
	};
	struct flow *flow;

	copy_address(seed.local, packet->local);
	if (packet->protocol == IPPROTO_TCP && sk->state == TCP_LISTEN)
		return row_of_socket(state, &key, &seed); /* handshakes: one row for all peers */
	copy_address(key.remote, packet->remote);
	key.remote_port = packet->remote_port;
	if (packet->protocol == IPPROTO_TCP || sk->dst_port)
		return row_of_socket(state, &key, &seed);
	flow = find_row(&key);
	if (flow)
		return flow;
	if (state->peer_window != shared.peer_window) {
		state->peer_window = shared.peer_window;
		state->peers = 0;
	}
	if (state->peers < PEERS_PER_SOCKET) {
		state->peers++;
	} else {
		__builtin_memset(key.remote, 0, sizeof(key.remote));
		key.remote_port = 0;
	}
	return row_of_socket(state, &key, &seed);
}

static __always_inline bool fits_socket(struct flow *flow, struct __sk_buff *skb, struct socket_state *state)
{
	return owned_row(flow, state) && flow->ifindex == skb->ifindex;
}

static __noinline struct flow *row_for_packet(struct __sk_buff *skb, struct bpf_sock *sk, struct socket_state *state,
					      struct packet *packet, bool tx)
{
	struct flow *flow = flow_at(tx ? state->rx_slot : state->tx_slot);

	if (!fits_socket(flow, skb, state) ||
	    (packet->protocol != IPPROTO_TCP &&
	     (flow->remote_port != packet->remote_port || !same_address(flow->remote, packet->remote)))) {
		flow = other_row_for_packet(skb, sk, state, packet);
		if (!flow)
			return NULL;
	}
	if (tx)
		state->tx_slot = flow->slot;
	else
		state->rx_slot = flow->slot;
	return flow;
}

static __noinline struct flow *other_row_for_payload(struct sock *sk, struct socket_state *state, struct flow *base)
{
	struct flow_key key = {
		.cookie = state->cookie,
		.owner_tgid = state->owner_tgid,
		.owner_exec = state->owner_exec,
	};
	struct row_seed seed = {
		.owner_start_ns = state->owner_start_ns,
		.netns = state->netns,
		.protocol = sk->sk_protocol,
		.state = sk->__sk_common.skc_state,
	};

	if (base && base->cookie == state->cookie) {
		copy_address(seed.local, base->local);
		copy_address(key.remote, base->remote);
		seed.local_port = base->local_port;
		key.remote_port = base->remote_port;
		key.ifindex = base->ifindex;
	} else if (sk->__sk_common.skc_family == AF_INET6) {
#pragma unroll
		for (int i = 0; i < 4; i++) {
			seed.local[i] = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i];
			key.remote[i] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[i];
		}
	} else {
		map_ipv4(seed.local, sk->__sk_common.skc_rcv_saddr);
		if (sk->__sk_common.skc_daddr)
			map_ipv4(key.remote, sk->__sk_common.skc_daddr);
	}
	if (!base) {
		seed.local_port = sk->__sk_common.skc_num;
		key.remote_port = bpf_ntohs(sk->__sk_common.skc_dport);
	}
	return row_of_socket(state, &key, &seed);
}

/* A connected socket has its payload beside its packets. An unconnected one has many peers, and these calls do not
 * say which: a row of its own, without interface and peer. */
static __always_inline struct flow *row_for_payload(struct sock *sk, struct socket_state *state, bool tx)
{
	bool connected = sk->__sk_common.skc_dport != 0;
	struct flow *flow = NULL, *base = NULL;

	if (connected) {
		flow = flow_at(tx ? state->tx_slot : state->rx_slot);
		if (owned_row(flow, state))
			return flow;
		if (flow && flow->cookie == state->cookie)
			base = flow;
		flow = flow_at(tx ? state->rx_slot : state->tx_slot);
		if (owned_row(flow, state))
			return flow;
		if (!base && flow && flow->cookie == state->cookie)
			base = flow;
	}
	flow = flow_at(state->payload_slot);
	if (owned_row(flow, state))
		return flow;
	flow = other_row_for_payload(sk, state, base);
	if (!flow)
		return NULL;
	if (!connected || !base)
		state->payload_slot = flow->slot;
	else if (tx)
		state->tx_slot = flow->slot;
	else
		state->rx_slot = flow->slot;
	return flow;
}

#endif
