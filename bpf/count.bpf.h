/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Adding a packet, a call or a device's own traffic to its row. */
#ifndef MONITAURI_COUNT_BPF_H
#define MONITAURI_COUNT_BPF_H

enum { SOCK_RAW = 3 };

/* The last packet that may reach several sockets, per CPU: the copies of one packet are delivered one after the
 * other, share their data and go to different sockets. */
struct last_delivery {
	__u64 data;
	__u64 first_cookie;
	__u32 tag; /* identification and checksum fields: memory is reused, packets differ */
	__u32 device_bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct last_delivery);
} deliveries SEC(".maps");

static __noinline bool is_copy(struct __sk_buff *skb, struct packet *packet, struct bpf_sock *sk, __u64 cookie)
{
	__u32 zero = 0, transport = 0, tag = 0;
	struct last_delivery *last;
	__u64 data;

	if (sk->type == SOCK_RAW && (packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP))
		return true; /* an observer: the packet belongs to the socket it is for */
	data = packet_memory(skb);
	if (!data)
		return false;
	last = bpf_map_lookup_elem(&deliveries, &zero);
	if (!last)
		return false;
	bpf_skb_load_bytes(skb, packet->family == AF_INET ? 4 : 44, &tag, 4);
	bpf_skb_load_bytes(skb, packet->family == AF_INET ? 24 : 44, &transport, 4);
	tag ^= transport;
	if (last->data == data && last->tag == tag && last->device_bytes == packet->device_bytes &&
	    last->first_cookie != cookie)
		return true;
	last->data = data;
	last->tag = tag;
	last->device_bytes = packet->device_bytes;
	last->first_cookie = cookie;
	return false;
}

/* Once per row and tick: what changes slowly. */
static __noinline void refresh_tcp(struct bpf_sock *sk, struct flow *flow)
{
	struct bpf_tcp_sock *tcp;

	if (sk->state == TCP_LISTEN)
		return;
	tcp = bpf_tcp_sock(sk);
	if (tcp) {
		flow->rtt_us = tcp->srtt_us >> 3;
		flow->retransmits = tcp->total_retrans;
	}
}

static __always_inline void add_packet(struct direction_counters *counters, struct packet *packet)
{
	__sync_fetch_and_add(&counters->device_bytes, packet->device_bytes);
	if (packet->segment_packets) {
		__sync_fetch_and_add(&counters->segment_bytes, packet->segment_bytes);
		__sync_fetch_and_add(&counters->segment_packets, packet->segment_packets);
	}
	/* The result is used, so that the addition is also a barrier on every architecture: whoever sees the dirty
	 * byte cleared after this reads the new sums. */
	__u64 before = __sync_fetch_and_add(&counters->device_packets, 1);
	asm volatile("" : : "r"(before));
}

/* What the owner before had written and the kernel had not sent yet leaves as its own: by the sequence number. One
 * packet may hold the last of the one and the first of the other. */
static __noinline struct flow *row_of_sequence(struct __sk_buff *skb, struct bpf_sock *sk, struct socket_state *state,
					       struct flow *flow, struct packet *packet)
{
	struct flow *former = flow_at(state->former_slot);
	struct bpf_tcp_sock *tcp = bpf_tcp_sock(sk);
	__u32 sequence = 0, before;
	__u8 data_offset = 0;

	if (!former || former->cookie != state->cookie || former->ifindex != skb->ifindex || !tcp ||
	    (__s32)(tcp->snd_una - state->handover_seq) >= 0) {
		state->former_slot = 0;
		return flow;
	}
	bpf_skb_load_bytes(skb, packet->transport_offset + 4, &sequence, sizeof(sequence));
	before = state->handover_seq - bpf_ntohl(sequence);
	if ((__s32)before <= 0)
		return flow;
	bpf_skb_load_bytes(skb, packet->transport_offset + 12, &data_offset, 1);
	if (before + packet->transport_offset + (data_offset >> 4) * 4 >= packet->device_bytes)
		return former;
	__sync_fetch_and_add(&former->tx.device_bytes, before);
	mark_dirty(former);
	packet->device_bytes -= before;
	return flow;
}

/* Everything but the common case: a socket or a peer not met before, offloaded and fragmented packets, multicast,
 * raw sockets, ICMP. */
static __noinline int count_uncommon_packet(struct __sk_buff *skb, struct bpf_sock *sk, bool tx)
{
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	struct direction_counters *counters;
	struct packet packet = {};
	struct flow *flow;

	if (!read_packet(skb, &packet, 0, tx))
		return 0;
	if (sk->type == SOCK_RAW) {
		packet.local_port = 0; /* a raw socket has no ports, whatever it carries */
		packet.remote_port = 0;
	}
	if (!state) {
		state = adopt_socket(skb, sk);
		if (!state) {
			count_overflow(&packet, tx);
			return 0;
		}
	}
	if (!is_own_state(state))
		start_accepted(state, bpf_get_socket_cookie(skb));
	if (state->unclaimed == SUBFLOW)
		follow_parent(sk, state);
	place_unowned(skb, state);
	flow = flow_at(tx ? state->tx_slot : state->rx_slot);
	if (!fits_socket(flow, skb, state) ||
	    (packet.protocol != IPPROTO_TCP &&
	     (flow->remote_port != packet.remote_port || !same_address(flow->remote, packet.remote))))
		flow = row_for_packet(skb, sk, state, &packet, tx);
	if (!flow) {
		count_overflow(&packet, tx);
		return 0;
	}
	if (tx && state->former_slot)
		flow = row_of_sequence(skb, sk, state, flow, &packet);
	counters = tx ? &flow->tx : &flow->rx;
	if (!tx && (packet.group || (packet.protocol != IPPROTO_TCP && packet.protocol != IPPROTO_UDP) ||
		    sk->type == SOCK_RAW) && is_copy(skb, &packet, sk, state->cookie)) {
		__sync_fetch_and_add(&counters->copy_bytes, packet.device_bytes);
		__sync_fetch_and_add(&counters->copy_packets, 1);
	}
	add_packet(counters, &packet);
	observe(skb, state, flow, &packet, tx);
	if (!shared.dirty[flow->slot & FLOW_SLOT_MASK]) {
		shared.dirty[flow->slot & FLOW_SLOT_MASK] = 1;
		if (packet.protocol == IPPROTO_TCP)
			refresh_tcp(sk, flow);
	}
	return 0;
}

/* The common case by itself: a whole TCP or UDP packet of a known socket and peer. False: anything else. */
static __always_inline bool is_common(struct __sk_buff *skb, struct flow *flow, bool tx)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct port_pair *ports;

	if (skb->gso_size)
		return false;
	if (flow->protocol == IPPROTO_TCP)
		return true;
	if (flow->protocol != IPPROTO_UDP || skb->len > 548 || !flow->remote_port)
		return false;
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		struct ipv4_header *ip = data;

		ports = data + sizeof(*ip);
		if ((void *)(ports + 1) > end || ip->version_and_length != 0x45 || ip->protocol != IPPROTO_UDP)
			return false;
		if (flow->remote[3] != (tx ? ip->destination : ip->source) || flow->remote[2] != bpf_htonl(0xffff))
			return false;
		if (!tx && is_group_ipv4(ip->destination))
			return false;
	} else {
		struct ipv6_header *ip = data;

		ports = data + sizeof(*ip);
		if ((void *)(ports + 1) > end || ip->next_header != IPPROTO_UDP)
			return false;
		if (!same_address(flow->remote, tx ? ip->destination : ip->source))
			return false;
		if (!tx && is_group_ipv6(ip->destination))
			return false;
	}
	return bpf_ntohs(tx ? ports->destination : ports->source) == flow->remote_port;
}

static __always_inline void count_packet(struct __sk_buff *skb, bool tx)
{
	struct bpf_sock *sk = skb->sk;
	struct direction_counters *counters;
	struct socket_state *state;
	struct task_struct *task;
	struct flow *flow;
	__u64 before;

	if (!sk)
		return;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return;
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (tx && state && sk->protocol == IPPROTO_TCP) {
		task = bpf_get_current_task_btf();
		if (!is_owner(state, task) && is_own_state(state))
			claim_for_sender(sk, state, task);
	}
	flow = state && is_own_state(state) && state->owner_tgid ? flow_at(tx ? state->tx_slot : state->rx_slot) : NULL;
	if (!flow || !fits_socket(flow, skb, state) || !is_observed(state, flow, tx) ||
	    (tx && state->former_slot) || !is_common(skb, flow, tx)) {
		count_uncommon_packet(skb, sk, tx);
		return;
	}
	counters = tx ? &flow->tx : &flow->rx;
	__sync_fetch_and_add(&counters->device_bytes, skb->len);
	before = __sync_fetch_and_add(&counters->device_packets, 1); /* used: see add_packet */
	asm volatile("" : : "r"(before));
	if (!shared.dirty[flow->slot & FLOW_SLOT_MASK]) {
		shared.dirty[flow->slot & FLOW_SLOT_MASK] = 1;
		if (flow->protocol == IPPROTO_TCP)
			refresh_tcp(sk, flow);
	}
}

static __always_inline void note_taken(struct sock *sk, struct socket_state *state)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (tcp)
		state->taken_seq = tcp->copied_seq;
}

static __always_inline void note_written(struct sock *sk, struct socket_state *state)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (tcp)
		state->written_seq = tcp->write_seq;
}

/* Larger than any receive buffer: a sequence number that was never noted. */
enum { MAX_TAKEN = 1 << 30 };
/* arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h */
enum { X86_SPLICE = 275, X86_GETSOCKOPT = 55, ARM64_SPLICE = 76, ARM64_GETSOCKOPT = 209 };

/* True in the two system calls that take data from TCP without a receive: splice(2) and getsockopt(2) with
 * TCP_ZEROCOPY_RECEIVE (tcp(7)). */
static __always_inline bool takes_without_receive(struct task_struct *task)
{
	void *regs = (void *)bpf_task_pt_regs(task);
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm64 = regs;

	if (bpf_core_field_exists(x86->orig_ax))
		return x86->orig_ax == X86_SPLICE || x86->orig_ax == X86_GETSOCKOPT;
	if (bpf_core_field_exists(arm64->syscallno))
		return arm64->syscallno == ARM64_SPLICE || arm64->syscallno == ARM64_GETSOCKOPT;
	return false;
}

/* `bytes` of payload that the running process has just sent or received. */
static __always_inline int count_payload(struct sock *sk, int bytes, bool tx)
{
	__u16 family = sk->__sk_common.skc_family;
	struct task_struct *task = bpf_get_current_task_btf();
	struct direction_counters *counters;
	struct socket_state *state;
	struct flow *flow;
	__u64 before;

	if (bytes <= 0 || (family != AF_INET && family != AF_INET6))
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state) {
		__sync_fetch_and_add(&shared.socket_overflow, 1);
		return 0;
	}
	if (!is_own_state(state)) {
		if (!state->self)
			state->netns = sk->__sk_common.skc_net.net->ns.inum;
		start_accepted(state, bpf_get_socket_cookie(sk));
	}
	if (!is_owner(state, task))
		take_over(state, task);
	if (sk->sk_protocol == IPPROTO_TCP) {
		if (tx)
			note_written(sk, state);
		else if (follow_splice)
			note_taken(sk, state);
	}
	flow = row_for_payload(sk, state, tx);
	if (flow)
		counters = tx ? &flow->tx : &flow->rx;
	else
		counters = tx ? &shared.overflow_tx : &shared.overflow_rx;
	before = __sync_fetch_and_add(&counters->payload_bytes, bytes); /* used: see add_packet */
	asm volatile("" : : "r"(before));
	if (flow)
		mark_dirty(flow);
	return 0;
}

/* In skb->cb of a packet that was counted. */
enum { NOTED_SLOT = 3, NOTED_COOKIE = 4 };

/* Tells a row from the one that has its slot later. Not zero for the small numbers that cookies are. */
static __always_inline __u32 fold_cookie(__u64 cookie)
{
	return (__u32)cookie ^ (__u32)(cookie >> 32) ^ 0x6d6f6e69;
}

/* --- devices: only what has not passed count_packet ---------------------------------------------------- */

static __always_inline struct flow *add_to_remainder(struct packet *packet, __u32 ifindex, __u32 kind, bool tx)
{
	struct flow_key key = { .cookie = (1ULL << 63) | kind, .ifindex = ifindex, .kind = kind };
	struct row_seed seed = { .netns = host_netns };
	struct flow *flow = find_row(&key);

	if (!flow)
		flow = make_row(&key, &seed, true);
	if (!flow) {
		count_overflow(packet, tx);
		return NULL;
	}
	add_packet(tx ? &flow->tx : &flow->rx, packet);
	mark_dirty(flow);
	return flow;
}

/* A packet may go through a shaper next and be dropped there: dropped.bpf.h finds the row by this. What limits add to a
 * packet on its way is behind the words that queues use themselves (include/net/codel_qdisc.h). */
static __always_inline void note_row(struct __sk_buff *skb, struct flow *flow)
{
	if (!flow)
		return;
	skb->cb[NOTED_SLOT] = flow->slot;
	skb->cb[NOTED_COOKIE] = fold_cookie(flow->cookie);
}

/* Shaping takes a packet's socket away: at the next device below it would pass for a forwarded one. */
static __always_inline bool is_noted(struct __sk_buff *skb)
{
	struct flow *flow = flow_at(skb->cb[NOTED_SLOT] & FLOW_SLOT_MASK);

	return flow && fold_cookie(flow->cookie) == skb->cb[NOTED_COOKIE];
}

/* AF_PACKET sends in the caller's context (net/packet/af_packet.c), so the running task is the sender. */
static __noinline void count_link_sender(struct __sk_buff *skb, struct bpf_sock *sk, struct packet *packet)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	struct flow_key key = { .ifindex = skb->ifindex, .kind = FLOW_LINK };
	struct row_seed seed = { .netns = host_netns };
	struct flow *flow;

	if (!state) {
		count_overflow(packet, true);
		return;
	}
	if (!is_own_state(state)) {
		state->self = (__u64)state;
		state->cookie = bpf_get_socket_cookie(skb);
	}
	if (!is_owner(state, task))
		take_over(state, task);
	key.cookie = state->cookie;
	key.owner_tgid = state->owner_tgid;
	key.owner_exec = state->owner_exec;
	seed.owner_start_ns = state->owner_start_ns;
	flow = flow_at(state->tx_slot);
	if (!flow || !is_row(flow, &key))
		flow = row_of_socket(state, &key, &seed);
	if (!flow) {
		count_overflow(packet, true);
		return;
	}
	state->tx_slot = flow->slot;
	add_packet(&flow->tx, packet);
	mark_dirty(flow);
	note_row(skb, flow);
}

enum { TCP_NEW_SYN_RECV = 12 };
enum { LIMIT_CLASS_DONE = 0xffff }; /* CLASS_DONE of limits.h */

static __always_inline void count_device(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk, *full;
	struct socket_state *state;
	struct sk_buff *kernel_skb;
	struct packet packet = {};
	struct flow *flow;
	__u32 kind = FLOW_KERNEL, link_bytes;

	if (skb->tc_index == LIMIT_CLASS_DONE)
		return; /* was here already, before the shaper: limits.bpf.c */
	if (!sk) {
		if (is_noted(skb))
			kind = FLOW_CARRIED;
		else if (skb->ingress_ifindex)
			kind = FLOW_FORWARDED;
	} else {
		full = bpf_sk_fullsock(sk);
		if (!full) {
			if (sk->state == TCP_NEW_SYN_RECV)
				return; /* an answer to a handshake: counted at its listener */
		} else if (full->family == AF_PACKET) {
			kind = FLOW_LINK;
		} else {
			state = bpf_sk_storage_get(&sockets, full, 0, 0);
			flow = state ? flow_at(state->tx_slot) : NULL;
			if (flow && flow->cookie == state->cookie) {
				if (flow->ifindex == skb->ifindex) {
					note_row(skb, flow);
					return; /* counted at its socket: nearly every packet */
				}
				kind = FLOW_CARRIED;
			}
		}
	}
	if (!bpf_cast_to_kern_ctx)
		return;
	kernel_skb = bpf_cast_to_kern_ctx(skb);
	link_bytes = kernel_skb->dev->hard_header_len;
	if (!read_packet(skb, &packet, link_bytes, true))
		packet.device_bytes = skb->len > link_bytes ? skb->len - link_bytes : 0;
	add_carried_segments(skb, &packet, link_bytes);
	if (kind == FLOW_LINK) {
		count_link_sender(skb, full, &packet);
		return;
	}
	note_row(skb, add_to_remainder(&packet, skb->ifindex, kind, true));
	if (kind == FLOW_FORWARDED)
		add_to_remainder(&packet, skb->ingress_ifindex, kind, false);
}

#endif
