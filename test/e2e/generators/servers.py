"""Servers with many workers, and the client that asks them: whose payload is it when one process accepts and
another serves?

A request begins with two numbers: its own length, these eight bytes included, and the length of the answer.
"""

import json
import os
import queue
import random
import signal
import socket
import struct
import threading

import generator as g

HEADER = struct.Struct("!II")
LISTEN_BACKLOG = 1024


def define(parser):
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--workers", type=int, default=4, help="of prefork, threads and reuseport")
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--largest", type=int, default=4000, help="client: of request and answer")
    parser.add_argument("--seed", type=int, default=1)


def listen(args, port, reuse_port=False):
    listener = socket.socket(g.family_of(args.address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((args.address, port))
    listener.listen(LISTEN_BACKLOG)
    return listener


def answer(sock, **facts):
    """Serves one connection and returns its row."""
    tally = g.Tally(sock, "tcp", **facts)
    head = b""
    while len(head) < HEADER.size:
        data = sock.recv(HEADER.size - len(head))
        if data == b"":
            raise EOFError("the client closed early")
        tally.received(len(data))
        head += data
    request, reply = HEADER.unpack(head)
    tally.receive_exactly(request - HEADER.size)
    tally.send_all(reply)
    # The client closes first, so that TIME-WAIT is on its side.
    sock.recv(1)
    sock.close()
    return tally.row(**facts)


def in_processes(args, own_listeners):
    """Prefork: all accept on the parent's listener. Reuseport: each has its own, the kernel chooses."""
    listener = listen(args, args.port, reuse_port=own_listeners)
    port = listener.getsockname()[1]
    served_read, served_write = os.pipe()
    ready_read, ready_write = os.pipe()
    children = []
    for _ in range(args.workers):
        result_read, result_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            if own_listeners:
                listener.close()
                listener = listen(args, port, reuse_port=True)
            os.write(ready_write, b".")
            work(listener, served_write, result_write)
        os.close(result_write)
        children.append((pid, result_read))
    read_exactly(ready_read, args.workers)
    if own_listeners:
        listener.close()  # The kernel must not choose the parent, which never accepts.
    g.listening(port)
    g.pause(args, "open")
    read_exactly(served_read, args.connections)
    g.pause(args, "linger")
    for pid, _ in children:
        os.kill(pid, signal.SIGTERM)
    rows = []
    for pid, result in children:
        with os.fdopen(result) as lines:
            rows += json.load(lines)
        os.waitpid(pid, 0)
    return rows


def work(listener, served, result):
    """In a child: serves until told to stop, then says what it did."""
    rows = []

    def stop(*_):
        with os.fdopen(result, "w") as file:
            json.dump(rows, file)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        sock, _ = listener.accept()
        rows.append(answer(sock))
        os.write(served, b".")


def read_exactly(fd, count):
    while count > 0:
        count -= len(os.read(fd, count))


def in_threads(args):
    """One thread accepts, others serve; the process stays the same."""
    listener = listen(args, args.port)
    accepted = queue.Queue()
    rows = []

    def serve():
        while (sock := accepted.get()) is not None:
            rows.append(answer(sock, thread=threading.get_native_id()))

    threads = [threading.Thread(target=serve) for _ in range(args.workers)]
    for thread in threads:
        thread.start()
    g.listening(listener.getsockname()[1])
    g.pause(args, "open")
    for _ in range(args.connections):
        accepted.put(listener.accept()[0])
    for _ in threads:
        accepted.put(None)
    for thread in threads:
        thread.join()
    g.pause(args, "linger")
    return rows


def ask(args):
    chance = random.Random(args.seed)
    rows = []
    for _ in range(args.connections):
        request = chance.randint(HEADER.size, args.largest)
        reply = chance.randint(1, args.largest)
        sock = socket.create_connection((args.address, args.port))
        tally = g.Tally(sock, "tcp")
        tally.sent(sock.send(HEADER.pack(request, reply)))
        tally.send_all(request - HEADER.size)
        tally.receive_exactly(reply)
        sock.close()
        rows.append(tally.row())
    g.pause(args, "linger")
    return rows


ROLES = {
    "prefork": lambda args: in_processes(args, own_listeners=False),
    "reuseport": lambda args: in_processes(args, own_listeners=True),
    "threads": in_threads,
    "client": ask,
}

args = g.options(list(ROLES), define)
g.pause(args, "start")
g.finish(args, ROLES[args.role](args))
