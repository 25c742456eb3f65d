/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What a limit drops after it was counted: a packet counts where it meets its socket, before the shaper. Dropped there, it
 * is taken back from its row, so that rows hold what passed; one that was received becomes a row of its own. */
#ifndef MONITAURI_DROPPED_BPF_H
#define MONITAURI_DROPPED_BPF_H

extern void *bpf_rdonly_cast(void *obj, __u32 btf_id) __ksym __weak; /* Linux 6.2+ */

#define SEEN_AS(type, skb, at) \
	((struct type *)bpf_rdonly_cast((void *)((__u64)(skb)->head + (at)), bpf_core_type_id_kernel(struct type)))
/* How the names of limits' devices begin, src/native/shaper-names.ts: "monitaur" */
#define SHAPER_NAME 0x72756174696e6f6dULL
/* Words of __sk_buff.cb begin here in skb->cb (include/net/sch_generic.h); constant, for the verifier. */
#define CB_WORDS 8
#define CB_WORD(skb, word) (*(__u32 *)&(skb)->cb[CB_WORDS + (word) * 4])

/* Segments of an offloaded packet repeat its headers: as repeat_headers(). */
static __always_inline void add_dropped_segments(struct sk_buff *skb, struct packet *packet)
{
	struct skb_shared_info *shared_info = SEEN_AS(skb_shared_info, skb, skb->end);
	__u32 size = shared_info->gso_size, segments = shared_info->gso_segs, headers;

	if (!size)
		return;
	headers = (__u16)(skb->transport_header - skb->network_header);
	if (shared_info->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) {
		struct tcphdr *tcp = SEEN_AS(tcphdr, skb, skb->transport_header);

		headers += BPF_CORE_READ_BITFIELD(tcp, doff) * 4;
	} else {
		headers += 8;
	}
	if (!segments && packet->device_bytes > headers)
		segments = (packet->device_bytes - headers + size - 1) / size;
	if (segments > 1) {
		packet->segment_packets = segments - 1;
		packet->segment_bytes = (segments - 1) * headers;
	}
}

/* A datagram is counted whole, with what its fragments will add: as add_fragments(). True: a later fragment. */
static __always_inline bool is_later_fragment(struct sk_buff *skb)
{
	struct iphdr *ip = SEEN_AS(iphdr, skb, skb->network_header);

	return BPF_CORE_READ_BITFIELD(ip, version) == 4 && ip->frag_off & bpf_htons(0x1fff);
}

static __always_inline void take_from_row(struct flow *flow, struct packet *packet, bool is_later)
{
	const __u32 header = sizeof(struct ipv4_header);

	if (is_later && packet->device_bytes > header) {
		packet->device_bytes -= header;
		packet->segment_bytes = header;
		packet->segment_packets = 1;
	} else {
		__sync_fetch_and_sub(&flow->tx.device_packets, 1);
	}
	__sync_fetch_and_sub(&flow->tx.device_bytes, packet->device_bytes);
	__sync_fetch_and_sub(&flow->tx.segment_bytes, packet->segment_bytes);
	__sync_fetch_and_sub(&flow->tx.segment_packets, packet->segment_packets);
	mark_dirty(flow);
}

/* Refused to a socket, by a rule that blocks: limit_sent() of limits.bpf.c, or another program at the cgroup. */
static __always_inline int take_refused(struct sk_buff *skb)
{
	struct packet packet = { .device_bytes = skb->len };
	struct sock *sk = skb->sk;
	struct socket_state *state;
	struct flow *flow;

	if (!sk)
		return 0;
	state = bpf_sk_storage_get(&sockets, sk, 0, 0);
	flow = state ? flow_at(state->tx_slot) : NULL;
	if (!flow || flow->cookie != state->cookie)
		return 0;
	add_dropped_segments(skb, &packet);
	take_from_row(flow, &packet, false);
	return 0;
}

static __always_inline int take_back(struct sk_buff *skb, int reason)
{
	struct net_device *device = skb->dev;
	struct packet packet = {};
	__u32 link_bytes;
	struct flow *flow;

	if (bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_BPF_CGROUP_EGRESS) &&
	    reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_BPF_CGROUP_EGRESS))
		return take_refused(skb);
	if (!device || *(__u64 *)&device->name != SHAPER_NAME || device->nd_net.net->ns.inum != host_netns)
		return 0;
	link_bytes = (__u16)(skb->network_header - skb->mac_header);
	packet.device_bytes = skb->len > link_bytes ? skb->len - link_bytes : skb->len;
	add_dropped_segments(skb, &packet);
	if (BPF_CORE_READ_BITFIELD(skb, from_ingress)) {
		add_to_remainder(&packet, skb->skb_iif, FLOW_LIMITED, false);
		return 0;
	}
	flow = flow_at(CB_WORD(skb, NOTED_SLOT) & FLOW_SLOT_MASK);
	if (flow && fold_cookie(flow->cookie) == CB_WORD(skb, NOTED_COOKIE))
		take_from_row(flow, &packet, is_later_fragment(skb));
	return 0;
}

#endif
