/* UDP as fast as one process can: the sender knows what it sent, the receiver what it got, and the network loses
 * what it loses. The sender stops after --seconds, or after --count datagrams; with --pause-us it waits after every
 * 64 datagrams, so that a receiver can keep up. */
#include "generator.h"

static char buffer[65536];

static void sender(void)
{
	struct tally tally = {0};
	char more[128];
	long long count = number_option("--count", 0), size = number_option("--size", 64);
	double seconds = number_option("--seconds", 1);
	long long pause_us = number_option("--pause-us", 0);
	unsigned long long refused = 0;
	int fd = connected(SOCK_DGRAM);

	barrier("open");
	double began = seconds_now();
	while (count > 0 ? (long long)tally.tx_calls < count : seconds_now() - began < seconds) {
		/* The clock costs as much as a small part of a send: look at it rarely. */
		for (int i = 0; i < 64 && (count == 0 || (long long)tally.tx_calls < count); i++) {
			ssize_t sent = send(fd, buffer, size, 0);
			if (sent < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
				fail("send");
			if (sent < 0) {
				refused++;
				continue;
			}
			tally.tx += sent;
			tally.tx_calls++;
		}
		if (pause_us > 0)
			usleep(pause_us);
	}
	snprintf(more, sizeof(more), ",\"refusedCalls\":%llu,\"seconds\":%.6f", refused, seconds_now() - began);
	barrier("linger");
	print_result("udp", fd, &tally, more);
}

static void receiver(void)
{
	struct tally tally = {0};
	int fd = bound_udp(), state = 0;

	barrier("open");
	while (state >= 0) {
		state = wait_readable(fd);
		if (state != 1)
			continue;
		for (ssize_t got; (got = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) >= 0;) {
			tally.rx += got;
			tally.rx_calls++;
		}
		if (errno != EAGAIN && errno != ECONNREFUSED)
			fail("recv");
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
