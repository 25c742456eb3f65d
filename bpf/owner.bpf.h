/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Whose socket it is: the per-socket state, who owns it, and what is known of that process. */
#ifndef MONITAURI_OWNER_BPF_H
#define MONITAURI_OWNER_BPF_H

/* socket_state.unclaimed */
enum {
	CLAIMED = 0,
	INHERITED = 1, /* accepted, and nobody has called send or receive yet: the listener's owner for now */
	SUBFLOW = 2,   /* a subflow of MPTCP: belongs to whoever owns the MPTCP socket */
};

/* Of a counter of packets that were looked at: no more of them are. */
enum { SEEN_ENOUGH = 32 };

/* Kept with each socket; a connection accepted from a listener starts with a copy of the listener's. */
struct socket_state {
	__u64 self;            /* address of this state: differs in a copy, which is how an accepted socket is known */
	__u64 cookie;          /* bpf_get_socket_cookie() */
	__u64 owner_start_ns;
	__u32 owner_tgid;
	__u32 owner_exec;
	__u32 rx_slot;         /* the rows used last: a hint, checked at each use */
	__u32 tx_slot;
	__u32 payload_slot;
	__u32 netns;
	__u32 rows;            /* rows made so far */
	__u32 peer_window;
	__u32 peers;           /* peers told apart in this window */
	__u32 unclaimed;
	__u32 parent_unclaimed; /* a subflow whose MPTCP socket nobody has called yet */
	__u8 sent_seen;        /* TCP: packets looked at for the first payload, SEEN_ENOUGH once it was found */
	__u8 received_seen;
	__u16 hello_left;      /* bytes of a TLS Client Hello that the packets sent so far did not have room for */
	__u32 written_seq;     /* TCP sequence number up to which the owner has written; 0: nothing yet */
	__u32 former_slot;     /* row of the owner before, while something that it had written is under way; 0: none */
	__u32 handover_seq;    /* what comes before it is the former owner's */
	__u32 taken_seq;       /* TCP sequence number up to which received data is accounted for */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct socket_state);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PROCESS_LIMIT);
	__type(key, struct process_key);
	__type(value, struct process);
} processes SEC(".maps");

static const struct process empty_process;

/* Reads what the running process says of itself, once per process and exec. The kernel puts the file name given
 * to execve just above the environment strings (fs/exec.c, bprm_execve copies it first). */
static __noinline int learn_process(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct process_key key = {
		.start_ns = leader->start_boottime,
		.tgid = task->tgid,
		.exec = task->self_exec_id,
	};
	struct process *process;
	struct mm_struct *mm;
	__u64 start, length;

	if (bpf_map_lookup_elem(&processes, &key))
		return 0;
	if (bpf_map_update_elem(&processes, &key, &empty_process, BPF_NOEXIST)) {
		if (!bpf_map_lookup_elem(&processes, &key))
			__sync_fetch_and_add(&shared.process_overflow, 1);
		return 0;
	}
	process = bpf_map_lookup_elem(&processes, &key);
	if (!process)
		return 0;
#pragma unroll
	for (int i = 0; i < 16; i++)
		process->name[i] = leader->comm[i];
	process->uid = task->real_cred->uid.val;
	process->parent_tgid = leader->real_parent->tgid;
	process->parent_start_ns = leader->real_parent->group_leader->start_boottime;
	process->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	if (task->nsproxy)
		process->netns = task->nsproxy->net_ns->ns.inum;
	mm = task->mm;
	if (!mm) {
		process->kernel_thread = 1;
	} else {
		if (mm->exe_file)
			process->exe_inode = mm->exe_file->f_inode->i_ino;
		start = mm->arg_start;
		length = mm->arg_end - start;
		process->argument_bytes = length;
		if (length > ARGUMENT_BYTES)
			length = ARGUMENT_BYTES;
		if (length && bpf_probe_read_user(process->arguments, length & (2 * ARGUMENT_BYTES - 1), (void *)start))
			process->argument_bytes = 0;
		bpf_probe_read_user_str(process->exec_path, EXEC_PATH_BYTES, (void *)mm->env_end);
	}
	barrier();
	process->ready = 1;
	return 0;
}

/* False right after accept: the state is a copy of the listener's. */
static __always_inline bool is_own_state(struct socket_state *state)
{
	return state->self == (__u64)state;
}

static __always_inline bool is_owner(struct socket_state *state, struct task_struct *task)
{
	return state->owner_tgid == task->tgid && state->owner_exec == task->self_exec_id &&
	       state->unclaimed == CLAIMED;
}

/* Makes a process the owner. Kernel threads work for others and never take a socket over. */
static __noinline bool claim(struct socket_state *state, struct task_struct *task)
{
	if (task->flags & PF_KTHREAD)
		return false;
	learn_process(task);
	state->owner_start_ns = task->group_leader->start_boottime;
	state->owner_tgid = task->tgid;
	state->owner_exec = task->self_exec_id;
	return true;
}

#endif
