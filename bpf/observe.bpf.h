/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Copies the few packets that tell names and protocols: the first payload of a flow each way, and what name servers
 * answer. Nothing else leaves the kernel. */
#ifndef MONITAURI_OBSERVE_BPF_H
#define MONITAURI_OBSERVE_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OBSERVED_SLOTS);
	__type(key, __u32);
	__type(value, struct observed);
} observed SEC(".maps");

enum { DNS_PORT = 53, MDNS_PORT = 5353 };
/* A QUIC client's hello takes several datagrams with long headers (RFC 9000 section 17.2). */
enum { QUIC_LONG_HEADER = 0xc0, QUIC_INITIAL_BYTES = 1200, QUIC_DATAGRAMS = 4 };

static __always_inline bool is_name_server(__u16 port)
{
	return port == DNS_PORT || port == MDNS_PORT;
}

/* True where nothing of the next packet is of interest: nearly always. */
static __always_inline bool is_observed(struct socket_state *state, struct flow *flow, bool tx)
{
	if (!observe_names)
		return true;
	if (flow->protocol == IPPROTO_TCP)
		return (tx ? state->sent_seen : state->received_seen) >= SEEN_ENOUGH;
	if (!tx && is_name_server(flow->remote_port))
		return false;
	return (tx ? flow->sent_seen : flow->received_seen) >= SEEN_ENOUGH;
}

static __noinline void copy_payload(struct __sk_buff *skb, struct flow *flow, struct packet *packet, __u32 offset,
				    __u32 kind)
{
	__u32 at = __sync_fetch_and_add(&shared.observed_head, 1) & OBSERVED_SLOT_MASK;
	struct observed *to = bpf_map_lookup_elem(&observed, &at);
	__u32 bytes = skb->len - offset;

	if (!to || __sync_val_compare_and_swap(&to->stage, OBSERVED_FREE, OBSERVED_BEING_WRITTEN) != OBSERVED_FREE) {
		__sync_fetch_and_add(&shared.observed_lost, 1);
		return;
	}
	to->slot = flow->slot;
	to->cookie = flow->cookie;
	to->at_ns = bpf_ktime_get_boot_ns();
	copy_address(to->local, packet->local);
	copy_address(to->remote, packet->remote);
	to->local_port = packet->local_port;
	to->remote_port = packet->remote_port;
	to->protocol = packet->protocol;
	to->kind = kind;
	to->payload_bytes = bytes;
	if (bytes > OBSERVED_BYTES)
		bytes = OBSERVED_BYTES;
	to->copied_bytes = bytes;
	if (!bytes || bytes > OBSERVED_BYTES || bpf_skb_load_bytes(skb, offset, to->bytes, bytes))
		to->copied_bytes = 0;
	/* A barrier: whoever sees the stage sees what was written before. */
	__u32 before = __sync_val_compare_and_swap(&to->stage, OBSERVED_BEING_WRITTEN, OBSERVED_READY);
	asm volatile("" : : "r"(before));
}

static __noinline void observe_tcp(struct __sk_buff *skb, struct socket_state *state, struct flow *flow,
				   struct packet *packet, bool tx)
{
	__u8 *seen = tx ? &state->sent_seen : &state->received_seen;
	__u8 data_offset = 0;
	__u32 offset;

	if (*seen >= SEEN_ENOUGH)
		return;
	*seen += 1; /* a direction without payload is given up after some packets */
	bpf_skb_load_bytes(skb, packet->transport_offset + 12, &data_offset, 1);
	offset = packet->transport_offset + (data_offset >> 4) * 4;
	if (skb->len <= offset)
		return;
	*seen = SEEN_ENOUGH;
	copy_payload(skb, flow, packet, offset, tx ? OBSERVED_SENT : OBSERVED_RECEIVED);
}

static __noinline void observe_udp(struct __sk_buff *skb, struct flow *flow, struct packet *packet, bool tx)
{
	__u8 *seen = tx ? &flow->sent_seen : &flow->received_seen;
	__u32 offset = packet->transport_offset + 8;
	__u8 first = 0;

	if (skb->len <= offset)
		return;
	if (!tx && is_name_server(packet->remote_port)) {
		copy_payload(skb, flow, packet, offset, OBSERVED_DNS);
		return;
	}
	if (*seen >= SEEN_ENOUGH)
		return;
	bpf_skb_load_bytes(skb, offset, &first, 1);
	*seen += 1;
	if ((first & QUIC_LONG_HEADER) != QUIC_LONG_HEADER || skb->len < offset + QUIC_INITIAL_BYTES ||
	    *seen >= QUIC_DATAGRAMS)
		*seen = SEEN_ENOUGH;
	copy_payload(skb, flow, packet, offset, tx ? OBSERVED_SENT : OBSERVED_RECEIVED);
}

static __always_inline void observe(struct __sk_buff *skb, struct socket_state *state, struct flow *flow,
				    struct packet *packet, bool tx)
{
	if (!observe_names || flow->kind != FLOW_SOCKET)
		return;
	if (packet->protocol == IPPROTO_TCP)
		observe_tcp(skb, state, flow, packet, tx);
	else if (packet->protocol == IPPROTO_UDP)
		observe_udp(skb, flow, packet, tx);
}

#endif
