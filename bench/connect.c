/* Short TCP connections, one after the other: each sends 64 bytes, receives 512 and ends. `server` runs until it is
 * killed; `client` says how long all of them took, with --pause-us after each. The server closes first, so that the client's
 * ports are free. */
#include "generator.h"

#define REQUEST_BYTES 64
#define ANSWER_BYTES 512

static void server(void)
{
	union address own = option_address();
	int fd = socket(own.any.sa_family, SOCK_STREAM, 0), on = 1, connection;
	struct tally tally = {0};
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, &own.any, address_bytes(&own)) != 0 || listen(fd, 1024) != 0)
		fail("listen");
	say_listening(port_of(fd));
	while ((connection = accept(fd, NULL, NULL)) >= 0) {
		receive_exactly(connection, REQUEST_BYTES, &tally);
		send_all(connection, ANSWER_BYTES, &tally);
		close(connection);
	}
	fail("accept");
}

static void client(void)
{
	struct tally tally = {0};
	long long count = number_option("--connections", 20000), pause_us = number_option("--pause-us", 0);
	double began = seconds_now();
	char byte;
	for (long long i = 0; i < count; i++) {
		int fd = connected(SOCK_STREAM);
		send_all(fd, REQUEST_BYTES, &tally);
		receive_exactly(fd, ANSWER_BYTES, &tally);
		if (recv(fd, &byte, 1, 0) != 0)
			fail("recv");
		close(fd);
		if (pause_us > 0)
			usleep(pause_us);
	}
	printf("%.6f\n", seconds_now() - began);
}

int main(int argc, char **argv)
{
	const char *role = begin(argc, argv);
	strcmp(role, "client") == 0 ? client() : server();
	return 0;
}
