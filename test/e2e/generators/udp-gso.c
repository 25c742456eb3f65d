/* UDP segmentation: one call hands over many datagrams at once (UDP_SEGMENT), and one call may take many (UDP_GRO). */
#include "generator.h"
#include <netinet/udp.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static char buffer[1 << 16];

static void sender(void)
{
	struct tally tally = {0};
	char more[128];
	int segment = number_option("--segment", 1400), fd = connected(SOCK_DGRAM);
	/* At most 64 segments in one call, and no more than an IP packet holds. */
	long long size = number_option("--size", 40 * 1400), count = number_option("--count", 50);

	if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)) != 0)
		fail("UDP_SEGMENT");
	barrier("open");
	for (; count > 0; count--) {
		ssize_t sent = send(fd, buffer, size, 0);
		if (sent < 0)
			fail("send");
		tally.tx += sent;
		tally.tx_calls++;
		/* Nobody slows UDP down but the sender. */
		usleep(number_option("--pause-us", 200));
	}
	barrier("linger");
	snprintf(more, sizeof(more), ",\"datagrams\":%llu", tally.tx_calls * ((size + segment - 1) / segment));
	print_result("udp", fd, &tally, more);
}

static void receiver(void)
{
	struct tally tally = {0};
	int fd = bound_udp(), on = 1, state = 0;

	if (has_flag("--gro") && setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)) != 0)
		fail("UDP_GRO");
	barrier("open");
	while (state >= 0) {
		state = wait_readable(fd);
		if (state != 1)
			continue;
		ssize_t got = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (got < 0)
			fail("recv");
		tally.rx += got;
		tally.rx_calls++;
	}
	barrier("linger");
	print_result("udp", fd, &tally, "");
}

int main(int argc, char **argv)
{
	const char *role = begin(argc, argv);
	barrier("start");
	strcmp(role, "sender") == 0 ? sender() : receiver();
	return 0;
}
