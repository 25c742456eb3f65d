/* Many UDP datagrams in one system call. Calls in the result are datagrams, as the kernel sends and receives each by
 * itself; system calls are counted apart. */
#include "generator.h"

#define BATCH 32
#define MOST_BYTES 2048

static char buffers[BATCH][MOST_BYTES];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static void prepare(size_t bytes)
{
	for (int i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){buffers[i], bytes};
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
	}
}

static void finish(int fd, const struct tally *tally, unsigned long long system_calls)
{
	char more[64];
	barrier("linger");
	snprintf(more, sizeof(more), ",\"systemCalls\":%llu", system_calls);
	print_result("udp", fd, tally, more);
}

static void sender(void)
{
	struct tally tally = {0};
	unsigned long long system_calls = 0;
	long long count = number_option("--count", 1000);
	int fd = connected(SOCK_DGRAM);

	prepare(number_option("--size", 200));
	barrier("open");
	while ((long long)tally.tx_calls < count) {
		long long left = count - tally.tx_calls;
		int sent = sendmmsg(fd, messages, left < BATCH ? left : BATCH, 0);
		if (sent < 0)
			fail("sendmmsg");
		system_calls++;
		tally.tx_calls += sent;
		for (int i = 0; i < sent; i++)
			tally.tx += messages[i].msg_len;
	}
	finish(fd, &tally, system_calls);
}

static void receiver(void)
{
	struct tally tally = {0};
	unsigned long long system_calls = 0;
	long long count = number_option("--count", 0);
	int fd = bound_udp(), state = 0;

	prepare(MOST_BYTES);
	barrier("open");
	while ((count == 0 || (long long)tally.rx_calls < count) && state >= 0) {
		state = wait_readable(fd);
		if (state != 1)
			continue;
		int got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
		if (got < 0)
			fail("recvmmsg");
		system_calls++;
		tally.rx_calls += got;
		for (int i = 0; i < got; i++)
			tally.rx += messages[i].msg_len;
	}
	finish(fd, &tally, system_calls);
}

int main(int argc, char **argv)
{
	const char *role = begin(argc, argv);
	barrier("start");
	strcmp(role, "sender") == 0 ? sender() : receiver();
	return 0;
}
