"""One process, two programs: opens a connection, sends, and becomes another program, which goes on with the
connection it inherited. The result has a row for each part; the pid is the same. The other end is `tcp server`
with --upload of both parts together and --download of what the second program receives.
"""

import json
import os
import socket

import generator as g


def define(parser):
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--before", type=int, default=10000, help="bytes that the first program sends")
    parser.add_argument("--after", type=int, default=20000, help="bytes that the second program sends")
    parser.add_argument("--download", type=int, default=0, help="bytes that the second program receives")
    parser.add_argument("--next", required=True, help="the second program, made from inherit.c")


args = g.options(["client"], define)
g.pause(args, "start")
sock = socket.create_connection((args.address, args.port))
g.pause(args, "open")
tally = g.Tally(sock, "tcp", program=os.readlink("/proc/self/exe"))
tally.send_all(args.before)
g.pause(args, "half")
os.set_inheritable(sock.fileno(), True)
linger = ["--linger"] if args.linger or "linger" in args.barrier.split(",") else []
bytes_ = ["--send", str(args.after), "--receive", str(args.download)]
first = ["--first-row", json.dumps(tally.row())]
os.execv(args.next, [args.next, args.role, "--fd", str(sock.fileno()), *bytes_, *linger, *first])
