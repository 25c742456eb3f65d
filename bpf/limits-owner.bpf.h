/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Whose socket it is, as far as limits need to know, and which rules its owner is under ("subject"). */
#ifndef MONITAURI_LIMITS_OWNER_BPF_H
#define MONITAURI_LIMITS_OWNER_BPF_H

/* Depth of cgroups that a unit or container is looked for in: Kubernetes and user units need five. */
#define CGROUP_LEVELS 6

/* A connection accepted from a listener starts with a copy of the listener's. */
struct limit_socket {
	__u64 start_ticks;
	__u64 cgroups[CGROUP_LEVELS]; /* of its creator, from the top; 0: not known */
	__u32 tgid;
	__u32 uid;
	__u32 netns;
	__u32 generation;      /* of `subject`; 0: none yet */
	__u32 subject;
	__u32 of_process;      /* subject comes from `processes`, and outlives the process: what it sent may still leave */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct limit_socket);
} limit_sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LIMITED_PROCESSES);
	__type(key, __u32);
	__type(value, struct limited_process);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LIMITED_EXECUTABLES);
	__type(key, struct executable_key);
	__type(value, struct limited_executable);
} executables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LIMITED_CGROUPS);
	__type(key, __u64);
	__type(value, __u32); /* subject */
} cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LIMITED_USERS);
	__type(key, __u32);
	__type(value, __u32); /* subject */
} users SEC(".maps");

/* Of the process: what /proc tells, so that user space can name it. USER_HZ is 100 on every CPU that is supported. */
static __always_inline __u64 start_ticks(struct task_struct *task)
{
	return task->group_leader->start_boottime / 10000000;
}

/* The running process becomes the owner. */
static __always_inline void set_owner(struct limit_socket *state, struct task_struct *task)
{
	state->start_ticks = start_ticks(task);
	state->uid = task->real_cred->uid.val;
	if (task->nsproxy)
		state->netns = task->nsproxy->net_ns->ns.inum;
	for (int level = 0; level < CGROUP_LEVELS; level++)
		state->cgroups[level] = shared.flags & LOOK_AT_CGROUPS ? bpf_get_current_ancestor_cgroup_id(level + 1) : 0;
	state->of_process = 0;
	state->subject = 0;
	state->tgid = task->tgid;
	state->generation = 0;
}

static __noinline __u32 subject_without_process(struct limit_socket *state)
{
	__u32 *found, subject = 0, uid = state->uid;
	__u64 cgroup;

	if (shared.flags & LOOK_AT_CGROUPS) {
		for (int level = 0; level < CGROUP_LEVELS; level++) {
			cgroup = state->cgroups[level];
			if (!cgroup)
				break;
			found = bpf_map_lookup_elem(&cgroups, &cgroup);
			if (found)
				subject = *found; /* the deepest */
		}
	}
	if (!subject && shared.flags & LOOK_AT_USERS) {
		found = bpf_map_lookup_elem(&users, &uid);
		if (found)
			subject = *found;
	}
	return subject;
}

/* Looked up once a socket until something about owners changes. */
static __noinline __u32 subject_of(struct limit_socket *state)
{
	__u32 generation = *(volatile __u32 *)&shared.generation, tgid = state->tgid;
	struct limited_process *process;

	if (state->generation == generation)
		return state->subject;
	process = bpf_map_lookup_elem(&processes, &tgid);
	if (process && process->start_ticks == state->start_ticks) {
		state->subject = process->subject;
		state->of_process = 1;
	} else if (!state->of_process) {
		state->subject = subject_without_process(state);
	}
	state->generation = generation;
	return state->subject;
}

static __always_inline int note_caller(struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct limit_socket *state;
	__u16 family;

	if (!sk || task->flags & PF_KTHREAD)
		return 0;
	family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	state = bpf_sk_storage_get(&limit_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (state && (state->tgid != task->tgid || state->start_ticks != start_ticks(task)))
		set_owner(state, task);
	return 0;
}

SEC("cgroup/sock_create")
int limit_own_new(struct bpf_sock *sk)
{
	struct limit_socket *state = bpf_sk_storage_get(&limit_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (state)
		set_owner(state, bpf_get_current_task_btf());
	return 1;
}

/* A socket that passed to another process (Linux 6.3+). */
SEC("tp_btf/sock_send_length")
int BPF_PROG(limit_own_sent, struct sock *sk, int ret, int flags)
{
	return note_caller(sk);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(limit_own_received, struct sock *sk, int ret, int flags)
{
	return note_caller(sk);
}

/* Sockets older than this program: a process that holds a descriptor. */
SEC("iter/task_file")
int limit_own_old(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct limit_socket *state;
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
	state = bpf_sk_storage_get(&limit_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state || state->tgid)
		return 0;
	state->start_ticks = start_ticks(task);
	state->uid = task->real_cred->uid.val;
	state->netns = sk->__sk_common.skc_net.net->ns.inum;
	state->generation = 0;
	state->tgid = task->tgid;
	return 0;
}

/* Children are under their parent's rules from their first instruction. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(limit_child, struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_tgid = parent->tgid, child_tgid = child->tgid;
	struct limited_process *process, inherited = {};

	if (child->pid != child->tgid)
		return 0; /* a thread */
	process = bpf_map_lookup_elem(&processes, &parent_tgid);
	if (!process || process->start_ticks != start_ticks(parent))
		return 0;
	if (!process->subject && process->origin != ORIGIN_EXEMPT)
		return 0; /* it was under a rule once: nothing to inherit */
	inherited.start_ticks = start_ticks(child);
	inherited.subject = process->subject;
	inherited.origin = process->origin;
	if (bpf_map_update_elem(&processes, &child_tgid, &inherited, BPF_ANY))
		__sync_fetch_and_add(&shared.process_overflow, 1);
	return 0;
}

/* A program that a rule names is under it from its first packet. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(limit_program, struct task_struct *task)
{
	struct limited_process process = {};
	struct limited_executable *found;
	struct executable_key key = {};
	struct limited_process *entry;
	struct inode___limits *inode;
	struct mm_struct *mm = task->mm;
	__u32 tgid = task->tgid;

	if (!mm || !mm->exe_file)
		return 0;
	inode = (struct inode___limits *)mm->exe_file->f_inode;
	key.inode = inode->i_ino;
	key.bytes = inode->i_size;
	found = bpf_map_lookup_elem(&executables, &key);
	if (!found)
		return 0;
	entry = bpf_map_lookup_elem(&processes, &tgid);
	if (entry && entry->origin == ORIGIN_EXEMPT)
		return 0;
	process.start_ticks = start_ticks(task);
	process.subject = found->subject;
	process.origin = found->origin;
	if (bpf_map_update_elem(&processes, &tgid, &process, BPF_ANY))
		__sync_fetch_and_add(&shared.process_overflow, 1);
	else
		__sync_fetch_and_add(&shared.generation, 1); /* its sockets may be older than the program */
	return 0;
}

#endif
