// SPDX-License-Identifier: MIT OR GPL-2.0
/* Finds the class of every packet that a rule may cap or refuse, and refuses connections at once.
 *
 * A filter at each device (clsact) reads whose packet it is, leaves its class in skb->tc_index and is followed by mirred,
 * which takes it to the shaper: an IFB with HTB of our own. There limit_class() gives HTB the class. A packet that no
 * rule is about goes on untouched. Attached only while there are rules; src/limits/linux.ts is the other half.
 */
#include "kernel.h"
#include "limits-kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "limits.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct limits_shared shared;

const volatile __u32 host_netns = 0; /* namespace whose sockets rules about owners are for */

#define HEARTBEAT_LIMIT_NS 2000000000LL

#include "limits-owner.bpf.h"
#include "limits-packet.bpf.h"

/* What a filter without direct action returns (net/sched/cls_bpf.c): no match, or its action follows. */
enum { NO_MATCH = 0, MATCH = -1 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LIMITED_DEVICES);
	__type(key, __u32);
	__type(value, struct limited_device);
} devices SEC(".maps");

/* --- whose packet -------------------------------------------------------------------------------------- */

static __always_inline __u32 subject_of_socket(struct bpf_sock *sk, __u32 bytes)
{
	struct limit_socket *state = bpf_sk_storage_get(&limit_sockets, sk, 0, 0);
	struct mptcp_sock *parent;

	if (!state && sk->protocol == IPPROTO_TCP) {
		/* Subflows of MPTCP are the kernel's sockets; the process has the MPTCP socket. */
		parent = bpf_skc_to_mptcp_sock(sk);
		if (parent)
			state = bpf_sk_storage_get(&limit_sockets, parent, 0, 0);
	}
	if (state)
		return subject_of(state);
	if (sk->type != SOCK_RAW) /* with such ones the kernel answers for itself */
		__sync_fetch_and_add(&shared.unowned_bytes, bytes);
	return 0;
}

/* A tunnel's packet may still carry the socket of the packet inside it, which was classified at the tunnel's device. */
static __always_inline bool is_own_packet(struct bpf_sock *sk, struct limit_packet *packet)
{
	if (sk->type == SOCK_RAW)
		return true;
	if (sk->protocol != packet->protocol && !(sk->protocol == IPPROTO_MPTCP && packet->protocol == IPPROTO_TCP))
		return false;
	return packet->protocol != IPPROTO_UDP || packet->is_later || sk->src_port == packet->local_port;
}

static __always_inline __u32 subject_of_sent(struct __sk_buff *skb, struct limit_packet *packet)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return 0;
	sk = bpf_sk_fullsock(sk);
	if (!sk || (sk->family != AF_INET && sk->family != AF_INET6) || !is_own_packet(sk, packet))
		return 0;
	return subject_of_socket(sk, skb->len);
}

static __always_inline __u32 subject_of_received(struct __sk_buff *skb, struct limit_packet *packet)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sk;
	__u32 size, subject;

	if (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_UDP)
		return 0;
	if (packet->family == AF_INET) {
		tuple.ipv4.saddr = packet->remote[3];
		tuple.ipv4.daddr = packet->local[3];
		tuple.ipv4.sport = bpf_htons(packet->remote_port);
		tuple.ipv4.dport = bpf_htons(packet->local_port);
		size = sizeof(tuple.ipv4);
	} else {
		copy_address(tuple.ipv6.saddr, packet->remote);
		copy_address(tuple.ipv6.daddr, packet->local);
		tuple.ipv6.sport = bpf_htons(packet->remote_port);
		tuple.ipv6.dport = bpf_htons(packet->local_port);
		size = sizeof(tuple.ipv6);
	}
	if (packet->protocol == IPPROTO_TCP)
		sk = bpf_sk_lookup_tcp(skb, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	else
		sk = bpf_sk_lookup_udp(skb, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return 0;
	subject = subject_of_socket(sk, skb->len);
	bpf_sk_release(sk);
	return subject;
}

/* --- devices ------------------------------------------------------------------------------------------- */

static __always_inline int classify(struct __sk_buff *skb, bool leaves)
{
	struct limited_device *device;
	struct limit_packet packet = {};
	struct fragment_key train;
	struct class_key key = {};
	struct class_value *class;
	struct class_key *first;
	__u32 ifindex = skb->ifindex;
	bool tx, again;
	__u16 minor;

	device = bpf_map_lookup_elem(&devices, &ifindex);
	if (!device)
		return NO_MATCH;
	tx = leaves ^ (device->subject != 0); /* what leaves by the host's end arrives in the container */
	if (!read_limit_packet(skb, &packet, device->link_header_bytes, tx))
		return NO_MATCH;
	/* Within a container every port is somebody's who may be under a rule. */
	if (packet.is_essential && (!device->subject || stays_on_link(&packet)))
		return NO_MATCH;
	again = !device->is_border && skb->tc_index == (leaves ? SHAPED_OUTWARD : SHAPED_INWARD);
	if (packet.is_fragment) {
		copy_address(train.local, packet.local);
		copy_address(train.remote, packet.remote);
		train.id = packet.fragment_id;
		train.protocol_and_direction = packet.protocol << 1 | tx;
	}
	first = packet.is_later && !again ? bpf_map_lookup_elem(&fragments, &train) : NULL;
	if (first) {
		key = *first;
	} else if (again) {
		if (shared.flags & LOOK_AT_NETWORKS)
			find_network(packet.remote, &key);
		key.remote = 0;
	} else {
		if (shared.flags & LOOK_AT_NETWORKS)
			find_network(packet.remote, &key);
		if (shared.flags & LOOK_AT_PORTS)
			find_port(packet.remote_port, packet.local_port, packet.protocol, &key);
		if (device->subject)
			key.subject = device->subject;
		else if (shared.flags & LOOK_AT_OWNERS)
			key.subject = leaves ? subject_of_sent(skb, &packet) : subject_of_received(skb, &packet);
		if (packet.is_fragment && !packet.is_later)
			bpf_map_update_elem(&fragments, &train, &key, BPF_ANY);
	}
	key.device = device->device;
	class = class_for(&key);
	if (!class)
		return NO_MATCH;
	minor = tx ? class->tx_class : class->rx_class;
	if (!minor)
		return NO_MATCH;
	if (has_lapsed()) {
		__sync_fetch_and_add(&shared.lapsed_packets, 1);
		return NO_MATCH;
	}
	if (minor == CLASS_DROP)
		count_refusal(class, tx);
	skb->tc_index = leaves ? minor | CLASS_OUTWARD : minor;
	return MATCH;
}

SEC("tc")
int limit_egress(struct __sk_buff *skb)
{
	if (skb->tc_index == CLASS_DONE) {
		__u32 ifindex = skb->ifindex;
		struct limited_device *device = bpf_map_lookup_elem(&devices, &ifindex);

		skb->tc_index = device && !device->is_border ? SHAPED_OUTWARD : 0;
		return MATCH; /* the kernel skips its action once (tc_skip_classify, tcf_action_exec()) */
	}
	return classify(skb, true);
}

SEC("tc")
int limit_ingress(struct __sk_buff *skb)
{
	return classify(skb, false);
}

/* In the shaper, with direct action. */
SEC("tc")
int limit_class(struct __sk_buff *skb)
{
	__u32 minor = skb->tc_index & CLASS_DROP;

	if (minor == CLASS_DROP)
		return TC_ACT_SHOT;
	skb->tc_index = skb->tc_index & CLASS_OUTWARD ? CLASS_DONE : SHAPED_INWARD;
	skb->tc_classid = minor;
	return TC_ACT_OK;
}

/* --- refusals at the call ------------------------------------------------------------------------------ */

static __always_inline bool is_refused(struct limit_socket *state, struct limit_packet *packet, __u32 ifindex)
{
	struct class_key key = {};
	struct class_value *class;
	struct limited_device *device;

	if (!state || state->netns != host_netns)
		return false;
	if (find_network(packet->remote, &key) & NETWORK_IS_LOCAL)
		return false;
	if (shared.flags & LOOK_AT_PORTS)
		find_port(packet->remote_port, packet->local_port, packet->protocol, &key);
	device = ifindex ? bpf_map_lookup_elem(&devices, &ifindex) : NULL;
	if (device)
		key.device = device->device;
	if (shared.flags & LOOK_AT_OWNERS)
		key.subject = subject_of(state);
	class = class_for(&key);
	if (!class || class->tx_class != CLASS_DROP || has_lapsed())
		return false;
	count_refusal(class, true);
	return true;
}

static __always_inline int may_reach(struct bpf_sock_addr *ctx, bool is_ipv6)
{
	struct limit_socket *state;
	struct bpf_sock *sk = ctx->sk;
	struct limit_packet packet = {};

	if (!sk)
		return 1;
	if (is_ipv6) {
		packet.remote[0] = ctx->user_ip6[0];
		packet.remote[1] = ctx->user_ip6[1];
		packet.remote[2] = ctx->user_ip6[2];
		packet.remote[3] = ctx->user_ip6[3];
	} else {
		map_address(packet.remote, ctx->user_ip4);
	}
	packet.remote_port = bpf_ntohs(ctx->user_port);
	packet.local_port = sk->src_port;
	packet.protocol = ctx->protocol == IPPROTO_MPTCP ? IPPROTO_TCP : ctx->protocol;
	if (packet.protocol == IPPROTO_UDP && is_dhcp(packet.local_port, packet.remote_port))
		return 1;
	state = bpf_sk_storage_get(&limit_sockets, sk, 0, 0);
	return is_refused(state, &packet, sk->bound_dev_if) ? 0 : 1;
}

SEC("cgroup/connect4")
int limit_connect4(struct bpf_sock_addr *ctx)
{
	return may_reach(ctx, false);
}

SEC("cgroup/connect6")
int limit_connect6(struct bpf_sock_addr *ctx)
{
	return may_reach(ctx, true);
}

SEC("cgroup/sendmsg4")
int limit_sendmsg4(struct bpf_sock_addr *ctx)
{
	return may_reach(ctx, false);
}

SEC("cgroup/sendmsg6")
int limit_sendmsg6(struct bpf_sock_addr *ctx)
{
	return may_reach(ctx, true);
}

/* What was connected before the rule: its next send fails too. */
SEC("cgroup_skb/egress")
int limit_sent(struct __sk_buff *skb)
{
	struct limit_packet packet = {};
	struct limit_socket *state;
	struct bpf_sock *sk = skb->sk;

	if (!sk || skb->ifindex == 1) /* loopback, in every namespace */
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk || !read_limit_packet(skb, &packet, 0, true) || packet.is_essential)
		return 1;
	state = bpf_sk_storage_get(&limit_sockets, sk, 0, 0);
	return is_refused(state, &packet, skb->ifindex) ? 0 : 1;
}
