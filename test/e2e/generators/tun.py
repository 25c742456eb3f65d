"""A tunnel whose carrier is a process: it reads packets from a tun device and sends each as one datagram of UDP to
the carrier at the other end, which writes it into its own device. Ends when told by a newline.
"""

import fcntl
import os
import select
import socket
import struct
import subprocess

import generator as g

SO_RCVBUFFORCE = 33
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
MOST_PACKET_BYTES = 65536


def define(parser):
    parser.add_argument("--device", required=True, help="name of the tun device to make")
    parser.add_argument("--inside", required=True, help="IPv4 address/prefix of the device")
    parser.add_argument("--mtu", type=int, default=1400)
    parser.add_argument("--address", required=True, help="own outer address")
    parser.add_argument("--peer", required=True, help="outer address of the other end")
    parser.add_argument("--port", type=int, required=True, help="of both ends")


def carry(args):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", args.device.encode(), IFF_TUN_NO_PI))
    sock = socket.socket(g.family_of(args.address), socket.SOCK_DGRAM)
    # What waits here has left the tunnel's other end already: none may be lost.
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
    sock.bind((args.address, args.port))
    sock.connect((args.peer, args.port))
    # Nobody else may speak first on the device: no address of the kernel's own choice.
    ip("link", "set", args.device, "addrgenmode", "none", "mtu", str(args.mtu))
    ip("address", "add", args.inside, "dev", args.device)
    ip("link", "set", args.device, "up")
    g.listening(args.port)
    g.pause(args, "open")
    tally = g.Tally(sock, "udp")
    while True:
        ready, _, _ = select.select([tun, sock, 0], [], [])
        if tun in ready:
            tally.sent(sock.send(os.read(tun, MOST_PACKET_BYTES)))
        if sock in ready:
            try:
                packet = sock.recv(MOST_PACKET_BYTES)
            except ConnectionRefusedError:
                continue  # The other end is not there yet, or no more.
            tally.received(len(packet))
            os.write(tun, packet)
        if 0 in ready:
            g.wait_for_newline()
            return [tally]


def ip(*words):
    subprocess.run(["ip", *words], check=True, stdin=subprocess.DEVNULL)


args = g.options(["carrier"], define)
g.pause(args, "start")
g.finish(args, carry(args))
