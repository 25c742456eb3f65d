"""Packets beside TCP and UDP sockets: ICMP echo through a ping or a raw socket, and frames that a process puts
on a device itself, past the IP stack (AF_PACKET).
"""

import os
import select
import socket
import struct

import generator as g

ICMP_ECHO, ICMP6_ECHO, ICMP6_ECHO_REPLY = 8, 128, 129
ICMP6_FILTER = 1
ETH_P = {socket.AF_INET: 0x0800, socket.AF_INET6: 0x86DD}
UDP_HEADER_BYTES = 8
WAIT_SECONDS = 5


def define(parser):
    parser.add_argument("--address", required=True, help="whom to send to")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--size", type=int, default=56, help="payload after the ICMP or UDP header")
    parser.add_argument("--raw", action="store_true", help="ping: a raw socket instead of a ping socket")
    parser.add_argument("--port", type=int, default=9, help="inject: to this UDP port")
    parser.add_argument("--source", help="inject: IP address of the sender")
    parser.add_argument("--mac", help="inject: hardware address of the receiver")
    parser.add_argument("--device", help="inject")
    parser.add_argument("--cooked", action="store_true", help="inject: let the kernel write the link header")


def ping(args):
    family = g.family_of(args.address)
    is_6 = family == socket.AF_INET6
    protocol = socket.IPPROTO_ICMPV6 if is_6 else socket.IPPROTO_ICMP
    sock = socket.socket(family, socket.SOCK_RAW if args.raw else socket.SOCK_DGRAM, protocol)
    if args.raw and is_6:
        # Everything is blocked but the answers: neighbour discovery would be received, too.
        blocked = bytearray(b"\xff" * 32)
        blocked[ICMP6_ECHO_REPLY // 8] &= ~(1 << ICMP6_ECHO_REPLY % 8)
        sock.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, bytes(blocked))
    sock.connect((args.address, 0))
    g.pause(args, "open")
    tally = g.Tally(sock, "icmpv6" if is_6 else "icmp")
    for number in range(args.count):
        head = struct.pack("!BBHHH", ICMP6_ECHO if is_6 else ICMP_ECHO, 0, 0, os.getpid() & 0xFFFF, number)
        message = head + bytes(args.size)
        if args.raw and not is_6:  # Elsewhere the kernel does it.
            message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
        tally.sent(sock.send(message))
        if not select.select([sock], [], [], WAIT_SECONDS)[0]:
            raise TimeoutError(f"no answer to echo {number}")
        tally.received(len(sock.recv(65536)))
    g.pause(args, "linger")
    # A raw IPv4 socket receives the header too.
    return [tally.row(ipHeaderBytes=20 * tally.rx_calls if args.raw and not is_6 else 0)]


def inject(args):
    family = g.family_of(args.address)
    packet = ip_packet(args, family)
    hardware = bytes.fromhex(args.mac.replace(":", ""))
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM if args.cooked else socket.SOCK_RAW, 0)
    target = (args.device, ETH_P[family], 0, 0, hardware)
    own = bytes.fromhex(open(f"/sys/class/net/{args.device}/address").read().strip().replace(":", ""))
    frame = packet if args.cooked else hardware + own + struct.pack("!H", ETH_P[family]) + packet
    g.pause(args, "open")
    tally = g.Tally(sock, "packet")
    for _ in range(args.count):
        tally.sent(sock.sendto(frame, target))
    g.pause(args, "linger")
    return [tally.row(ipBytes=len(packet) * tally.tx_calls, udpBytes=args.size * tally.tx_calls)]


def ip_packet(args, family):
    source, target = (socket.inet_pton(family, it) for it in (args.source, args.address))
    length = UDP_HEADER_BYTES + args.size
    udp = struct.pack("!HHHH", 40000, args.port, length, 0) + bytes(args.size)
    pseudo = source + target + struct.pack("!IBBBB", length, 0, 0, 0, socket.IPPROTO_UDP)
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    if family == socket.AF_INET6:
        return struct.pack("!IHBB", 6 << 28, length, socket.IPPROTO_UDP, 64) + source + target + udp
    fixed = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, 0, 64, socket.IPPROTO_UDP, 0)
    sum_ = struct.pack("!H", checksum(fixed + source + target))
    return fixed[:10] + sum_ + source + target + udp


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


args = g.options(["ping", "inject"], define)
g.pause(args, "start")
g.finish(args, ping(args) if args.role == "ping" else inject(args))
