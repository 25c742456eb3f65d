"""What all generators in Python share: options, barriers, counted sockets and the one line of JSON."""

import argparse
import ipaddress
import json
import os
import socket
import sys

SO_COOKIE = 57
IPPROTO_MPTCP = 262
ZEROS = memoryview(bytes(1 << 20))


def options(roles, define):
    """Parses `role --option value ...`; `define` adds the options of one generator."""
    take_name()
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=roles)
    parser.add_argument("--barrier", default="", help="points at which to wait for a newline: start,open,half")
    parser.add_argument("--linger", action="store_true", help="wait for a newline with all sockets open")
    define(parser)
    return parser.parse_args()


def take_name():
    """Some monitors know processes by their names alone: the test may give each generator one of its own."""
    name = os.environ.get("MONITAURI_GENERATOR_NAME")
    if name:
        with open("/proc/self/comm", "w") as comm:
            comm.write(name)


def pause(args, point):
    """Says that it is ready and waits for a newline, where the test has asked for this barrier."""
    if point in args.barrier.split(",") or (point == "linger" and args.linger):
        say("ready", os.getpid(), point)
        wait_for_newline()


def wait_for_newline():
    # Byte by byte: what follows the newline belongs to the next barrier.
    while (byte := os.read(0, 1)) != b"\n":
        if byte == b"":
            sys.exit("the test is gone")


def listening(port):
    say("listening", os.getpid(), port)


def say(*words):
    print(*words, flush=True)


def finish(args, rows):
    """The result. `rows` may be rows or tallies."""
    results = [row.row() if isinstance(row, Tally) else row for row in rows]
    say(json.dumps({"role": args.role, "results": results}))


def start_ticks():
    with open("/proc/self/stat", "rb") as stat:
        # The name in parentheses may hold spaces; what follows it begins with field 3.
        return int(stat.read().rsplit(b")", 1)[1].split()[22 - 3])


class Tally:
    """Counts what this process moves through one socket, in bytes and in calls that moved some."""

    def __init__(self, sock, protocol, **facts):
        self.sock = sock
        self.tx = self.rx = self.tx_calls = self.rx_calls = 0
        self.facts = {
            "pid": os.getpid(),
            "startTicks": start_ticks(),
            "protocol": protocol,
            **addresses(sock),
            **facts,
        }

    def sent(self, count):
        self.tx += count
        self.tx_calls += 1
        return count

    def received(self, count):
        # No bytes are the end of a stream; an empty datagram is not sent by any generator.
        if count > 0:
            self.rx += count
            self.rx_calls += 1
        return count

    def send_all(self, count, chunk=65536):
        while count > 0:
            count -= self.sent(self.sock.send(ZEROS[: min(count, chunk)]))

    def receive_exactly(self, count, chunk=65536):
        """Returns the first bytes, as many as came with the first call."""
        first = None
        while count > 0:
            data = self.sock.recv(min(count, chunk))
            if data == b"":
                raise EOFError(f"the other end closed, {count} bytes early")
            self.received(len(data))
            count -= len(data)
            first = data if first is None else first
        return first

    def row(self, **facts):
        return {
            **self.facts,
            "txPayloadBytes": self.tx,
            "rxPayloadBytes": self.rx,
            "txCalls": self.tx_calls,
            "rxCalls": self.rx_calls,
            **facts,
        }


def addresses(sock):
    """Local and remote end and cookie, as far as the socket has them."""
    facts = {}
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return facts
    for name, ask in (("local", sock.getsockname), ("remote", sock.getpeername)):
        try:
            facts[name] = endpoint(ask())
        except OSError:
            pass
    facts["cookie"] = str(int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), sys.byteorder))
    return facts


def endpoint(address):
    return {"address": address[0].split("%")[0], "port": address[1]}


def family_of(address):
    return socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET


def any_address(family):
    return "::" if family == socket.AF_INET6 else "0.0.0.0"
