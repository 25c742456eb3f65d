/** Connections over TCP, which every user of the machine can open: a part of them stays free for whoever may sign in. */

import type { Server } from "node:http";
import type { Socket } from "node:net";
import { MonitauriError } from "../model/error.ts";
import type { Bound } from "../model/snapshot.ts";
import { errorAnswer } from "./errors.ts";
import { secureHeaders } from "./guard.ts";
import { MAX_CLIENTS } from "./http-server.ts";

/** Up to here it costs nothing: nobody is asked who it is. So one user may have as many in any case. */
export const MAX_OF_ONE = MAX_CLIENTS / 2;
/** Of all users together who may not sign in; the rest is for those who may. */
export const MAX_OF_STRANGERS = (MAX_CLIENTS * 3) / 4;

/** Another end of a connection, as Node writes it. */
export interface ClientEnd {
  readonly address: string;
  readonly port: number;
}

/** The user at this end where it is none of those who may sign in, "nobody" where it is not to be seen; undefined: it is one
 * of them, or this system does not say. */
export type StrangerAt = (end: ClientEnd) => number | "nobody" | undefined;

export interface FairShare {
  /** Watches the connections of this server, too; 503 for those that are too many. */
  guard(server: Server): void;
  /** How full it is; for `doctor`. */
  bounds(): Bound[];
}

export function createFairShare(strangerAt: StrangerAt): FairShare {
  /** Who each connection is of; null: not asked yet. */
  const open = new Map<Socket, ReturnType<StrangerAt> | null>();
  let refused = 0;

  function stranger(socket: Socket): ReturnType<StrangerAt> {
    const known = open.get(socket);
    if (known !== null) return known;
    const { remoteAddress: address, remotePort: port } = socket;
    // Without an address it has ended already.
    const found =
      address === undefined || port === undefined ? "nobody" : strangerAt({ address, port });
    open.set(socket, found);
    return found;
  }

  function isTooMany(socket: Socket): boolean {
    if (open.size <= MAX_OF_ONE) return false;
    const who = stranger(socket);
    if (who === undefined) return false;
    const strangers = [...open.keys()].map(stranger).filter((one) => one !== undefined);
    const own = strangers.filter((one) => one === who);
    return own.length > MAX_OF_ONE || strangers.length > MAX_OF_STRANGERS;
  }

  function take(socket: Socket): void {
    if (open.size >= MAX_CLIENTS) {
      socket.destroy();
      return;
    }
    open.set(socket, null);
    socket.once("close", () => open.delete(socket));
    if (!isTooMany(socket)) return;
    open.delete(socket);
    refused += 1;
    refuse(socket);
  }

  return {
    guard: (server) => void server.on("connection", take),
    bounds() {
      const strangers = [...open.values()].filter((who) => who !== null && who !== undefined);
      return [
        {
          name: "connections to the port",
          used: open.size,
          limit: MAX_CLIENTS,
          whenFull: "further ones are closed",
        },
        {
          name: "connections to the port of users who may not sign in",
          used: strangers.length,
          limit: MAX_OF_STRANGERS,
          whenFull: `further ones are refused, as beyond ${MAX_OF_ONE} of one user (${refused} since the start)`,
        },
      ];
    },
  };
}

/** At once and without reading what is asked, so that it holds nothing. */
function refuse(socket: Socket): void {
  const text = "Cannot answer: this user has too many connections open. Close some, then try again";
  const { status, body } = errorAnswer(new MonitauriError("busy", text));
  const json = JSON.stringify(body);
  const headers = {
    ...secureHeaders(),
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(json)),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} Service Unavailable\r\n${lines.join("")}\r\n`;
  socket.end(head + json, () => socket.destroy());
}
