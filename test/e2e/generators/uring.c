/* Sends or receives over TCP through io_uring, by its bare system calls. With --async a worker thread of the kernel
 * does it, with --sqpoll a polling one: both belong to this process. The other end is `tcp server`. */
#include "generator.h"
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define ENTRIES 8
#define CHUNK 65536

struct ring {
	int fd;
	_Atomic unsigned *sq_tail, *sq_flags, *cq_head, *cq_tail;
	unsigned sq_mask, cq_mask, *sq_array;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static struct ring open_ring(int sqpoll)
{
	struct io_uring_params params = {.flags = sqpoll ? IORING_SETUP_SQPOLL : 0, .sq_thread_idle = 1000};
	struct ring ring = {.fd = syscall(__NR_io_uring_setup, ENTRIES, &params)};
	if (ring.fd < 0)
		fail("io_uring_setup");

	size_t sq_bytes = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	int access = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_POPULATE;
	char *sq = mmap(NULL, sq_bytes, access, flags, ring.fd, IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, cq_bytes, access, flags, ring.fd, IORING_OFF_CQ_RING);
	ring.sqes = mmap(NULL, params.sq_entries * sizeof(*ring.sqes), access, flags, ring.fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || ring.sqes == MAP_FAILED)
		fail("mmap");

	ring.sq_tail = (void *)(sq + params.sq_off.tail);
	ring.sq_flags = (void *)(sq + params.sq_off.flags);
	ring.sq_mask = *(unsigned *)(sq + params.sq_off.ring_mask);
	ring.sq_array = (void *)(sq + params.sq_off.array);
	ring.cq_head = (void *)(cq + params.cq_off.head);
	ring.cq_tail = (void *)(cq + params.cq_off.tail);
	ring.cq_mask = *(unsigned *)(cq + params.cq_off.ring_mask);
	ring.cqes = (void *)(cq + params.cq_off.cqes);
	return ring;
}

/* One operation, from submission to completion. Returns its result. */
static int run(struct ring *ring, const struct io_uring_sqe *wanted)
{
	unsigned tail = atomic_load(ring->sq_tail), index = tail & ring->sq_mask;
	ring->sqes[index] = *wanted;
	ring->sq_array[index] = index;
	atomic_store(ring->sq_tail, tail + 1);

	unsigned flags = IORING_ENTER_GETEVENTS;
	if (atomic_load(ring->sq_flags) & IORING_SQ_NEED_WAKEUP)
		flags |= IORING_ENTER_SQ_WAKEUP;
	while (syscall(__NR_io_uring_enter, ring->fd, 1, 1, flags, NULL, 0) < 0)
		if (errno != EINTR)
			fail("io_uring_enter");

	unsigned head = atomic_load(ring->cq_head);
	while (head == atomic_load(ring->cq_tail))
		usleep(10);
	int result = ring->cqes[head & ring->cq_mask].res;
	atomic_store(ring->cq_head, head + 1);
	return result;
}

int main(int argc, char **argv)
{
	static char buffer[CHUNK];
	struct tally tally = {0};
	const char *role = begin(argc, argv);
	int sends = strcmp(role, "sender") == 0;

	barrier("start");
	int fd = connected(SOCK_STREAM);
	struct ring ring = open_ring(has_flag("--sqpoll"));
	barrier("open");
	for (long long left = number_option("--bytes", 1000000); left > 0;) {
		struct io_uring_sqe operation = {
			.opcode = sends ? IORING_OP_SEND : IORING_OP_RECV,
			.flags = has_flag("--async") ? IOSQE_ASYNC : 0,
			.fd = fd,
			.addr = (uintptr_t)buffer,
			.len = left < CHUNK ? left : CHUNK,
		};
		int moved = run(&ring, &operation);
		if (moved <= 0) {
			errno = -moved;
			fail(moved == 0 ? "the other end closed early" : "operation");
		}
		*(sends ? &tally.tx : &tally.rx) += moved;
		*(sends ? &tally.tx_calls : &tally.rx_calls) += 1;
		left -= moved;
	}
	barrier("linger");
	print_result("tcp", fd, &tally, "");
	return 0;
}
