/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Kernel types that only limits.bpf.c reads; see kernel.h. Apart from it, so that traffic.bpf.o stays what it is. */
#ifndef MONITAURI_LIMITS_KERNEL_H
#define MONITAURI_LIMITS_KERNEL_H

enum {
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LPM_TRIE = 11,
};
enum { BPF_F_CURRENT_NETNS = -1 };
enum { TC_ACT_OK = 0, TC_ACT_SHOT = 2 };
enum { SOCK_RAW = 3 };
enum { IPPROTO_FRAGMENT = 44 };
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88a8

struct bpf_sock_tuple {
	union {
		struct {
			__be32 saddr;
			__be32 daddr;
			__be16 sport;
			__be16 dport;
		} ipv4;
		struct {
			__be32 saddr[4];
			__be32 daddr[4];
			__be16 sport;
			__be16 dport;
		} ipv6;
	};
};

struct bpf_sock_addr {
	__u32 user_family;
	__u32 user_ip4;
	__u32 user_ip6[4];
	__u32 user_port;
	__u32 family;
	__u32 type;
	__u32 protocol;
	__u32 msg_src_ip4;
	__u32 msg_src_ip6[4];
	union {
		struct bpf_sock *sk;
		__u64 : 64;
	} __attribute__((aligned(8)));
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct inode___limits {
	unsigned long i_ino;
	__s64 i_size;
};

#pragma clang attribute pop

#endif
