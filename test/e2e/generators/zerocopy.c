/* Sends over TCP with MSG_ZEROCOPY: the kernel takes the pages and reports later that it is done with them.
 * The other end is `tcp server` with --upload of as many bytes. */
#include "generator.h"
#include <linux/errqueue.h>

static unsigned long long reports, copied;

/* Takes what the kernel reports on the error queue; receives no payload. */
static void take_reports(int fd)
{
	char control[256];
	for (;;) {
		struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};
		if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		for (struct cmsghdr *it = CMSG_FIRSTHDR(&message); it != NULL; it = CMSG_NXTHDR(&message, it)) {
			struct sock_extended_err *report = (void *)CMSG_DATA(it);
			if (report->ee_origin != SO_EE_ORIGIN_ZEROCOPY)
				continue;
			unsigned int calls = report->ee_data - report->ee_info + 1;
			reports += calls;
			if (report->ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
				copied += calls;
		}
	}
}

int main(int argc, char **argv)
{
	static char buffer[65536];
	struct tally tally = {0};
	char more[128];
	int on = 1;

	begin(argc, argv);
	barrier("start");
	int fd = connected(SOCK_STREAM);
	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) != 0)
		fail("SO_ZEROCOPY");
	barrier("open");
	for (long long left = number_option("--bytes", 1000000); left > 0;) {
		ssize_t sent = send(fd, buffer, left < (long long)sizeof(buffer) ? left : sizeof(buffer), MSG_ZEROCOPY);
		if (sent < 0 && errno == ENOBUFS) { /* Too many reports not yet taken. */
			usleep(100);
			take_reports(fd);
			continue;
		}
		if (sent < 0)
			fail("send");
		tally.tx += sent;
		tally.tx_calls++;
		left -= sent;
	}
	for (int tries = 0; reports < tally.tx_calls && tries < 5000; tries++) {
		take_reports(fd);
		usleep(1000);
	}
	barrier("linger");
	/* Where the receiver is on the same machine the kernel copies after all. */
	snprintf(more, sizeof(more), ",\"zerocopyReports\":%llu,\"zerocopyCopied\":%llu", reports, copied);
	print_result("tcp", fd, &tally, more);
	return 0;
}
