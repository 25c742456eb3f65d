"""Serves the files of a folder over HTTP/3 and writes each request as a JSON line. Needs aioquic (PyPI).

quic.py ADDRESS,ADDRESS FOLDER CERTIFICATE KEY LOG
"""

import asyncio
import json
import os
import sys

from aioquic import tls
from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated

addresses, folder, certificate, key, log_path = sys.argv[1:6]
log = open(log_path, "a", buffering=1)
TYPES = {".html": b"text/html", ".js": b"text/javascript", ".bin": b"application/octet-stream"}


pull_client_hello = tls.pull_client_hello
last_name = ""


def pull_named_hello(buffer):
    """The hello's name is not kept by the library: the connection that it opens takes it at once."""
    global last_name
    hello = pull_client_hello(buffer)
    last_name = hello.server_name or ""
    return hello


tls.pull_client_hello = pull_named_hello


class Server(QuicConnectionProtocol):
    http = None
    name = ""

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
            self.name = last_name
        if self.http is None:
            return
        for one in self.http.handle_event(event):
            if isinstance(one, HeadersReceived):
                self.answer(one.stream_id, dict(one.headers))

    def answer(self, stream, headers):
        path = headers[b":path"].decode().split("?")[0]
        body = b""
        file = os.path.join(folder, os.path.basename(path))
        found = os.path.isfile(file)
        if found:
            with open(file, "rb") as opened:
                body = opened.read()
        kind = TYPES.get(os.path.splitext(file)[1], b"text/plain")
        status = b"200" if found else b"404"
        self.http.send_headers(stream, [(b":status", status), (b"content-type", kind)])
        self.http.send_data(stream, body, end_stream=True)
        self.transmit()
        request = {
            "remote_port": str(self._quic._network_paths[0].addr[1]),
            "proto": "HTTP/3.0",
            "uri": headers[b":path"].decode(),
            "tls": {"server_name": self.name},
        }
        log.write(json.dumps({"request": request}) + "\n")


async def main():
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, is_client=False)
    configuration.load_cert_chain(certificate, key)
    # A socket for each, so that answers come from the address that was asked.
    for address in addresses.split(","):
        await serve(address, 443, configuration=configuration, create_protocol=Server)
    await asyncio.Future()


asyncio.run(main())
