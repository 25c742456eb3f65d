/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* A socket that passes from one process to another: accepted, inherited, sent over a Unix socket, kept across exec. */
#ifndef MONITAURI_HANDOVER_BPF_H
#define MONITAURI_HANDOVER_BPF_H

/* An accepted connection starts with a copy of its listener's state. */
static __noinline void start_accepted(struct socket_state *state, __u64 cookie)
{
	state->self = (__u64)state;
	state->cookie = cookie;
	state->rx_slot = 0;
	state->tx_slot = 0;
	state->payload_slot = 0;
	state->rows = 0;
	state->peers = 0;
	state->sent_seen = 0;
	state->received_seen = 0;
	state->hello_left = 0;
	state->written_seq = 0;
	state->former_slot = 0;
	if (state->unclaimed != SUBFLOW)
		state->unclaimed = INHERITED;
}

static __noinline void correct_row(__u32 slot, struct socket_state *state)
{
	struct flow *flow = flow_at(slot);

	if (!flow || flow->cookie != state->cookie || !flow->unclaimed)
		return;
	flow->owner_start_ns = state->owner_start_ns;
	flow->owner_tgid = state->owner_tgid;
	flow->owner_exec = state->owner_exec;
	flow->unclaimed = 0;
	__sync_fetch_and_add(&flow->serial, 1);
	mark_dirty(flow);
}

/* The first caller on an accepted connection owns it from its first byte: the rows so far become its own. */
static __noinline void take_over(struct socket_state *state, struct task_struct *task)
{
	bool first = state->unclaimed == INHERITED;
	__u32 former_slot = state->tx_slot;

	if (state->unclaimed == SUBFLOW || !claim(state, task))
		return;
	if (!first && state->written_seq) {
		state->former_slot = former_slot;
		state->handover_seq = state->written_seq;
	}
	state->unclaimed = CLAIMED;
	if (first) {
		correct_row(state->rx_slot, state);
		if (state->tx_slot != state->rx_slot)
			correct_row(state->tx_slot, state);
	}
}

/* Subflows of MPTCP are the kernel's sockets; the process has the MPTCP socket (net/mptcp/subflow.c). */
static __noinline void follow_parent(struct bpf_sock *sk, struct socket_state *state)
{
	struct mptcp_sock *parent = bpf_skc_to_mptcp_sock(sk);
	struct socket_state *owner;
	bool first;

	if (!parent)
		return;
	owner = bpf_sk_storage_get(&sockets, parent, 0, 0);
	if (!owner)
		return;
	first = state->parent_unclaimed;
	state->unclaimed = SUBFLOW;
	state->parent_unclaimed = owner->unclaimed == INHERITED || !is_own_state(owner);
	state->owner_start_ns = owner->owner_start_ns;
	state->owner_tgid = owner->owner_tgid;
	state->owner_exec = owner->owner_exec;
	if (first && !state->parent_unclaimed) {
		correct_row(state->rx_slot, state);
		correct_row(state->tx_slot, state);
	}
}

/* A socket that nobody was seen to create or call: the kernel's own, or one that waited in an accept queue when
 * this program started. */
static __noinline struct socket_state *adopt_socket(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (!state) {
		__sync_fetch_and_add(&shared.socket_overflow, 1);
		return NULL;
	}
	state->self = (__u64)state;
	state->cookie = bpf_get_socket_cookie(skb);
	state->sent_seen = SEEN_ENOUGH; /* what it sends next may be anywhere in its stream */
	state->received_seen = SEEN_ENOUGH;
	if (sk->protocol == IPPROTO_TCP && sk->dst_port)
		state->unclaimed = INHERITED; /* its first caller gets what it received while it waited */
	follow_parent(sk, state);
	return state;
}

/* The kernel's own sockets for ICMP and TCP resets serve every network namespace in turn (net/ipv4/icmp.c,
 * sock_net_set): their rows are kept apart by the namespace of the packet, in the place of the owner. */
static __always_inline void place_unowned(struct __sk_buff *skb, struct socket_state *state)
{
	__u32 netns;

	if (state->owner_tgid)
		return;
	netns = device_netns(skb);
	if (!netns)
		return;
	state->netns = netns;
	state->owner_exec = netns;
}

/* Packets of TCP leave before the send tracepoint fires. While a process holds the socket's lock
 * (sk_lock.owned: lock_sock, never softirq, which queues to the backlog instead), the running task is the sender,
 * so a new sender has its first bytes too. UDP sends without the lock: there the tracepoint decides. */
static __noinline int claim_for_sender(struct bpf_sock *sk, struct socket_state *state, struct task_struct *task)
{
	struct tcp_sock *tcp;

	if (!shared.trust_current)
		return 0;
	if (state->unclaimed == SUBFLOW) {
		follow_parent(sk, state);
		return 0;
	}
	if (!state->owner_tgid || sk->state == TCP_LISTEN)
		return 0;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (tcp && tcp->inet_conn.icsk_inet.sk.sk_lock.owned)
		take_over(state, task);
	return 0;
}

static __always_inline void close_row(__u32 slot, __u64 cookie)
{
	struct flow *flow = flow_at(slot);

	if (!flow || flow->cookie != cookie)
		return;
	flow->closed = 1;
	barrier();
	shared.dirty[slot & FLOW_SLOT_MASK] = 1;
}

/* User space knows a socket's other rows by their cookie: one closed row closes them all. */
static __noinline int close_rows(struct socket_state *state)
{
	close_row(state->rx_slot, state->cookie);
	close_row(state->tx_slot, state->cookie);
	close_row(state->payload_slot, state->cookie);
	return 0;
}

#endif
