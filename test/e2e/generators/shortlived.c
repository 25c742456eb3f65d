/* Processes that live a few milliseconds: `launch` starts them, each as a program of its own with arguments of its
 * own, and each connects, sends, receives, says what it did and is gone (or stays for --hold-ms). They talk to a server
 * of servers.py. With --same-pid and --at-once 1 all of them have the same pid, one after the other. */
#include "generator.h"
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define RECORD_FD 3
#define MOST_AT_ONCE 256

/* What a child writes into the launcher's pipe: less than PIPE_BUF, so never torn. */
struct record {
	int pid, id;
	unsigned long long ticks, cookie;
	struct tally tally;
	union address local, remote;
	double lifetime_ms;
};

static void one(void)
{
	struct record record = {.pid = getpid(), .id = number_option("--id", 0), .ticks = start_ticks()};
	uint32_t head[2] = {htonl(number_option("--send", 8)), htonl(number_option("--receive", 1))};
	socklen_t length = sizeof(record.local), cookie_bytes = sizeof(record.cookie);
	int fd = connected(SOCK_STREAM);

	getsockname(fd, &record.local.any, &length);
	length = sizeof(record.remote);
	getpeername(fd, &record.remote.any, &length);
	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &record.cookie, &cookie_bytes);
	if (send(fd, head, sizeof(head), MSG_NOSIGNAL) != sizeof(head))
		fail("send");
	record.tally.tx = sizeof(head);
	record.tally.tx_calls = 1;
	send_all(fd, ntohl(head[0]) - sizeof(head), &record.tally);
	receive_exactly(fd, ntohl(head[1]), &record.tally);
	if (write(RECORD_FD, &record, sizeof(record)) != sizeof(record))
		fail("write");
	if (number_option("--hold-ms", 0) > 0)
		usleep(number_option("--hold-ms", 0) * 1000);
	close(fd);
}

/* vfork, or fork with the pid that an earlier child had. */
static pid_t fork_as(pid_t wanted)
{
	struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1};
	return syscall(SYS_clone3, &args, sizeof(args));
}

static pid_t start(int id, int to_launcher, pid_t wanted)
{
	char id_text[16], send_text[24];
	long long vary = number_option("--vary", 0);
	snprintf(id_text, sizeof(id_text), "%d", id);
	snprintf(send_text, sizeof(send_text), "%lld", number_option("--send", 372) + vary * id);
	char *args[] = {arg_values[0], "one", "--id", id_text, "--address", (char *)text_option("--address", NULL),
			"--port", (char *)text_option("--port", "0"), "--send", send_text, "--receive",
			(char *)text_option("--receive", "100000"), "--hold-ms", (char *)text_option("--hold-ms", "0"), NULL};
	pid_t pid = wanted > 0 ? fork_as(wanted) : vfork();
	if (pid == 0) {
		dup2(to_launcher, RECORD_FD);
		execv("/proc/self/exe", args);
		_exit(127);
	}
	if (pid < 0)
		fail("fork");
	return pid;
}

static void print_record(const struct record *record)
{
	printf("{\"pid\":%d,\"startTicks\":%llu,\"protocol\":\"tcp\",\"id\":%d,", record->pid, record->ticks, record->id);
	print_endpoint("local", &record->local);
	print_endpoint("remote", &record->remote);
	printf("\"cookie\":\"%llu\",\"lifetimeMs\":%.3f,", record->cookie, record->lifetime_ms);
	printf("\"txPayloadBytes\":%llu,\"rxPayloadBytes\":%llu,\"txCalls\":%llu,\"rxCalls\":%llu}", record->tally.tx,
	       record->tally.rx, record->tally.tx_calls, record->tally.rx_calls);
}

static void launch(void)
{
	int count = number_option("--processes", 500), at_once = number_option("--at-once", 4);
	int from_children[2], running = 0, started = 0, finished = 0;
	struct { pid_t pid; double since; } children[MOST_AT_ONCE] = {0};
	struct { pid_t pid; double ms; } *lifetimes = calloc(count, sizeof(*lifetimes));
	struct record *records = calloc(count, sizeof(*records));
	pid_t last = 0;

	if (at_once > MOST_AT_ONCE)
		at_once = MOST_AT_ONCE;
	if (pipe2(from_children, O_CLOEXEC) != 0)
		fail("pipe");
	while (finished < count) {
		for (int i = 0; i < at_once && running < at_once && started < count; i++) {
			if (children[i].pid != 0)
				continue;
			children[i].since = seconds_now();
			children[i].pid = start(started++, from_children[1], has_flag("--same-pid") ? last : 0);
			running++;
		}
		int status;
		pid_t pid = wait(&status);
		double now = seconds_now(), since = now;
		last = pid;
		if (pid < 0 || status != 0) {
			fprintf(stderr, "process %d ended with status %d\n", pid, status);
			exit(1);
		}
		for (int i = 0; i < at_once; i++) {
			if (children[i].pid == pid) {
				since = children[i].since;
				children[i].pid = 0;
			}
		}
		/* Records come in another order than ends. */
		if (read(from_children[0], &records[finished], sizeof(*records)) != sizeof(*records))
			fail("read");
		lifetimes[finished].pid = pid;
		lifetimes[finished++].ms = (now - since) * 1000;
		running--;
	}
	begin_result();
	for (int i = 0; i < count; i++) {
		if (i > 0)
			printf(",");
		for (int j = 0; j < count; j++)
			if (lifetimes[j].pid == records[i].pid)
				records[i].lifetime_ms = lifetimes[j].ms;
		print_record(&records[i]);
	}
	end_result();
}

int main(int argc, char **argv)
{
	const char *role = begin(argc, argv);
	if (strcmp(role, "one") == 0) {
		one();
		return 0;
	}
	barrier("start");
	launch();
	return 0;
}
