# A program with traffic of its own, run under many names: "python3 load.py serve ADDRESS PORT", or
# "python3 load.py ask ADDRESS PORT DOWN UP SHAPE [NAME ALPN]" with rates in bits per second and a shape of their
# course, behind the TLS hello of a client that was given this name, or
# "python3 load.py fetch ADDRESS PORT BYTES", which says "done" on its standard output and stays connected.
import math
import random
import socket
import ssl
import sys
import threading
import time

STEP = 0.1


def serve(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family, backlog=512)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection):
    block = bytes(65536)
    with connection, connection.makefile("rb") as asked:
        try:
            while asked.peek(1)[:1] == b"\x16":
                head = asked.read(5)
                asked.read(int.from_bytes(head[3:5], "big"))
            for line in asked:
                down, up = map(int, line.split())
                while up > 0:
                    got = len(asked.read(min(up, 65536)))
                    if got == 0:
                        return
                    up -= got
                while down > 0:
                    connection.sendall(block[: min(down, 65536)])
                    down -= min(down, 65536)
        except OSError:
            pass


def ask(address, port, down, up, shape, name=None, alpn="h2"):
    connection = socket.create_connection((address, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if name is not None:
        connection.sendall(hello(name, alpn))
    course = SHAPES[shape]
    random.seed(shape + str(down))
    offset = random.random() * 40
    while True:
        begun = time.monotonic()
        level = course(begun + offset)
        exchange(connection, int(down / 8 * STEP * level), int(up / 8 * STEP * level))
        time.sleep(max(0, STEP - (time.monotonic() - begun)))


# What a client says first; the rest of TLS would only cost time.
def hello(name, alpn):
    context = ssl.create_default_context()
    context.set_alpn_protocols([alpn])
    said = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), said, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return said.read()


def fetch(address, port, size):
    connection = socket.create_connection((address, port))
    exchange(connection, size, 0)
    print("done", flush=True)
    time.sleep(600)


def exchange(connection, down, up):
    if down + up == 0:
        return
    connection.sendall(b"%d %d\n" % (down, up))
    connection.sendall(bytes(up))
    while down > 0:
        down -= len(connection.recv(min(down, 1 << 20)))


def hill(at, middle, width):
    return math.exp(-(((at - middle) / width) ** 2))


SHAPES = {
    "steady": lambda at: 0.9 + 0.1 * math.sin(at / 3) + random.uniform(-0.05, 0.05),
    "waves": lambda at: 0.08 + sum(hill(at % 190, m, w) for m, w in ((30, 9), (85, 17), (150, 12))) * random.uniform(0.75, 1),
    "bursts": lambda at: random.uniform(0.3, 1) if at % 23 < 4 else 0.02 if at % 5 < 1 else 0,
    "ramp": lambda at: min(1, (at % 100) / 30) * random.uniform(0.85, 1) if at % 100 < 70 else 0,
    "trickle": lambda at: 1.0 if random.random() < 0.2 else 0,
    "once": lambda at: 1.0,
}

if __name__ == "__main__":
    role, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if role == "serve":
        serve(address, port)
    elif role == "fetch":
        fetch(address, port, int(sys.argv[4]))
    else:
        ask(address, port, float(sys.argv[4]), float(sys.argv[5]), *sys.argv[6:])
