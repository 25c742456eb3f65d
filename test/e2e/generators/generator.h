/* What all generators in C share: options, barriers, addresses and the one line of JSON. Included by programs of
 * one file each, so everything is static. */
#ifndef GENERATOR_H
#define GENERATOR_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAYBE_UNUSED __attribute__((unused))

static int arg_count;
static char **arg_values;

MAYBE_UNUSED static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* The role is the first argument; options follow in any order. */
MAYBE_UNUSED static const char *begin(int argc, char **argv)
{
	arg_count = argc;
	arg_values = argv;
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	/* Some monitors know processes by their names alone: the test may give each generator one of its own. */
	const char *name = getenv("MONITAURI_GENERATOR_NAME");
	if (name != NULL)
		prctl(PR_SET_NAME, name);
	if (argc < 2) {
		fprintf(stderr, "usage: %s role [--option value]...\n", argv[0]);
		exit(2);
	}
	return argv[1];
}

MAYBE_UNUSED static int has_flag(const char *name)
{
	for (int i = 2; i < arg_count; i++)
		if (strcmp(arg_values[i], name) == 0)
			return 1;
	return 0;
}

MAYBE_UNUSED static const char *text_option(const char *name, const char *otherwise)
{
	for (int i = 2; i + 1 < arg_count; i++)
		if (strcmp(arg_values[i], name) == 0)
			return arg_values[i + 1];
	return otherwise;
}

MAYBE_UNUSED static long long number_option(const char *name, long long otherwise)
{
	const char *text = text_option(name, NULL);
	return text == NULL ? otherwise : atoll(text);
}

MAYBE_UNUSED static void wait_for_newline(void)
{
	char byte;
	do {
		if (read(0, &byte, 1) != 1) {
			fprintf(stderr, "the test is gone\n");
			exit(1);
		}
	} while (byte != '\n');
}

/* Says that it is ready and waits for a newline, where the test has asked for this barrier. */
MAYBE_UNUSED static void barrier(const char *point)
{
	char list[256], wanted[256];
	snprintf(list, sizeof(list), ",%s,", text_option("--barrier", ""));
	snprintf(wanted, sizeof(wanted), ",%s,", point);
	if (strstr(list, wanted) == NULL && !(strcmp(point, "linger") == 0 && has_flag("--linger")))
		return;
	printf("ready %d %s\n", getpid(), point);
	fflush(stdout);
	wait_for_newline();
}

MAYBE_UNUSED static void say_listening(int port)
{
	printf("listening %d %d\n", getpid(), port);
	fflush(stdout);
}

/* Field 22 of /proc/self/stat. */
MAYBE_UNUSED static unsigned long long start_ticks(void)
{
	char text[1024];
	unsigned long long ticks = 0;
	FILE *stat = fopen("/proc/self/stat", "r");
	if (stat == NULL || fgets(text, sizeof(text), stat) == NULL)
		fail("/proc/self/stat");
	fclose(stat);
	/* The name in parentheses may hold spaces; what follows it begins with field 3. */
	char *field = strrchr(text, ')') + 2;
	for (int number = 3; number < 22; number++)
		field = strchr(field, ' ') + 1;
	ticks = strtoull(field, NULL, 10);
	return ticks;
}

MAYBE_UNUSED static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

MAYBE_UNUSED static socklen_t address_bytes(const union address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

MAYBE_UNUSED static union address parse_address(const char *text, int port)
{
	union address address = {0};
	if (text == NULL) {
		fprintf(stderr, "--address is missing\n");
		exit(2);
	}
	if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = htons(port);
	} else {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons(port);
		if (inet_pton(AF_INET, text, &address.v4.sin_addr) != 1) {
			fprintf(stderr, "not an address: %s\n", text);
			exit(2);
		}
	}
	return address;
}

/* The address and port that the options name. */
MAYBE_UNUSED static union address option_address(void)
{
	return parse_address(text_option("--address", NULL), number_option("--port", 0));
}

MAYBE_UNUSED static int port_of(int fd)
{
	union address own;
	socklen_t length = sizeof(own);
	if (getsockname(fd, &own.any, &length) != 0)
		fail("getsockname");
	return ntohs(own.any.sa_family == AF_INET6 ? own.v6.sin6_port : own.v4.sin_port);
}

MAYBE_UNUSED static int bound_udp(void)
{
	union address own = option_address();
	int fd = socket(own.any.sa_family, SOCK_DGRAM, 0), bytes = 1 << 25;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (fd < 0 || bind(fd, &own.any, address_bytes(&own)) != 0)
		fail("bind");
	say_listening(port_of(fd));
	return fd;
}

MAYBE_UNUSED static int connected(int type)
{
	union address peer = option_address();
	int fd = socket(peer.any.sa_family, type, 0);
	if (fd < 0 || connect(fd, &peer.any, address_bytes(&peer)) != 0)
		fail("connect");
	return fd;
}

/* Whether something can be received: -1 when the test has told us to stop and nothing has come for a moment. */
MAYBE_UNUSED static int wait_readable(int fd)
{
	static int told;
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = told ? -1 : 0, .events = POLLIN}};
	int found = poll(fds, 2, told ? 100 : -1);
	if (found < 0 && errno != EINTR)
		fail("poll");
	if (fds[0].revents != 0)
		return 1;
	if (told && found == 0)
		return -1;
	if (fds[1].revents != 0) {
		wait_for_newline();
		told = 1;
	}
	return 0;
}

struct tally {
	unsigned long long tx, rx, tx_calls, rx_calls;
};

MAYBE_UNUSED static void print_endpoint(const char *name, const union address *address)
{
	char text[INET6_ADDRSTRLEN];
	int is_v6 = address->any.sa_family == AF_INET6;
	inet_ntop(address->any.sa_family,
		  is_v6 ? (void *)&address->v6.sin6_addr : (void *)&address->v4.sin_addr, text, sizeof(text));
	printf("\"%s\":{\"address\":\"%s\",\"port\":%d},", name, text,
	       ntohs(is_v6 ? address->v6.sin6_port : address->v4.sin_port));
}

/* The result begins with the role; rows are separated by commas of the caller. */
MAYBE_UNUSED static void begin_result(void)
{
	printf("{\"role\":\"%s\",\"results\":[", arg_values[1]);
}

MAYBE_UNUSED static void end_result(void)
{
	printf("]}\n");
	fflush(stdout);
}

/* `fd` below 0: several sockets; `more` is further JSON members, beginning with a comma. */
MAYBE_UNUSED static void print_row(const char *protocol, int fd, const struct tally *tally, const char *more)
{
	union address address;
	unsigned long long cookie = 0;
	socklen_t length = sizeof(address), cookie_bytes = sizeof(cookie);

	printf("{\"pid\":%d,\"startTicks\":%llu,\"protocol\":\"%s\",", getpid(), start_ticks(), protocol);
	if (fd >= 0) {
		if (getsockname(fd, &address.any, &length) == 0)
			print_endpoint("local", &address);
		length = sizeof(address);
		if (getpeername(fd, &address.any, &length) == 0)
			print_endpoint("remote", &address);
		if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &cookie_bytes) == 0)
			printf("\"cookie\":\"%llu\",", cookie);
	}
	printf("\"txPayloadBytes\":%llu,\"rxPayloadBytes\":%llu,\"txCalls\":%llu,\"rxCalls\":%llu%s}",
	       tally->tx, tally->rx, tally->tx_calls, tally->rx_calls, more);
}

/* One socket, one row: the whole result. */
MAYBE_UNUSED static void print_result(const char *protocol, int fd, const struct tally *tally, const char *more)
{
	begin_result();
	print_row(protocol, fd, tally, more);
	end_result();
}

MAYBE_UNUSED static void send_all(int fd, long long count, struct tally *tally)
{
	static char zeros[65536];
	while (count > 0) {
		ssize_t sent = send(fd, zeros, count < (long long)sizeof(zeros) ? count : sizeof(zeros), MSG_NOSIGNAL);
		if (sent < 0)
			fail("send");
		tally->tx += sent;
		tally->tx_calls++;
		count -= sent;
	}
}

MAYBE_UNUSED static void receive_exactly(int fd, long long count, struct tally *tally)
{
	static char buffer[65536];
	while (count > 0) {
		ssize_t got = recv(fd, buffer, count < (long long)sizeof(buffer) ? count : sizeof(buffer), 0);
		if (got <= 0)
			fail(got == 0 ? "the other end closed early" : "recv");
		tally->rx += got;
		tally->rx_calls++;
		count -= got;
	}
}

#endif
