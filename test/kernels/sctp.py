"""SCTP (RFC 9260): a connection for each peer, or one socket for all of them ("one-to-many", RFC 6458).

The client uploads messages and gets an answer to each, so that nothing is under way when it ends.
"""

import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e", "generators"))
import generator as g

IPPROTO_SCTP = 132


def define(parser):
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--peers", type=int, default=1, help="client: sockets; server: how many to expect")
    parser.add_argument("--rounds", type=int, default=5, help="messages of each socket")
    parser.add_argument("--request", type=int, default=20_000, help="bytes of a message, and its number")
    parser.add_argument("--answer", type=int, default=3000)
    parser.add_argument("--many", action="store_true", help="one socket for all peers")
    parser.add_argument("--workers", action="store_true", help="server: a child serves each connection")


def new_socket(args):
    kind = socket.SOCK_SEQPACKET if args.many else socket.SOCK_STREAM
    return socket.socket(g.family_of(args.address), kind, IPPROTO_SCTP)


def serve(args):
    listener = new_socket(args)
    listener.bind((args.address, args.port))
    listener.listen(1024)
    g.listening(listener.getsockname()[1])
    g.pause(args, "open")
    if args.many:
        return serve_many(args, listener)
    rows = []
    for number in range(args.peers):
        sock, _ = listener.accept()
        rows.append(in_child(args, sock) if args.workers else serve_one(args, sock))
    g.pause(args, "linger")
    return rows


def serve_one(args, sock):
    tally = g.Tally(sock, "sctp")
    for number in range(args.rounds):
        take(tally, args.request + number)
        tally.sent(sock.send(g.ZEROS[: args.answer]))
    row = tally.row()
    sock.recv(1)  # The client is the first to close.
    sock.close()
    return row


def in_child(args, sock):
    import json

    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(into, json.dumps(serve_one(args, sock)).encode())
        os._exit(0)
    sock.close()
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        row = json.loads(pipe.read())
    os.waitpid(pid, 0)
    return row


def serve_many(args, sock):
    tally = g.Tally(sock, "sctp")
    expected = args.peers * sum(args.request + number for number in range(args.rounds))
    partial = {}
    while tally.rx < expected:
        data, _, flags, source = sock.recvmsg(1 << 20)
        tally.received(len(data))
        partial[source] = partial.get(source, 0) + 1
        if flags & socket.MSG_EOR:
            tally.sent(sock.sendto(g.ZEROS[: args.answer], source))
    g.pause(args, "linger")
    return [tally]


def take(tally, count):
    while count > 0:
        data = tally.sock.recv(count)
        if data == b"":
            raise EOFError("the other end closed early")
        count -= tally.received(len(data))


def ask(args):
    sockets, rows = [], []
    for _ in range(args.peers):
        sock = new_socket(args)
        if not args.many:
            sock.connect((args.address, args.port))
        facts = {"remote": g.endpoint((args.address, args.port))}
        tally = g.Tally(sock, "sctp", **facts)
        for number in range(args.rounds):
            data = g.ZEROS[: args.request + number]
            tally.sent(sock.sendto(data, (args.address, args.port)) if args.many else sock.send(data))
            take(tally, args.answer)
        rows.append(tally.row())
        sock.close()
    g.pause(args, "linger")
    return rows


args = g.options(["server", "client"], define)
g.pause(args, "start")
g.finish(args, serve(args) if args.role == "server" else ask(args))
