"""One socket in two processes, one after the other: A opens it and sends, passes it over a Unix socket to B,
which sends and receives and passes it back, and A goes on. The peer answers each part when it has it whole.

Rows of A's result are in this order: A before, B, A after; those of the peer are one.
"""

import json
import os
import socket
import subprocess
import sys

import generator as g

DATAGRAM = 1000
PART = "--part-of-b"


def define(parser):
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--protocol", choices=["tcp", "udp"], default="tcp")
    parser.add_argument("--first", type=int, default=10000, help="bytes that A sends")
    parser.add_argument("--second", type=int, default=20000, help="bytes that B sends")
    parser.add_argument("--second-answer", type=int, default=30000, help="bytes that B receives")
    parser.add_argument("--third", type=int, default=40000, help="bytes that A sends then")
    parser.add_argument("--third-answer", type=int, default=50000, help="bytes that A receives then")


def kind(args):
    return socket.SOCK_STREAM if args.protocol == "tcp" else socket.SOCK_DGRAM


def chunk(protocol):
    return 65536 if protocol == "tcp" else DATAGRAM


def peer(args):
    sock = socket.socket(g.family_of(args.address), kind(args))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((args.address, args.port))
    if args.protocol == "tcp":
        sock.listen()
    g.listening(sock.getsockname()[1])
    g.pause(args, "open")
    if args.protocol == "tcp":
        sock, _ = sock.accept()
    else:
        # Connected to whoever sends first; the datagram itself stays to be received.
        sock.connect(sock.recvfrom(0, socket.MSG_PEEK)[1])
    tally = g.Tally(sock, args.protocol)
    size = chunk(args.protocol)
    tally.receive_exactly(args.first + args.second, size)
    tally.send_all(args.second_answer, size)
    tally.receive_exactly(args.third, size)
    tally.send_all(args.third_answer, size)
    g.pause(args, "linger")
    return [tally]


def part(sock, args, part_name, send, receive):
    tally = g.Tally(sock, args.protocol, part=part_name)
    tally.send_all(send, chunk(args.protocol))
    tally.receive_exactly(receive, chunk(args.protocol))
    return tally.row()


def process_a(args):
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # B starts before the socket exists: it can only come by being passed.
    command = [sys.executable, "-B", __file__, PART, str(there.fileno()), *sys.argv[1:]]
    b = subprocess.Popen(command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL)
    there.close()
    here.recv(1)
    sock = socket.socket(g.family_of(args.address), kind(args))
    sock.connect((args.address, args.port))
    g.pause(args, "open")
    rows = [part(sock, args, "a-before", args.first, 0)]
    g.pause(args, "passed")
    socket.send_fds(here, [b"."], [sock.fileno()])
    sock.close()  # For now it is B's alone.
    row, (fd,), _, _ = socket.recv_fds(here, 65536, 1)
    rows.append(json.loads(row))
    sock = socket.socket(fileno=fd)
    g.pause(args, "returned")
    rows.append(part(sock, args, "a-after", args.third, args.third_answer))
    g.pause(args, "linger")
    here.close()
    b.wait()
    return rows


def process_b(args, unix):
    unix.send(b".")
    _, (fd,), _, _ = socket.recv_fds(unix, 1, 1)
    sock = socket.socket(fileno=fd)
    row = part(sock, args, "b", args.second, args.second_answer)
    socket.send_fds(unix, [json.dumps(row).encode()], [fd])
    sock.close()
    unix.recv(1)  # Stays until A has finished.


if sys.argv[1] == PART:
    fd = int(sys.argv[2])
    del sys.argv[1:3]
    process_b(g.options(["a"], define), socket.socket(fileno=fd))
else:
    args = g.options(["a", "peer"], define)
    g.pause(args, "start")
    g.finish(args, process_a(args) if args.role == "a" else peer(args))
