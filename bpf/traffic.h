/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The wire format between traffic.bpf.c and src/collector/linux: what both sides read and write.
 *
 * Fixed-width fields, padding spelled out, sizes asserted. All integers are in host byte order unless a
 * name ends in _be. Counters grow, also when a slot passes from one flow to the next: user space keeps the last value
 * of every slot and takes differences, so nothing is lost or counted twice by reuse. Only what a limit dropped after it
 * was counted is taken back; a value below the last one adds nothing until it has grown past it.
 */
#ifndef MONITAURI_TRAFFIC_H
#define MONITAURI_TRAFFIC_H

/* Slots in `flows`; a power of two. Slot 0 is never given out and means "none". */
#define FLOW_SLOTS 131072
#define FLOW_SLOT_MASK (FLOW_SLOTS - 1)

/* Peers of one unconnected socket told apart within one peer window (see shared.peer_window); the rest share
 * the socket's row. A name server asked from random addresses must not take every slot. */
#define PEERS_PER_SOCKET 4096

#define PROCESS_LIMIT 16384

/* First packets that wait to be read, in two lanes of a power of two each: what names the other end, and the rest, so
 * that a flood of connections from outside takes no name away. Further ones are counted as lost until user space has
 * read. One process gets a part of the first lane between two readings, then room in the second. */
#define OBSERVED_LANES 2
#define LANE_SLOTS 1024
#define LANE_SLOT_MASK (LANE_SLOTS - 1)
#define OBSERVED_SLOTS (OBSERVED_LANES * LANE_SLOTS)
#define NAMES_PER_OWNER 256
#define OBSERVED_BYTES 2048
#define EXEC_PATH_BYTES 256
#define ARGUMENT_BYTES 1024

/* Traffic in one direction, seen from this host; one cache line, so that receive and send never share one. */
struct direction_counters {
	__u64 device_bytes;    /* IP bytes as the stack hands them over: an offloaded packet once */
	__u64 device_packets;
	__u64 segment_bytes;   /* what segmentation and fragmentation add to device_bytes on the wire */
	__u64 segment_packets;
	__u64 payload_bytes;   /* what the owner passed to send or got from receive */
	__u64 reserved;
	__u64 copy_bytes;      /* part of device_bytes: further copies of one packet (multicast, raw sockets) */
	__u64 copy_packets;
};
_Static_assert(sizeof(struct direction_counters) == 64, "one cache line");

/* What a row stands for. */
enum flow_kind {
	FLOW_SOCKET = 0,       /* a socket and its owner */
	FLOW_FORWARDED = 1,    /* passed on for others */
	FLOW_KERNEL = 2,       /* sent by the kernel itself: ARP, resets, TIME-WAIT */
	FLOW_CARRIED = 3,      /* packets counted at their socket on another interface: outer packets of tunnels, lower devices */
	FLOW_LINK = 4,         /* AF_PACKET sender: has an owner but no addresses */
	FLOW_LIMITED = 5,      /* received by the interface and dropped by a limit, before any socket */
};

/* One row: a socket, its owner, an interface and, for unconnected sockets, one peer. */
struct flow {
	struct direction_counters rx;
	struct direction_counters tx;

	__u64 cookie;          /* bpf_get_socket_cookie(); 0: the slot is free or being retired */
	__u64 owner_start_ns;  /* start of the owning process, boot clock; 0 with owner_tgid 0 */
	__u32 owner_tgid;      /* 0: the kernel or not known */
	__u32 owner_exec;      /* task_struct.self_exec_id: exec makes another program of the same process */
	__u32 local[4];        /* network order; IPv4 as ::ffff:a.b.c.d */
	__u32 remote[4];
	__u16 local_port;
	__u16 remote_port;     /* 0: no single peer */
	__u32 ifindex;         /* 0: payload of an unconnected socket, which crosses no one interface */
	__u32 netns;           /* inode number of the network namespace; 0: not known */
	__u32 serial;          /* +1 whenever the slot is given to a flow or its owner is corrected */
	__u64 opened_ns;       /* boot clock */
	__u32 rtt_us;          /* TCP smoothed round-trip time (RFC 6298); 0: none yet */
	__u32 retransmits;     /* TCP segments sent again since the connection opened */
	__u16 protocol;        /* IPPROTO_* of the packets; 0 for FLOW_LINK */
	__u8 state;            /* TCP_* of include/net/tcp_states.h, kept for other protocols as the kernel sets it */
	__u8 kind;             /* enum flow_kind */
	__u8 closed;           /* the socket is gone: read once more, then retire */
	__u8 indexed;          /* has an entry in flow_index, to be deleted with the slot */
	__u8 unclaimed;        /* owner inherited from the listener, nobody has called send or receive yet */
	__u8 sent_seen;        /* datagrams of this row that were looked at for names, up to SEEN_ENOUGH */
	__u32 slot;            /* index of this row in `flows` */
	__u8 received_seen;
	__u8 asked;            /* queries to a name server that have no answer yet */
	__u8 pad[2];
	__u32 reserved[6];
};
_Static_assert(sizeof(struct flow) == 256, "layout shared with src/collector/linux/layout.ts");

/* Finds a row again when a socket has more than one. */
struct flow_key {
	__u64 cookie;
	__u32 owner_tgid;
	__u32 owner_exec;
	__u32 ifindex;
	__u16 remote_port;
	__u16 kind;
	__u32 remote[4];
};
_Static_assert(sizeof(struct flow_key) == 40, "no holes: used as a hash key");

struct process_key {
	__u64 start_ns;
	__u32 tgid;
	__u32 exec;
};
_Static_assert(sizeof(struct process_key) == 16, "no holes: used as a hash key");

/* What a process says of itself, read from its own memory when it first uses the network: the arguments and
 * the path are as trustworthy as the process. exe_inode and the numbers are the kernel's. */
struct process {
	__u64 exe_inode;
	__u64 cgroup_id;
	__u64 parent_start_ns;
	__u32 parent_tgid;
	__u32 uid;
	__u32 netns;
	__u32 argument_bytes;      /* length of the arguments, also when longer than ARGUMENT_BYTES */
	__u32 kernel_thread;
	__u32 ready;               /* set last */
	__u8 name[16];
	__u8 exec_path[EXEC_PATH_BYTES];
	__u8 arguments[ARGUMENT_BYTES];
};
_Static_assert(sizeof(struct process) == 1344, "layout shared with src/collector/linux/layout.ts");

enum observed_kind {
	OBSERVED_SENT = 0,     /* the first payload that a flow sent */
	OBSERVED_RECEIVED = 1,
	OBSERVED_DNS = 2,      /* a datagram from a name server's port */
};

/* Where a struct observed waits. */
enum observed_lane {
	LANE_NAMES = 0,        /* hellos and requests that this machine sent, answers that it asked for */
	LANE_OTHERS = 1,       /* what else tells the protocol; names that found no room in their lane */
};

/* Where a struct observed is on its way. */
enum observed_stage {
	OBSERVED_FREE = 0,     /* user space has read it */
	OBSERVED_BEING_WRITTEN = 1,
	OBSERVED_READY = 2,
};

/* The beginning of a packet that tells what is spoken and with whom. */
struct observed {
	__u32 stage;           /* enum observed_stage */
	__u32 slot;            /* row of `flows` */
	__u64 cookie;          /* the row's, to tell whether the slot has passed on */
	__u64 at_ns;           /* boot clock */
	__u32 local[4];
	__u32 remote[4];
	__u16 local_port;
	__u16 remote_port;
	__u8 protocol;
	__u8 kind;             /* enum observed_kind */
	__u16 copied_bytes;    /* of payload_bytes */
	__u32 payload_bytes;   /* behind the transport header */
	__u32 pad;
	__u8 bytes[OBSERVED_BYTES];
};
_Static_assert(sizeof(struct observed) == 72 + OBSERVED_BYTES, "layout shared with src/collector/linux/layout.ts");

/* Memory that both sides map: user space reads sums and gives slots back without a system call. */
struct shared {
	struct direction_counters overflow_rx;  /* bytes that found no free slot */
	struct direction_counters overflow_tx;
	__u64 process_overflow;                 /* processes that found no room in `processes` */
	__u64 socket_overflow;                  /* sockets for which no storage could be had */
	__u32 fresh;           /* slots below this were given out at least once; kernel writes */
	__u32 free_head;       /* slots returned so far, modulo 2^32; user space writes */
	__u32 free_tail;       /* slots taken again so far; kernel writes */
	__u32 peer_window;     /* user space advances it when it retires idle peers */
	__u32 trust_current;   /* 1: the running task is the sender (0 while packets are queued to user space) */
	__u32 observed_head[OBSERVED_LANES]; /* slots of the lane taken so far, modulo 2^32 */
	__u32 observed_lost[OBSERVED_LANES]; /* first packets that found no slot, by the lane that they belong to */
	__u32 observed_window; /* user space advances it with each reading */
	__u32 pad[18];
	__u8 dirty[FLOW_SLOTS];          /* 1: the slot changed since user space cleared the byte */
	__u32 free_ring[FLOW_SLOTS];
};
_Static_assert(sizeof(struct shared) == 256 + FLOW_SLOTS * 5, "layout shared with src/collector/linux/layout.ts");

#endif
