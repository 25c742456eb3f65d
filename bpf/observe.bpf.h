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

/* What a process took of the names' lane since the last reading. Processes may share an entry: then both wait. */
struct owner_share {
	__u32 window;
	__u32 taken;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct owner_share);
} owner_shares SEC(".maps");

enum { DNS_PORT = 53, MDNS_PORT = 5353 };
/* A QUIC client's hello takes several datagrams with long headers (RFC 9000 section 17.2). */
enum { QUIC_LONG_HEADER = 0xc0, QUIC_INITIAL_BYTES = 1200, QUIC_DATAGRAMS = 4 };
/* Record type, version, length, then message type and length of a TLS Client Hello (RFC 8446 section 5.1, 4). */
enum { TLS_HANDSHAKE = 22, TLS_CLIENT_HELLO = 1, TLS_HEADER_BYTES = 9 };
/* Of a TCP connection's packets the last few numbers below SEEN_ENOUGH are for the rest of a hello. */
enum { HELLO_PACKETS = 4, HELLO_GOES_ON = SEEN_ENOUGH - HELLO_PACKETS, HELLO_LIMIT = 8192 };

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
	if (is_name_server(flow->remote_port))
		return false;
	return (tx ? flow->sent_seen : flow->received_seen) >= SEEN_ENOUGH;
}

/* False where the process has had its part: others shall have theirs. */
static __noinline bool has_share(struct flow *flow)
{
	__u32 at = (flow->owner_tgid * 2654435761U) >> 24;
	struct owner_share *share = bpf_map_lookup_elem(&owner_shares, &at);
	__u32 window = *(volatile __u32 *)&shared.observed_window;

	if (!share)
		return false;
	if (share->window != window) {
		share->window = window;
		share->taken = 0;
	}
	if (share->taken >= NAMES_PER_OWNER)
		return false;
	__sync_fetch_and_add(&share->taken, 1);
	return true;
}

static __noinline struct observed *take_observed(__u32 lane)
{
	__u32 at;
	struct observed *to;

	if (lane >= OBSERVED_LANES)
		return NULL;
	at = lane * LANE_SLOTS + (__sync_fetch_and_add(&shared.observed_head[lane], 1) & LANE_SLOT_MASK);
	to = bpf_map_lookup_elem(&observed, &at);
	if (!to || __sync_val_compare_and_swap(&to->stage, OBSERVED_FREE, OBSERVED_BEING_WRITTEN) != OBSERVED_FREE)
		return NULL;
	return to;
}

/* What to copy of a packet, and for what. */
struct excerpt {
	__u32 offset;
	__u32 bytes;
	__u32 kind;
	__u32 lane;
};

static __noinline void copy_payload(struct __sk_buff *skb, struct flow *flow, struct packet *packet,
				    struct excerpt *excerpt)
{
	__u32 bytes = excerpt->bytes;
	struct observed *to = NULL;

	if (excerpt->lane == LANE_NAMES && has_share(flow))
		to = take_observed(LANE_NAMES);
	if (!to)
		to = take_observed(LANE_OTHERS);
	if (!to) {
		__sync_fetch_and_add(&shared.observed_lost[excerpt->lane & 1], 1);
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
	to->kind = excerpt->kind;
	to->payload_bytes = bytes;
	if (bytes > OBSERVED_BYTES)
		bytes = OBSERVED_BYTES;
	to->copied_bytes = bytes;
	/* Callers have something to copy. A mask bounds it for the verifier of every kernel: comparisons do not on 6.1. */
	bytes = (bytes - 1) & (OBSERVED_BYTES - 1);
	asm volatile("" : "+r"(bytes));
	if (bpf_skb_load_bytes(skb, excerpt->offset, to->bytes, bytes + 1))
		to->copied_bytes = 0;
	/* A barrier: whoever sees the stage sees what was written before. */
	__u32 before = __sync_val_compare_and_swap(&to->stage, OBSERVED_BEING_WRITTEN, OBSERVED_READY);
	asm volatile("" : : "r"(before));
}

/* Length of the Client Hello with its headers that begins here; 0: none does. */
static __noinline __u32 hello_bytes(struct __sk_buff *skb, __u32 offset)
{
	__u8 head[TLS_HEADER_BYTES] = {};

	if (bpf_skb_load_bytes(skb, offset, head, sizeof(head)))
		return 0;
	if (head[0] != TLS_HANDSHAKE || head[1] != 3 || head[5] != TLS_CLIENT_HELLO)
		return 0;
	return TLS_HEADER_BYTES + (head[6] << 16) + (head[7] << 8) + head[8];
}

#define FOUR(a, b, c, d) ((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* A request of HTTP/1 by its method, or the preface of HTTP/2 (RFC 9110 section 9, 9113 section 3.4). */
static __noinline bool is_request(struct __sk_buff *skb, __u32 offset)
{
	__u32 start = 0;

	bpf_skb_load_bytes(skb, offset, &start, sizeof(start));
	switch (bpf_ntohl(start)) {
	case FOUR('G', 'E', 'T', ' '):
	case FOUR('P', 'O', 'S', 'T'):
	case FOUR('H', 'E', 'A', 'D'):
	case FOUR('P', 'U', 'T', ' '):
	case FOUR('D', 'E', 'L', 'E'):
	case FOUR('C', 'O', 'N', 'N'):
	case FOUR('O', 'P', 'T', 'I'):
	case FOUR('P', 'A', 'T', 'C'):
	case FOUR('P', 'R', 'O', 'P'):
	case FOUR('P', 'R', 'I', ' '):
		return true;
	}
	return false;
}

/* A hello with post-quantum keys may take two packets, where the device does not cut them itself: what is missing of it
 * is copied too. */
static __noinline void observe_tcp(struct __sk_buff *skb, struct socket_state *state, struct flow *flow,
				   struct packet *packet, bool tx)
{
	__u8 *seen = tx ? &state->sent_seen : &state->received_seen;
	struct excerpt excerpt = { .kind = tx ? OBSERVED_SENT : OBSERVED_RECEIVED, .lane = LANE_OTHERS };
	__u8 data_offset = 0;
	__u32 bytes, hello;

	if (*seen >= SEEN_ENOUGH)
		return;
	*seen += 1;
	bpf_skb_load_bytes(skb, packet->transport_offset + 12, &data_offset, 1);
	excerpt.offset = packet->transport_offset + (data_offset >> 4) * 4;
	if (skb->len <= excerpt.offset) {
		if (*seen == HELLO_GOES_ON)
			*seen = SEEN_ENOUGH; /* a direction without payload is given up after some packets */
		return;
	}
	bytes = skb->len - excerpt.offset;
	excerpt.bytes = bytes;
	if (*seen > HELLO_GOES_ON) {
		excerpt.lane = LANE_NAMES;
		if (state->hello_left <= bytes)
			*seen = SEEN_ENOUGH;
		else
			state->hello_left -= bytes;
	} else {
		*seen = SEEN_ENOUGH;
		if (tx) {
			hello = hello_bytes(skb, excerpt.offset);
			if (hello || packet->remote_port == DNS_PORT || is_request(skb, excerpt.offset))
				excerpt.lane = LANE_NAMES;
			if (hello > bytes && hello < HELLO_LIMIT && bytes <= OBSERVED_BYTES) {
				state->hello_left = hello - bytes;
				*seen = HELLO_GOES_ON;
			}
		} else if (packet->remote_port == DNS_PORT) {
			excerpt.lane = LANE_NAMES;
		}
	}
	copy_payload(skb, flow, packet, &excerpt);
}

/* Every message from a name server may hold names: those that were asked for go first. What nobody asked port 53 for
 * is a mistake or a flood, and only the start of it is looked at. */
static __always_inline bool observe_answer(struct flow *flow, struct packet *packet, struct excerpt *excerpt)
{
	excerpt->kind = OBSERVED_DNS;
	excerpt->lane = LANE_OTHERS;
	if (flow->asked) {
		flow->asked -= 1;
		excerpt->lane = LANE_NAMES;
	} else if (packet->remote_port == DNS_PORT) {
		if (flow->received_seen >= SEEN_ENOUGH)
			return false;
		flow->received_seen += 1;
	}
	return true;
}

/* A hello's datagrams may leave as one packet that the device cuts (UDP_SEGMENT, udp(7)): each is copied by itself. */
static __noinline void copy_datagrams(struct __sk_buff *skb, struct flow *flow, struct packet *packet,
				      struct excerpt *excerpt)
{
	__u32 end = skb->len, size = skb->gso_size;

	for (int i = 0; i < QUIC_DATAGRAMS; i++) {
		if (excerpt->offset >= end)
			return;
		excerpt->bytes = end - excerpt->offset;
		if (size && excerpt->bytes > size)
			excerpt->bytes = size;
		copy_payload(skb, flow, packet, excerpt);
		excerpt->offset += excerpt->bytes;
	}
}

static __noinline void observe_udp(struct __sk_buff *skb, struct flow *flow, struct packet *packet, bool tx)
{
	__u8 *seen = tx ? &flow->sent_seen : &flow->received_seen;
	struct excerpt excerpt = { .offset = packet->transport_offset + 8, .lane = LANE_OTHERS };
	bool is_answering = tx && flow->received_seen && !flow->sent_seen;
	__u8 first = 0;

	if (skb->len <= excerpt.offset)
		return;
	excerpt.bytes = skb->len - excerpt.offset;
	if (is_name_server(packet->remote_port)) {
		if (tx && packet->remote_port == DNS_PORT && flow->asked < 255)
			flow->asked += 1;
		if (!tx) {
			if (observe_answer(flow, packet, &excerpt))
				copy_payload(skb, flow, packet, &excerpt);
			return;
		}
	}
	if (*seen >= SEEN_ENOUGH)
		return;
	bpf_skb_load_bytes(skb, excerpt.offset, &first, 1);
	*seen += 1;
	excerpt.kind = tx ? OBSERVED_SENT : OBSERVED_RECEIVED;
	if (!tx || is_answering || (first & QUIC_LONG_HEADER) != QUIC_LONG_HEADER ||
	    excerpt.bytes < QUIC_INITIAL_BYTES) {
		*seen = SEEN_ENOUGH;
		if (tx && packet->remote_port == DNS_PORT)
			excerpt.lane = LANE_NAMES;
		copy_payload(skb, flow, packet, &excerpt);
		return;
	}
	if (*seen >= QUIC_DATAGRAMS)
		*seen = SEEN_ENOUGH;
	excerpt.lane = LANE_NAMES;
	copy_datagrams(skb, flow, packet, &excerpt);
}

/* Global, as all functions without `static` here: the verifier looks at it once by itself, not once more for every way
 * that leads to it, which took most of a second (kernel documentation, bpf/verifier). Pointers may be null to it. */
__noinline int observe(struct __sk_buff *skb, struct socket_state *state, struct flow *flow, struct packet *packet,
		       bool tx)
{
	if (!state || !flow || !packet || !observe_names || flow->kind != FLOW_SOCKET)
		return 0;
	if (packet->protocol == IPPROTO_TCP)
		observe_tcp(skb, state, flow, packet, tx);
	else if (packet->protocol == IPPROTO_UDP)
		observe_udp(skb, flow, packet, tx);
	return 0;
}

#endif
