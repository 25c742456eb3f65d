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
      try {
        const where =
          target.protocol === "local"
            ? await sendLocal(options, { line, entry: journalEntry(message), sending })
            : await sendRemote(options, { line, sending });
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
          unknown: false,
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

async function sendRemote(
  { target, ca }: SyslogSenderOptions,
  { line, sending }: { line: Buffer; sending: SendOptions },
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

/** A frame says its length (RFC 6587 section 3.4.1, RFC 5425). */
async function sendStream(
  socket: Socket,
  line: Buffer,
  { ready, sending }: { ready: string; sending: SendOptions },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error("no answer in time")));
  socket.on("error", reject);
  const stop = () => socket.destroy(new Error("stopped"));
  sending.signal.addEventListener("abort", stop, { once: true });
  socket.once(ready, () => resolve());
  try {
    await promise;
    await sending.begin();
    const written = Promise.withResolvers<void>();
    socket.on("error", written.reject);
    socket.end(Buffer.concat([Buffer.from(`${line.length} `), line]), () => written.resolve());
    await written.promise;
  } finally {
    sending.signal.removeEventListener("abort", stop);
    // The other side closes, or the timeout ends it.
    socket.on("error", () => {});
    socket.resume();
  }
}
