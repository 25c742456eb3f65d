/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What limits.bpf.c and src/limits share: the layout of maps. Fixed-width fields, padding spelled out, sizes asserted.
 * Integers are in host byte order unless a name ends in _be. */
#ifndef MONITAURI_LIMITS_H
#define MONITAURI_LIMITS_H

/* Processes under a rule; further ones are found by their executable, cgroup and user only. */
#define LIMITED_PROCESSES 16384
#define LIMITED_EXECUTABLES 4096
#define LIMITED_CGROUPS 4096
#define LIMITED_USERS 1024
#define LIMITED_DEVICES 1024
#define LIMITED_NETWORKS 8192
#define LIMITED_PORTS 4096
#define LIMIT_KEYS 65536
/* Combinations of rules that were met and have no class yet. */
#define WANTED_CLASSES 4096
/* Rules of one set; slot 0 is none. */
#define RULE_SLOTS 4096
/* Later fragments have no ports: they go the way of the first. */
#define FRAGMENT_TRAINS 4096

/* struct limits_shared.flags: which look-ups are needed at all. */
enum {
	LOOK_AT_OWNERS = 1,
	LOOK_AT_NETWORKS = 2,
	LOOK_AT_PORTS = 4,
	LOOK_AT_CGROUPS = 8,
	LOOK_AT_USERS = 16,
};

/* Memory that both sides map. */
struct limits_shared {
	__u64 heartbeat_ns;    /* CLOCK_MONOTONIC, written by the daemon; older than HEARTBEAT_LIMIT_NS: nothing is enforced */
	__u32 generation;      /* +1 whenever a process, executable, cgroup or user changed */
	__u32 flags;
	__u64 lapsed_packets;  /* passed because the heartbeat was too old */
	__u64 unclassed_packets; /* met a combination that has no class yet */
	__u64 process_overflow;  /* children that found no room in `processes` */
	__u64 unowned_bytes;     /* of TCP and UDP sockets that no process is known of: rules about owners miss them */
	__u64 reserved[2];
};
_Static_assert(sizeof(struct limits_shared) == 64, "layout shared with src/limits/layout.ts");

/* Owner's side of a classification. subject 0: no rule. */
struct limited_process {
	__u64 start_ticks;     /* of the thread group's leader: hundredths of a second since boot, as in /proc/PID/stat */
	__u32 subject;
	__u32 origin;          /* serial of the process or application rule that it inherited or matches; 0: none */
};
_Static_assert(sizeof(struct limited_process) == 16, "layout shared with src/limits/layout.ts");

/* Of this program's own processes: no rule about owners fits them. */
#define ORIGIN_EXEMPT 0xffffffff

struct executable_key {
	__u64 inode;
	__u64 bytes;           /* its size: inode numbers repeat across file systems */
};
_Static_assert(sizeof(struct executable_key) == 16, "no holes: used as a hash key");

struct limited_executable {
	__u32 subject;
	__u32 origin;
};

struct limited_device {
	__u16 device;          /* place of the interface in class_key */
	__u8 link_header_bytes;
	__u8 is_border;        /* a tunnel or a container: what goes on below or above it is another packet, or another's */
	__u32 subject;         /* of a container's host end: rx and tx are the container's; 0: look at the socket */
};
_Static_assert(sizeof(struct limited_device) == 8, "layout shared with src/limits/layout.ts");

struct network_key {
	__u32 prefix_bits;
	__u32 address[4];      /* network order; IPv4 as ::ffff:a.b.c.d */
};
_Static_assert(sizeof(struct network_key) == 20, "no holes: used as a trie key");

enum {
	NETWORK_IS_LAN = 1,
	NETWORK_IS_LOCAL = 2,  /* this machine itself */
};

struct limited_network {
	__u16 remote;
	__u16 flags;
};

struct port_key {
	__u16 port;
	__u16 protocol;
};

/* What a packet is, as far as rules ask. 0: no rule asks, or none fits. */
struct class_key {
	__u32 subject;
	__u16 device;
	__u16 remote;
	__u16 port;
	__u16 lan;
};
_Static_assert(sizeof(struct class_key) == 12, "no holes: used as a hash key");

/* In skb->tc_index from the device to the shaper: the class, and whether the packet was on its way out. */
#define CLASS_DROP 0x7fff
#define CLASS_OUTWARD 0x8000
/* A packet that was shaped on its way out and meets the device's filter again. */
#define CLASS_DONE 0xffff
/* One that was shaped at another device of the same stack (a VLAN and what carries it): only rules about devices are left. */
#define SHAPED_OUTWARD 0xfffe
#define SHAPED_INWARD 0x7ffe

struct class_value {
	__u16 rx_class;        /* minor number of the HTB class, below SHAPED_INWARD; 0: not limited; CLASS_DROP: refused */
	__u16 tx_class;
	__u16 rule;            /* slot in `refusals` of the rule that refuses; 0: none does */
	__u16 reserved;
};
_Static_assert(sizeof(struct class_value) == 8, "layout shared with src/limits/layout.ts");

struct refusals {
	__u64 rx_packets;
	__u64 tx_packets;      /* and refused calls of connect and send */
};
_Static_assert(sizeof(struct refusals) == 16, "layout shared with src/limits/layout.ts");

#endif
