"""Request and answer over UDP: a server with one unconnected socket and many clients' sockets in one process.

Each client socket waits for its answer before it sends again, so that nothing is lost and all counts are exact.
Requests of socket number i have --request + i bytes, answers have --answer bytes.
"""

import select
import socket

import generator as g


def define(parser):
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--peers", type=int, default=200, help="client: sockets; server: how many to expect")
    parser.add_argument("--rounds", type=int, default=5, help="requests of each socket")
    parser.add_argument("--request", type=int, default=100)
    parser.add_argument("--answer", type=int, default=300)
    parser.add_argument("--connected", action="store_true", help="client: connect its sockets")
    parser.add_argument("--first-port", type=int, default=0, help="client: bind to this and following ports")


def serve(args):
    sock = socket.socket(g.family_of(args.address), socket.SOCK_DGRAM)
    sock.bind((args.address, args.port))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    g.listening(sock.getsockname()[1])
    g.pause(args, "open")
    peers = {}
    expected = args.peers * args.rounds
    while sum(tally.rx_calls for tally in peers.values()) < expected:
        data, source = sock.recvfrom(65536)
        tally = peers.get(source)
        if tally is None:
            tally = peers[source] = g.Tally(sock, "udp", remote=g.endpoint(source))
        tally.received(len(data))
        tally.sent(sock.sendto(g.ZEROS[: args.answer], source))
    g.pause(args, "linger")
    return list(peers.values())


def ask(args):
    family = g.family_of(args.address)
    server = (args.address, args.port)
    tallies = []
    for number in range(args.peers):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        port = args.first_port + number if args.first_port else 0
        sock.bind((g.any_address(family), port))
        if args.connected:
            sock.connect(server)
        facts = {} if args.connected else {"remote": g.endpoint(server)}
        tallies.append(g.Tally(sock, "udp", **facts))
    g.pause(args, "open")
    for _ in range(args.rounds):
        for number, tally in enumerate(tallies):
            data = g.ZEROS[: args.request + number]
            tally.sent(tally.sock.send(data) if args.connected else tally.sock.sendto(data, server))
            if not select.select([tally.sock], [], [], 5)[0]:
                raise TimeoutError(f"no answer to socket {number}")
            tally.received(len(tally.sock.recv(65536)))
    g.pause(args, "linger")
    return tallies


args = g.options(["server", "client"], define)
g.pause(args, "start")
g.finish(args, serve(args) if args.role == "server" else ask(args))
