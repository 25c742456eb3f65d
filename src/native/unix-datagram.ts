/** Sends a datagram to a Unix socket, which Node cannot: how programs talk to the system's log. */

import koffi from "koffi";
import { MonitauriError } from "../model/error.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
/** The path of an address, with its NUL (unix(7)). */
const PATH_BYTES = 108;

/** Never waits: a full buffer is an error. @throws MonitauriError "failed" with the reason, "unsupported" where the
 * system's library is another. */
export function sendDatagram(path: string, bytes: Uint8Array): void {
  const calls = load();
  const fd = calls.socket(AF_UNIX, SOCK_DGRAM | calls.closeOnExec, 0) as number;
  if (fd < 0) throw failure(path, "no socket");
  try {
    const address = addressOf(path, calls.hasLength);
    const flags = calls.dontWait;
    const sent = calls.sendto(fd, bytes, bytes.length, flags, address, address.length) as number;
    if (Number(sent) < 0) throw failure(path, calls.strerror(koffi.errno()) as string);
  } finally {
    calls.close(fd);
  }
}

type Call = ReturnType<ReturnType<typeof koffi.load>["func"]>;

interface Calls {
  readonly socket: Call;
  readonly sendto: Call;
  readonly close: Call;
  readonly strerror: Call;
  readonly closeOnExec: number;
  readonly dontWait: number;
  /** BSD systems begin an address with its length. */
  readonly hasLength: boolean;
}

let loaded: Calls | undefined;

function load(): Calls {
  loaded ??= tryLoad("libc.so.6", { closeOnExec: 0o2000000, dontWait: 0x4040, hasLength: false });
  loaded ??= tryLoad("libSystem.B.dylib", { closeOnExec: 0, dontWait: 0x80, hasLength: true });
  if (loaded !== undefined) return loaded;
  throw new MonitauriError("unsupported", "Cannot reach the system's log: its library is unknown");
}

function tryLoad(
  name: string,
  numbers: Pick<Calls, "closeOnExec" | "dontWait" | "hasLength">,
): Calls | undefined {
  try {
    const libc = koffi.load(name);
    return {
      socket: libc.func("int socket(int domain, int type, int protocol)"),
      sendto: libc.func(
        "long sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t addressLength)",
      ),
      close: libc.func("int close(int fd)"),
      strerror: libc.func("const char *strerror(int number)"),
      ...numbers,
    };
  } catch {
    return undefined;
  }
}

function addressOf(path: string, hasLength: boolean): Buffer {
  const name = Buffer.from(path);
  if (name.length >= PATH_BYTES || name.includes(0)) throw failure(path, "its name is too long");
  const address = Buffer.alloc(2 + name.length + 1);
  if (hasLength) address.set([address.length, AF_UNIX]);
  else address.writeUInt16LE(AF_UNIX);
  name.copy(address, 2);
  return address;
}

function failure(path: string, state: string): MonitauriError {
  return new MonitauriError("failed", `Cannot send to ${path}: ${state}`);
}
