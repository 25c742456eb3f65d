// How long a small datagram takes to the other end and back.
import { once } from "node:events";
import type { Place } from "./place.ts";

const PYTHON = "/usr/bin/python3";
const ECHO = `
import socket, sys, time
near = sys.argv[1] == "ask"
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if not near:
    one.bind((sys.argv[2], 7007))
    print("ready", flush=True)
    while True:
        data, whence = one.recvfrom(64)
        one.sendto(data, whence)
one.settimeout(5)
times = []
for at in range(120):
    started = time.perf_counter()
    one.sendto(b"%d" % at, (sys.argv[2], 7007))
    try:
        while one.recv(64) != b"%d" % at:
            pass
    except TimeoutError:
        continue
    times.append((time.perf_counter() - started) * 1000)
    if len(times) == 100:
        break
    time.sleep(0.005)
print(sorted(times)[50])
`;

interface Ends {
  readonly a: Place;
  readonly b: Place & { readonly ip4: string };
}

/** Median of 100 small datagrams, one after the other; a full queue may drop some. */
export async function roundTripMs({ a, b }: Ends): Promise<number> {
  const answering = b.spawn(PYTHON, ["-c", ECHO, "answer", b.ip4], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (answering.stdout !== null) await once(answering.stdout, "data");
  try {
    return Number(await a.exec(PYTHON, ["-c", ECHO, "ask", b.ip4]));
  } finally {
    answering.kill("SIGKILL");
  }
}
