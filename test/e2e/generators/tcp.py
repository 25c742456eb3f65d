"""TCP connections that move a known number of bytes in one direction or both.

Both ends get the same --upload and --download, seen from the client. The client uploads first and downloads
then; with --duplex both ends do both at once. Also Multipath TCP, SCTP (one-to-one), Fast Open and calls other than send.
"""

import os
import select
import socket
import time

import generator as g

MSG_FASTOPEN = 0x20000000
TCP_FASTOPEN = 23
TCPI_OPT_SYN_DATA = 32
SOL_MPTCP = 284
MPTCP_INFO = 1
MPTCP_INFO_FLAG_FALLBACK = 1
LISTEN_BACKLOG = 1024
PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "mptcp": g.IPPROTO_MPTCP, "sctp": socket.IPPROTO_SCTP}


def define(parser):
    parser.add_argument("--address", help="server: where to listen; client: whom to connect to")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--local-address", default="", help="client: bind before connecting")
    parser.add_argument("--local-port", type=int, default=0)
    parser.add_argument("--connections", type=int, default=1, help="one after the other")
    parser.add_argument("--upload", type=int, default=0)
    parser.add_argument("--download", type=int, default=0)
    parser.add_argument("--duplex", action="store_true")
    parser.add_argument("--chunk", type=int, default=65536, help="bytes of one call")
    parser.add_argument("--pause-ms", type=float, default=0, help="client: after each call that sends")
    parser.add_argument("--protocol", choices=["tcp", "mptcp", "sctp"], default="tcp")
    parser.add_argument("--fast-open", action="store_true")
    parser.add_argument("--via", choices=["send", "write", "sendmsg"], default="send")
    parser.add_argument("--peek", action="store_true", help="look at everything once before taking it")


class Exchange(g.Tally):
    """One connection seen from one end."""

    def __init__(self, sock, args, early=0):
        super().__init__(sock, args.protocol)
        self.args = args
        is_client = args.role == "client"
        self.to_send = (args.upload if is_client else args.download) - early
        self.to_receive = args.download if is_client else args.upload
        self.sends_first = is_client
        if early > 0:
            self.sent(early)

    def run(self):
        # Both ends stop after half of each direction, so that nothing moves while the test acts.
        if "half" in self.args.barrier:
            send, receive = self.to_send // 2, self.to_receive // 2
            self.move(send, receive)
            self.facts.update(halfTxPayloadBytes=self.tx, halfRxPayloadBytes=self.rx)
            g.pause(self.args, "half")
            self.move(self.to_send - send, self.to_receive - receive)
        else:
            self.move(self.to_send, self.to_receive)

    def move(self, send, receive):
        if self.args.duplex:
            self.move_both(send, receive)
            return
        for what in ("send", "receive") if self.sends_first else ("receive", "send"):
            if what == "send":
                while send > 0:
                    send -= self.send_some(send)
            else:
                while receive > 0:
                    receive -= self.receive_some(receive)

    def move_both(self, send, receive):
        self.sock.setblocking(False)
        while send > 0 or receive > 0:
            sock = [self.sock]
            readable, writable, _ = select.select(sock if receive > 0 else [], sock if send > 0 else [], [])
            if readable:
                receive -= self.receive_some(receive)
            if writable:
                send -= self.send_some(send)
        self.sock.setblocking(True)

    def send_some(self, limit):
        sent = self.send_at_once(limit)
        if self.args.pause_ms > 0 and self.sends_first:
            time.sleep(self.args.pause_ms / 1000)
        return sent

    def send_at_once(self, limit):
        data = g.ZEROS[: min(limit, self.args.chunk)]
        if self.args.via == "write":
            return self.sent(os.write(self.sock.fileno(), data))
        if self.args.via == "sendmsg":
            half = len(data) // 2
            return self.sent(self.sock.sendmsg([data[:half], data[half:]]))
        return self.sent(self.sock.send(data))

    def receive_some(self, limit):
        limit = min(limit, self.args.chunk)
        if self.args.peek:
            limit = len(self.sock.recv(limit, socket.MSG_PEEK))
        if self.args.via == "write":
            count = len(os.read(self.sock.fileno(), limit))
        elif self.args.via == "sendmsg":
            count = len(self.sock.recvmsg(limit)[0])
        else:
            count = len(self.sock.recv(limit))
        if count == 0:
            raise EOFError("the other end closed early")
        return self.received(count)


def new_socket(args):
    return socket.socket(g.family_of(args.address), socket.SOCK_STREAM, PROTOCOLS[args.protocol])


def serve(args):
    listener = new_socket(args)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((args.address, args.port))
    if args.fast_open:
        listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, LISTEN_BACKLOG)
    listener.listen(LISTEN_BACKLOG)
    g.listening(listener.getsockname()[1])
    g.pause(args, "open")
    exchanges, still_open = [], []
    # A connection stays open until the client closes it, while the next ones are served.
    while len(exchanges) < args.connections:
        ready, _, _ = select.select([listener, *still_open], [], [])
        for sock in ready:
            if sock is listener:
                sock, _ = listener.accept()
                exchanges.append(exchange := Exchange(sock, args))
                exchange.run()
                exchange.facts.update(multipath(sock, args))
                still_open.append(sock)
            elif sock.recv(1) == b"":
                still_open.remove(sock)
                sock.close()
    g.pause(args, "linger")
    rows = [exchange.row() for exchange in exchanges]
    for sock in still_open:
        sock.recv(1)
        sock.close()
    return rows


def connect(args):
    sockets, rows = [], []
    for _ in range(args.connections):
        sock = new_socket(args)
        if args.local_address or args.local_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((args.local_address or g.any_address(sock.family), args.local_port))
        early = 0
        if args.fast_open:
            data = g.ZEROS[: min(args.upload, args.chunk, 1000)]
            early = sock.sendto(data, MSG_FASTOPEN, (args.address, args.port))
        else:
            sock.connect((args.address, args.port))
        g.pause(args, "open")
        exchange = Exchange(sock, args, early)
        exchange.run()
        facts = {"dataInSyn": data_in_syn(sock)} if args.fast_open else {}
        rows.append(exchange.row(**facts, **multipath(sock, args)))
        if args.linger:
            sockets.append(sock)
        else:
            sock.close()
    g.pause(args, "linger")
    for sock in sockets:
        sock.close()
    return rows


def data_in_syn(sock):
    """Whether the server took the data of the first packet (tcpi_options of struct tcp_info)."""
    return bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5] & TCPI_OPT_SYN_DATA)


def multipath(sock, args):
    """Whether a Multipath TCP connection is one, and has not fallen back to TCP (struct mptcp_info)."""
    if args.protocol != "mptcp":
        return {}
    flags = sock.getsockopt(SOL_MPTCP, MPTCP_INFO, 12)[8]
    return {"multipath": not flags & MPTCP_INFO_FLAG_FALLBACK}


args = g.options(["server", "client"], define)
g.pause(args, "start")
g.finish(args, serve(args) if args.role == "server" else connect(args))
