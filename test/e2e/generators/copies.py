"""Bytes that never pass through the process: sendfile and splice, to and from a TCP connection. The other end is
`tcp server`, with --upload for the senders and --download for the receiver.

Calls are system calls here; the kernel may cut one into several sends.
"""

import os
import socket
import tempfile

import generator as g

PIPE_BYTES = 65536


def define(parser):
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bytes", type=int, default=1_000_000)


def sendfile(args, sock, tally):
    with file_of(args.bytes) as file:
        while tally.tx < args.bytes:
            tally.sent(os.sendfile(sock.fileno(), file.fileno(), tally.tx, args.bytes - tally.tx))


def splice(args, sock, tally):
    """File to pipe, pipe to socket."""
    out, into = os.pipe()
    with file_of(args.bytes) as file:
        while tally.tx < args.bytes:
            held = os.splice(file.fileno(), into, PIPE_BYTES)
            while held > 0:
                held -= tally.sent(os.splice(out, sock.fileno(), held))


def splice_receive(args, sock, tally):
    """Socket to pipe, pipe to nowhere."""
    out, into = os.pipe()
    nowhere = os.open("/dev/null", os.O_WRONLY)
    while tally.rx < args.bytes:
        held = tally.received(os.splice(sock.fileno(), into, min(PIPE_BYTES, args.bytes - tally.rx)))
        if held == 0:
            raise EOFError("the other end closed early")
        while held > 0:
            held -= os.splice(out, nowhere, held)


def file_of(size):
    file = tempfile.TemporaryFile()
    file.truncate(size)
    return file


ROLES = {"sendfile": sendfile, "splice": splice, "splice-receive": splice_receive}

args = g.options(list(ROLES), define)
g.pause(args, "start")
sock = socket.create_connection((args.address, args.port))
tally = g.Tally(sock, "tcp")
g.pause(args, "open")
ROLES[args.role](args, sock, tally)
g.pause(args, "linger")
sock.close()
g.finish(args, [tally])
