"""Datagrams in one direction: UDP of any size (fragments), an IP protocol of its own (raw), groups (multicast).

A receiver ends after --count datagrams or, told by a newline, when nothing has arrived for a moment.
"""

import errno
import select
import socket
import struct
import time

import generator as g

QUIET_SECONDS = 0.1
SO_RCVBUFFORCE = 33


def define(parser):
    parser.add_argument("--address", required=True, help="receiver: where to bind; sender: whom to send to")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--raw", type=int, help="this IP protocol, for example 253, instead of UDP")
    parser.add_argument("--size", type=int, default=1000, help="sender: bytes of a datagram")
    parser.add_argument("--count", type=int, default=0, help="receiver: 0 means until told; sender: datagrams")
    parser.add_argument("--pause-ms", type=float, default=0, help="sender: after each datagram")
    parser.add_argument("--connected", action="store_true", help="sender")
    parser.add_argument("--group", action="store_true", help="the address is a multicast group")
    parser.add_argument("--device", default="", help="with --group")
    parser.add_argument("--no-loop", action="store_true", help="sender to a group: not to receivers on this host")
    parser.add_argument("--reuse-address", action="store_true", help="receiver: several on one port")


def new_socket(args):
    family = g.family_of(args.address)
    if args.raw is not None:
        return socket.socket(family, socket.SOCK_RAW, args.raw)
    return socket.socket(family, socket.SOCK_DGRAM)


def tally(sock, args, **facts):
    return g.Tally(sock, "udp" if args.raw is None else "raw", **facts)


def receive(args):
    sock = new_socket(args)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
    if args.group or args.reuse_address:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((args.address, args.port))
    if args.group:
        join(sock, args)
    g.listening(sock.getsockname()[1])
    g.pause(args, "open")
    counted = tally(sock, args)
    source = None
    told = False
    while args.count == 0 or counted.rx_calls < args.count:
        ready, _, _ = select.select([sock] if told else [sock, 0], [], [], QUIET_SECONDS if told else None)
        if sock in ready:
            data, source = sock.recvfrom(65536)
            counted.received(len(data))
        elif 0 in ready:
            g.wait_for_newline()
            told = True
        else:
            break
    # A raw IPv4 socket receives the header too.
    header = 20 if args.raw is not None and sock.family == socket.AF_INET else 0
    remote = {} if source is None else {"remote": g.endpoint(source)}
    g.pause(args, "linger")
    return [counted.row(ipHeaderBytes=header * counted.rx_calls, **remote)]


def join(sock, args):
    index = socket.if_nametoindex(args.device)
    group = socket.inet_pton(sock.family, args.address)
    if sock.family == socket.AF_INET6:
        membership = group + struct.pack("@I", index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership)
    else:
        membership = group + struct.pack("@4si", bytes(4), index)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)


def send(args):
    sock = new_socket(args)
    if args.group:
        choose_device(sock, args)
    target = (args.address, args.port)
    if args.connected:
        sock.connect(target)
    g.pause(args, "open")
    counted = tally(sock, args, **({} if args.connected else {"remote": g.endpoint(target)}))
    for number in range(args.count):
        if number == args.count // 2:
            g.pause(args, "half")
        data = g.ZEROS[: args.size]
        counted.sent(send_one(sock, data, None if args.connected else target))
        if args.pause_ms > 0:
            time.sleep(args.pause_ms / 1000)
    g.pause(args, "linger")
    # Known only now where the kernel chose them with the first datagram.
    return [counted.row(**({} if args.connected else {"local": g.endpoint(sock.getsockname())}))]


def send_one(sock, data, target):
    while True:
        try:
            return sock.send(data) if target is None else sock.sendto(data, target)
        except OSError as error:
            # A raw socket does not wait for room in its own buffer.
            if error.errno != errno.ENOBUFS:
                raise
            time.sleep(0.001)


def choose_device(sock, args):
    index = socket.if_nametoindex(args.device)
    if sock.family == socket.AF_INET6:
        level, device, loop = socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.IPV6_MULTICAST_LOOP
        sock.setsockopt(level, device, index)
    else:
        level, device, loop = socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.IP_MULTICAST_LOOP
        sock.setsockopt(level, device, struct.pack("@4s4si", bytes(4), bytes(4), index))
    sock.setsockopt(level, loop, 0 if args.no_loop else 1)


args = g.options(["sender", "receiver"], define)
g.pause(args, "start")
g.finish(args, send(args) if args.role == "sender" else receive(args))
