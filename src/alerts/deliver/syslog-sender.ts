/** Sends alerts to this machine's log, or to a syslog server. */

import { createSocket } from "node:dgram";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { SyslogTarget } from "../../model/alert-channel.ts";
import type { DeliverySystem } from "./delivery-system.ts";
import type { Sender, SendOptions, SendOutcome } from "./sender.ts";
import { journalEntry, syslogMessage } from "./syslog-message.ts";

/** The journal keeps fields apart; elsewhere a syslog daemon listens at one of the other two. */
const JOURNAL = "/run/systemd/journal/socket";
const LOCAL_SOCKETS = ["/dev/log", "/var/run/syslog"];
const TIMEOUT_MS = 10_000;
/** A server closes when it has read everything; one that does not within this time had no reason to refuse either. */
const REFUSAL_MS = 500;

export interface SyslogSenderOptions {
  readonly target: SyslogTarget;
  readonly system: DeliverySystem;
  readonly host: string;
  readonly pid: number;
  /** Where the local sockets are, for tests. */
  readonly journal?: string;
  readonly sockets?: readonly string[];
  readonly ca?: string;
}

export function createSyslogSender(options: SyslogSenderOptions): Sender {
  const { target, host, pid } = options;
  return {
    rest() {},
    async send(message, sending: SendOptions): Promise<SendOutcome> {
      const line = syslogMessage(message, { host, pid });
      let isWritten = false;
      try {
        const where =
          target.protocol === "local"
            ? await sendLocal(options, { line, entry: journalEntry(message), sending })
            : await sendRemote(options, {
                line,
                sending,
                onWritten() {
                  isWritten = true;
                },
              });
        return { kind: "delivered", said: `given to ${where}` };
      } catch (error) {
        const { code, message: state } = error as NodeJS.ErrnoException;
        const where =
          target.protocol === "local" ? "the local log" : `${target.host} port ${target.port}`;
        sending.transcript?.(`* ${state}`);
        return {
          kind: "later",
          trouble: {
            said: `${where} takes no messages: ${state}`,
            remedy:
              code === "ENOENT"
                ? "install a syslog daemon, or choose another channel"
                : "check that the log server runs; it is tried again",
          },
          unknown: isWritten,
        };
      }
    },
  };
}

async function sendLocal(
  { system, journal = JOURNAL, sockets = LOCAL_SOCKETS }: SyslogSenderOptions,
  { line, entry, sending }: { line: Buffer; entry: Buffer; sending: SendOptions },
): Promise<string> {
  const path = [journal, ...sockets].find((each) => system.exists(each));
  if (path === undefined) {
    throw Object.assign(new Error("there is no log socket"), { code: "ENOENT" });
  }
  await sending.begin();
  system.sendDatagram(path, path === journal ? entry : line);
  return path;
}

interface Remote {
  readonly line: Buffer;
  readonly sending: SendOptions;
  /** From here on it may have arrived. */
  readonly onWritten: () => void;
}

async function sendRemote(
  { target, ca }: SyslogSenderOptions,
  { line, sending, onWritten }: Remote,
): Promise<string> {
  const { protocol, host, port } = target;
  if (protocol === "udp") await sendUdp(line, { target, sending });
  else {
    const socket =
      protocol === "tls"
        ? connectTls({
            host,
            port,
            servername: host,
            rejectUnauthorized: true,
            minVersion: "TLSv1.2",
            ...(ca === undefined ? {} : { ca }),
          })
        : connectTcp({ host, port });
    await sendStream(socket, line, {
      ready: protocol === "tls" ? "secureConnect" : "connect",
      sending,
      onWritten,
    });
  }
  return `${host} (syslog over ${protocol})`;
}

/** Nobody says whether a datagram arrived: it counts as given when it was sent (RFC 5426). */
async function sendUdp(
  line: Buffer,
  { target, sending }: { target: SyslogTarget; sending: SendOptions },
): Promise<void> {
  const socket = createSocket(target.host.includes(":") ? "udp6" : "udp4");
  try {
    await sending.begin();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once("error", reject);
    socket.send(line, target.port, target.host, (error) => (error ? reject(error) : resolve()));
    await promise;
  } finally {
    socket.close();
  }
}

/** A frame says its length (RFC 6587 section 3.4.1, RFC 5425). Nobody confirms it: what is known is that it was written,
 * and that the other side did not reset the connection thereupon. */
async function sendStream(
  socket: Socket,
  line: Buffer,
  { ready, sending, onWritten }: Pick<Remote, "sending" | "onWritten"> & { ready: string },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("no answer in time")));
  socket.on("error", (error) => {
    reject(error);
    failed.reject(error);
  });
  const stop = () => socket.destroy(new Error("stopped"));
  sending.signal.addEventListener("abort", stop, { once: true });
  socket.once(ready, () => resolve());
  try {
    await promise;
    await sending.begin();
    const written = Promise.withResolvers<void>();
    const frame = Buffer.concat([Buffer.from(`${line.length} `), line]);
    socket.end(frame, (error?: Error | null) =>
      error ? written.reject(error) : written.resolve(),
    );
    await Promise.race([written.promise, failed.promise]);
    onWritten();
    sending.signal.removeEventListener("abort", stop);
    await Promise.race([closedOrQuiet(socket), failed.promise]);
  } finally {
    sending.signal.removeEventListener("abort", stop);
    // The other side closes, or the timeout ends it.
    socket.resume();
  }
}

async function closedOrQuiet(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, REFUSAL_MS);
  socket.once("close", () => resolve());
  socket.resume();
  await promise;
  clearTimeout(timer);
}
