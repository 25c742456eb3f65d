/* Very many TCP connections, idle but for what the test commands. The client opens them over several source
 * addresses, destination addresses and ports, as one pair of addresses and a port has no more than 28,000; then it
 * takes lines on stdin:
 *   send BYTES ROUNDS [CONNECTIONS]  on each connection, or on the first few, once per --interval-ms; then "ready"
 *   close                            ends both sides
 * With --echo on both sides all bytes come back.
 *
 * Each side is one process where that may open enough files, and as many as it takes elsewhere: the first one
 * forks the others, and they share counters. */
#include "generator.h"
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>

#define MOST_ADDRESSES 64
#define EVENTS 1024
#define IP_BIND_ADDRESS_NO_PORT_OPTION 24
#define SPARE_FILES 128
#define MOST_WORKERS 64
#define POLL_MS 5

/* What one process did, for the first one to print. */
struct worker {
	int pid;
	unsigned long long ticks;
	long long sockets;
	struct tally tally;
};

struct common {
	_Atomic long long opened, ended, answers;
	struct worker workers[MOST_WORKERS];
};

static char buffer[65536];
static struct tally tally;
static struct common *common;
static int workers = 1, worker;
static long long expected, own_sockets;

/* How many processes it takes. The kernel spreads connections over servers by chance: they need room to spare. */
static int workers_needed(long long count, int is_server)
{
	struct rlimit wanted = {count + SPARE_FILES, count + SPARE_FILES}, now;
	if (getrlimit(RLIMIT_NOFILE, &now) != 0)
		fail("RLIMIT_NOFILE");
	if (now.rlim_cur < wanted.rlim_cur && setrlimit(RLIMIT_NOFILE, &wanted) != 0) {
		now.rlim_cur = now.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &now) != 0)
			fail("RLIMIT_NOFILE");
		long long room = now.rlim_max - SPARE_FILES;
		count = is_server ? count + count / 8 : count;
		return (count + room - 1) / room;
	}
	return 1;
}

/* Forks the other workers; `commands` then leads to each of them, or in them from the first. */
static void fork_workers(int *commands)
{
	for (int i = 1; i < workers; i++) {
		int fds[2];
		if (pipe(fds) != 0)
			fail("pipe");
		pid_t pid = fork();
		if (pid < 0)
			fail("fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			worker = i;
			dup2(fds[0], 0);
			close(fds[1]);
			return;
		}
		close(fds[0]);
		commands[i] = fds[1];
	}
}

/* Waits until the workers together have counted as far. */
static void wait_for(_Atomic long long *counter, long long target)
{
	while (atomic_load(counter) < target) {
		usleep(1000);
		if (workers > 1 && waitpid(-1, NULL, WNOHANG) > 0) {
			fprintf(stderr, "a process has ended early\n");
			exit(1);
		}
	}
}

static void report(void)
{
	common->workers[worker] = (struct worker){getpid(), start_ticks(), own_sockets, tally};
	if (worker > 0)
		exit(0);
	while (waitpid(-1, NULL, 0) > 0)
		;
	begin_result();
	for (int i = 0; i < workers; i++) {
		const struct worker *it = &common->workers[i];
		printf("%s{\"pid\":%d,\"startTicks\":%llu,\"protocol\":\"tcp\",\"sockets\":%lld,", i > 0 ? "," : "", it->pid,
		       it->ticks, it->sockets);
		printf("\"txPayloadBytes\":%llu,\"rxPayloadBytes\":%llu,\"txCalls\":%llu,\"rxCalls\":%llu}", it->tally.tx,
		       it->tally.rx, it->tally.tx_calls, it->tally.rx_calls);
	}
	end_result();
}

static int listen_on(int port)
{
	union address own = parse_address(text_option("--address", "0.0.0.0"), port);
	int fd = socket(own.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (workers > 1)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (fd < 0 || bind(fd, &own.any, address_bytes(&own)) != 0 || listen(fd, 65535) != 0)
		fail("listen");
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		fail("epoll_ctl");
}

/* Returns 0 at the end of the connection. */
static int serve(int fd, int echo)
{
	ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
	if (got < 0)
		fail("recv");
	if (got == 0)
		return 0;
	tally.rx += got;
	tally.rx_calls++;
	if (echo)
		send_all(fd, got, &tally);
	return 1;
}

static void server(void)
{
	int first = number_option("--port", 9000), ports = number_option("--ports", 1);
	int commands[MOST_WORKERS], announced = 0, echo = has_flag("--echo");
	struct epoll_event events[EVENTS];
	/* Listeners have the lowest numbers, as they are opened first. */
	int last_listener = -1;

	fork_workers(commands);
	int epoll = epoll_create1(0);
	for (int i = 0; i < ports; i++)
		watch(epoll, last_listener = listen_on(first + i));
	/* The test may connect when all listen: whom the kernel chooses must not change then. */
	atomic_fetch_add(&common->answers, 1);
	if (worker == 0) {
		wait_for(&common->answers, workers);
		say_listening(first);
	}
	while (atomic_load(&common->ended) < expected) {
		int found = epoll_wait(epoll, events, EVENTS, workers > 1 ? POLL_MS : -1);
		for (int i = 0; i < found; i++) {
			int fd = events[i].data.fd, connection;
			if (fd > last_listener) {
				if (!serve(fd, echo)) {
					close(fd);
					atomic_fetch_add(&common->ended, 1);
				}
				continue;
			}
			while ((connection = accept4(fd, NULL, NULL, 0)) >= 0) {
				watch(epoll, connection);
				own_sockets++;
				atomic_fetch_add(&common->opened, 1);
			}
			if (errno != EAGAIN)
				fail("accept");
		}
		if (worker == 0 && !announced && atomic_load(&common->opened) == expected) {
			announced = 1;
			barrier("open");
		}
	}
}

static int split(const char *list, union address *addresses, int port)
{
	static char copy[4096];
	int count = 0;
	if (list == NULL)
		return 0;
	snprintf(copy, sizeof(copy), "%s", list);
	for (char *rest = copy, *text; (text = strsep(&rest, ",")) != NULL && count < MOST_ADDRESSES;)
		addresses[count++] = parse_address(text, port);
	return count;
}

static void set_port(union address *address, int port)
{
	if (address->any.sa_family == AF_INET6)
		address->v6.sin6_port = htons(port);
	else
		address->v4.sin_port = htons(port);
}

/* Connections from number `from` on. */
static int *open_slice(long long from, long long count)
{
	static union address targets[MOST_ADDRESSES], sources[MOST_ADDRESSES];
	int first = number_option("--port", 9000), ports = number_option("--ports", 1), on = 1;
	int target_count = split(text_option("--address", NULL), targets, first);
	int source_count = split(text_option("--sources", NULL), sources, 0);
	int *fds = calloc(count, sizeof(*fds));

	if (target_count == 0) {
		fprintf(stderr, "--address is missing\n");
		exit(2);
	}
	for (long long i = 0; i < count; i++) {
		long long place = from + i;
		union address target, *source = NULL;
		if (source_count > 0) {
			source = &sources[place % source_count];
			place /= source_count;
		}
		target = targets[place % target_count];
		place /= target_count;
		set_port(&target, first + place % ports);
		fds[i] = socket(target.any.sa_family, SOCK_STREAM, 0);
		if (source != NULL) {
			/* The port is chosen with the target known: any that this pair does not use. */
			setsockopt(fds[i], IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT_OPTION, &on, sizeof(on));
			if (bind(fds[i], &source->any, address_bytes(source)) != 0)
				fail("bind");
		}
		if (fds[i] < 0 || connect(fds[i], &target.any, address_bytes(&target)) != 0)
			fail("connect");
	}
	return fds;
}

static void send_rounds(const int *fds, long long count, int bytes, int rounds)
{
	double next = seconds_now(), interval = number_option("--interval-ms", 1000) / 1000.0;
	for (int round = 0; round < rounds; round++, next += interval) {
		double wait = next - seconds_now();
		if (wait > 0)
			usleep(wait * 1e6);
		for (long long i = 0; i < count; i++)
			send_all(fds[i], bytes, &tally);
		for (long long i = 0; i < count && has_flag("--echo"); i++)
			receive_exactly(fds[i], bytes, &tally);
	}
}

/* A line without its newline; 0 at the end of input. */
static int read_line(char *line, size_t room)
{
	size_t length = 0;
	while (length + 1 < room && read(0, &line[length], 1) == 1) {
		if (line[length] == '\n') {
			line[length] = 0;
			return 1;
		}
		length++;
	}
	return 0;
}

static void client(void)
{
	int commands[MOST_WORKERS];
	char line[256];
	long long asked = 0;

	fork_workers(commands);
	long long from = expected * worker / workers;
	own_sockets = expected * (worker + 1) / workers - from;
	int *fds = open_slice(from, own_sockets);
	atomic_fetch_add(&common->opened, 1);
	if (worker == 0) {
		wait_for(&common->opened, workers);
		barrier("open");
	}
	while (read_line(line, sizeof(line))) {
		int bytes, rounds;
		long long some = expected;
		for (int i = 1; i < workers && worker == 0; i++)
			if (dprintf(commands[i], "%s\n", line) < 0)
				fail("write");
		if (strcmp(line, "close") == 0)
			break;
		if (sscanf(line, "send %d %d %lld", &bytes, &rounds, &some) < 2) {
			fprintf(stderr, "not a command: %s\n", line);
			exit(2);
		}
		some = some < from ? 0 : some - from;
		send_rounds(fds, some < own_sockets ? some : own_sockets, bytes, rounds);
		atomic_fetch_add(&common->answers, 1);
		if (worker > 0)
			continue;
		wait_for(&common->answers, ++asked * workers);
		printf("ready %d sent\n", getpid());
		fflush(stdout);
	}
	for (long long i = 0; i < own_sockets; i++)
		close(fds[i]);
}

int main(int argc, char **argv)
{
	const char *role = begin(argc, argv);
	int is_client = strcmp(role, "client") == 0;

	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (common == MAP_FAILED)
		fail("mmap");
	expected = number_option("--connections", 1000);
	workers = workers_needed(expected, !is_client);
	if (workers > MOST_WORKERS)
		workers = MOST_WORKERS;
	barrier("start");
	is_client ? client() : server();
	report();
	return 0;
}
