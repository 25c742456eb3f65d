"""Moves bytes as fast as it may and tells how many arrived in each tenth of a second.

sink:   receives; prints one line with its port, and when its standard input ends a line with the bytes per bin,
        and for TCP with the segments that had arrived by the end of each, repeated ones too, and a segment's size.
source: sends for --seconds, then ends; says why when it is stopped before.
Either end may listen or connect: --listen, or --address with --port.
"""

import argparse
import json
import os
import select
import socket
import struct
import sys
import threading
import time

BIN_S = 0.1
UDP_SEGMENT = 103
UDP_GRO = 104
SOL_UDP = 17


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["sink", "source"])
    parser.add_argument("--protocol", default="tcp")
    parser.add_argument("--family", type=int, default=4)
    parser.add_argument("--listen", action="store_true")
    parser.add_argument("--address", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--offered", type=float, default=0, help="of UDP, payload bytes per second")
    parser.add_argument("--payload", type=int, default=1400, help="of a UDP packet")
    parser.add_argument("--children", action="store_true", help="a child process moves the bytes")
    parser.add_argument("--forever", action="store_true", help="do not end with standard input")
    args = parser.parse_args()
    sockets = open_sockets(args)
    if args.children and os.fork() > 0:
        os.wait()
        return
    (sink if args.role == "sink" else source)(args, sockets)


def open_sockets(args):
    family = socket.AF_INET if args.family == 4 else socket.AF_INET6
    kind = socket.SOCK_DGRAM if args.protocol == "udp" else socket.SOCK_STREAM
    number = 262 if args.protocol == "mptcp" else 0
    if not args.listen:
        sockets = []
        for _ in range(args.connections):
            one = socket.socket(family, kind, number)
            try:
                one.connect((args.address, args.port))
            except OSError as error:
                say({"error": os.strerror(error.errno), "errno": error.errno})
                sys.exit(1)
            sockets.append(one)
        say({"pid": os.getpid()})
        return sockets
    one = socket.socket(family, kind, number)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((args.address, args.port))
    if kind == socket.SOCK_STREAM:
        one.listen(512)
    say({"port": one.getsockname()[1], "pid": os.getpid()})
    if kind == socket.SOCK_DGRAM:
        return [one]
    accepted = []
    for _ in range(args.connections):
        accepted.append(one.accept()[0])
    return accepted


def sink(args, sockets):
    bins = {}
    started = []
    buffer = bytearray(1 << 20)
    poll = select.epoll()
    for one in sockets:
        one.setblocking(False)
        if args.protocol == "udp":
            one.setsockopt(socket.SOL_SOCKET, 33, 1 << 25)  # SO_RCVBUFFORCE
            try:
                one.setsockopt(SOL_UDP, UDP_GRO, 1)
            except OSError:
                pass
        poll.register(one.fileno(), select.EPOLLIN)
    by_fd = {one.fileno(): one for one in sockets}
    if not args.forever:
        poll.register(0, select.EPOLLIN | select.EPOLLHUP)
    ends = time.monotonic() + args.seconds
    error = None
    segments = []
    while time.monotonic() < ends and error is None:
        if started and args.protocol != "udp":
            passed = int((time.monotonic() - started[0]) / BIN_S)
            if len(segments) < passed:
                segments += [segments_in(sockets)] * (passed - len(segments))
        for fd, _ in poll.poll(0.05):
            if fd == 0:
                ends = 0
                break
            try:
                count = by_fd[fd].recv_into(buffer)
            except BlockingIOError:
                continue
            except OSError as problem:
                error = problem.errno
                break
            if count == 0 and args.protocol != "udp":
                poll.unregister(fd)
                continue
            now = time.monotonic()
            if not started:
                started.append(now)
            at = int((now - started[0]) / BIN_S)
            bins[at] = bins.get(at, 0) + count
    last = max(bins, default=-1)
    segment_bytes = 0 if args.protocol == "udp" or not sockets else segment_size(sockets[0])
    read = [bins.get(at, 0) for at in range(last + 1)]
    say({"bins": read, "segments": segments, "segmentBytes": segment_bytes, "errno": error})


def segments_in(sockets):
    """tcpi_data_segs_in of struct tcp_info (linux/tcp.h): segments with data, repeated ones too."""
    return sum(struct.unpack_from("I", one.getsockopt(socket.IPPROTO_TCP, 11, 160), 152)[0] for one in sockets)


def segment_size(one):
    """tcpi_snd_mss of struct tcp_info: payload of a full segment, the same both ways between ends of one MTU."""
    return struct.unpack_from("I", one.getsockopt(socket.IPPROTO_TCP, 11, 160), 16)[0]


def source(args, sockets):
    ends = time.monotonic() + args.seconds
    if args.protocol != "udp":
        threads = [threading.Thread(target=send_stream, args=(one, ends)) for one in sockets]
    else:
        threads = [threading.Thread(target=send_datagrams, args=(one, ends, args)) for one in sockets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say({"ended": True, "errno": problems[0] if problems else None})
    os._exit(0)


problems = []


def send_stream(one, ends):
    data = bytes(1 << 18)
    one.settimeout(0.2)
    while time.monotonic() < ends:
        try:
            one.send(data)
        except socket.timeout:
            continue
        except OSError as problem:
            problems.append(problem.errno)
            return


def send_datagrams(one, ends, args):
    """Several packets a call, at the offered rate divided among the sockets."""
    rate = args.offered / len(args_sockets(args))
    per_call = max(1, min(40, int(rate * 0.002 / args.payload)))
    if per_call > 1:
        one.setsockopt(SOL_UDP, UDP_SEGMENT, args.payload)
    data = bytes(args.payload * per_call)
    started = time.monotonic()
    sent = 0
    while True:
        now = time.monotonic()
        if now >= ends:
            return
        ahead = sent / rate - (now - started)
        if ahead > 0.002:
            time.sleep(min(ahead, 0.05))
            continue
        try:
            sent += one.send(data)
        except OSError as problem:
            if problem.errno != 105:  # ENOBUFS
                problems.append(problem.errno)
                return


def args_sockets(args):
    return range(args.connections)


def say(line):
    print(json.dumps(line), flush=True)


main()
