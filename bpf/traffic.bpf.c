// SPDX-License-Identifier: MIT OR GPL-2.0
/* Counts what every socket of this machine moves, per owner, interface and peer, without copying a packet.
 *
 * Packets are counted where the IP stack meets a socket (cgroup programs), payload where a process calls send or
 * receive (tracepoints or fexit). A row of `flows` holds the sums; the socket remembers its row, so that a packet
 * costs one look-up in the socket itself and a few additions. docs/ARCHITECTURE.md has the whole picture.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "traffic.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct shared shared;

const volatile __u32 flow_slots = FLOW_SLOTS; /* smaller on machines with little memory */
const volatile __u32 host_netns = 0;          /* namespace of the devices that carry device programs */
const volatile __u32 follow_splice = 0;       /* taken_without_receive() is attached: taken_seq is kept */
const volatile __u32 read_kernel = 0;         /* bpf_probe_read_kernel() is allowed, and needed before Linux 6.2 */
const volatile __u32 observe_names = 0;       /* first packets are copied for names and protocols */

#include "owner.bpf.h"
#include "wire.bpf.h"
#include "flows.bpf.h"
#include "handover.bpf.h"
#include "observe.bpf.h"
#include "count.bpf.h"
#include "dropped.bpf.h"

/* --- packets ------------------------------------------------------------------------------------------- */

SEC("cgroup_skb/ingress")
int count_ingress(struct __sk_buff *skb)
{
	count_packet(skb, false);
	return 1;
}

SEC("cgroup_skb/egress")
int count_egress(struct __sk_buff *skb)
{
	count_packet(skb, true);
	return 1;
}

/* --- payload ------------------------------------------------------------------------------------------- */

SEC("tp_btf/sock_send_length") /* Linux 6.3+ */
int BPF_PROG(send_length, struct sock *sk, int ret, int flags)
{
	return count_payload(sk, ret, true);
}

SEC("tp_btf/sock_recv_length") /* Linux 6.3+ */
int BPF_PROG(recv_length, struct sock *sk, int ret, int flags)
{
	if (flags & (MSG_PEEK | MSG_ERRQUEUE)) /* looks only; reports of what was sent */
		return 0;
	return count_payload(sk, ret, false);
}

/* Where those tracepoints are missing: the functions that all internet sockets' send and receive go through. */
SEC("fexit/inet_sendmsg")
int BPF_PROG(inet_send, struct socket *sock, struct msghdr *msg, __u64 size, int ret)
{
	return count_payload(sock->sk, ret, true);
}

SEC("fexit/inet6_sendmsg")
int BPF_PROG(inet6_send, struct socket *sock, struct msghdr *msg, __u64 size, int ret)
{
	return count_payload(sock->sk, ret, true);
}

SEC("fexit/inet_recvmsg")
int BPF_PROG(inet_receive, struct socket *sock, struct msghdr *msg, __u64 size, int flags, int ret)
{
	if (flags & (MSG_PEEK | MSG_ERRQUEUE)) /* looks only; reports of what was sent */
		return 0;
	return count_payload(sock->sk, ret, false);
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(inet6_receive, struct socket *sock, struct msghdr *msg, __u64 size, int flags, int ret)
{
	if (flags & (MSG_PEEK | MSG_ERRQUEUE)) /* looks only; reports of what was sent */
		return 0;
	return count_payload(sock->sk, ret, false);
}

/* Before Linux 6.5 sendfile and splice to a socket go through sendpage instead of sendmsg. */
SEC("fexit/inet_sendpage")
int BPF_PROG(inet_send_page, struct socket *sock, void *page, int offset, __u64 size, int flags, __s64 ret)
{
	return count_payload(sock->sk, ret, true);
}

/* splice from a TCP socket passes no receive tracepoint on any kernel. */
SEC("fexit/tcp_splice_read")
int BPF_PROG(tcp_splice, struct socket *sock, void *ppos, void *pipe, __u64 len, unsigned int flags, __s64 ret)
{
	return count_payload(sock->sk, ret, false);
}

/* Where fexit is refused: the kernel adjusts a TCP socket's window each time that a process has taken data, and what
 * it took shows in copied_seq. Receive calls pass here too and are left to their own tracepoint. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(taken_without_receive, struct sock *sk)
{
	struct socket_state *state;
	struct tcp_sock *tcp;
	__u32 taken;

	if (!takes_without_receive(bpf_get_current_task_btf()))
		return 0;
	tcp = bpf_skc_to_tcp_sock(sk);
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!tcp || !state)
		return 0;
	taken = tcp->copied_seq - state->taken_seq;
	if (state->taken_seq && taken < MAX_TAKEN)
		return count_payload(sk, taken, false);
	state->taken_seq = tcp->copied_seq; /* older than this program: its first piece is not known */
	return 0;
}

/* --- life of a socket ---------------------------------------------------------------------------------- */

SEC("cgroup/sock_create")
int own_new_socket(struct bpf_sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_state *state;

	state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state) {
		__sync_fetch_and_add(&shared.socket_overflow, 1);
		return 1;
	}
	state->self = (__u64)state;
	state->cookie = bpf_get_socket_cookie(sk);
	if (task->nsproxy)
		state->netns = task->nsproxy->net_ns->ns.inum;
	claim(state, task);
	state->unclaimed = CLAIMED;
	return 1;
}

/* Everything but TCP is done when its descriptor goes; TCP sends on and is done at TCP_CLOSE. */
SEC("cgroup/sock_release")
int release_socket(struct bpf_sock *sk)
{
	struct socket_state *state;

	if (sk->protocol == IPPROTO_TCP)
		return 1;
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (state && is_own_state(state))
		close_rows(state);
	return 1;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(change_state, struct sock *sk, int old_state, int new_state)
{
	struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	struct tcp_sock *tcp;
	struct flow *flow;

	if (follow_splice && state && new_state == TCP_ESTABLISHED)
		note_taken(sk, state);
	if (!state || !is_own_state(state))
		return 0; /* accepted a moment ago: what it holds is still the listener's */
	flow = flow_at(state->tx_slot ? state->tx_slot : state->rx_slot);
	if (flow && flow->cookie == state->cookie) {
		flow->state = new_state;
		tcp = new_state == TCP_LISTEN ? NULL : bpf_skc_to_tcp_sock(sk);
		if (tcp)
			flow->retransmits = tcp->total_retrans;
	}
	if (new_state == TCP_CLOSE)
		close_rows(state);
	return 0;
}

/* Sockets older than this program: their owner is the process that holds a descriptor. */
SEC("iter/task_file")
int own_old_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket_state *state;
	struct socket *sock;
	struct sock *sk;
	__u16 family;

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	if (!sock)
		return 0;
	sk = sock->sk;
	if (!sk)
		return 0;
	family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state)
		return 0;
	if (!is_own_state(state)) {
		state->self = (__u64)state;
		state->cookie = bpf_get_socket_cookie(sk);
		state->owner_tgid = 0;
	}
	if (sk->__sk_common.skc_state != TCP_CLOSE) {
		state->sent_seen = SEEN_ENOUGH; /* what it sends next may be anywhere in its stream */
		state->received_seen = SEEN_ENOUGH;
	}
	if (state->owner_tgid)
		return 0;
	state->netns = sk->__sk_common.skc_net.net->ns.inum;
	state->owner_start_ns = task->group_leader->start_boottime;
	state->owner_exec = task->self_exec_id;
	state->owner_tgid = task->tgid;
	return 0;
}

/* --- devices ------------------------------------------------------------------------------------------- */

/* What leaves a device without having passed count_egress: forwarded packets, AF_PACKET senders, the kernel's own
 * answers, tunnels. Attached with tcx links (Linux 6.6+), which end with this process. */
SEC("tc")
int count_device_egress(struct __sk_buff *skb)
{
	count_device(skb);
	return -1; /* TCX_NEXT */
}

/* What was counted and then dropped by a limit. */
SEC("tp_btf/kfree_skb") /* with a reason: Linux 5.17+ */
int BPF_PROG(take_dropped, struct sk_buff *skb, void *location, int reason)
{
	return take_back(skb, reason);
}
