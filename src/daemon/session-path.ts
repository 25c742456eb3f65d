/** Whether a rule would touch the connection that it is made over: somebody who limits a machine from afar must not lock
 * themselves out. */

import { setTimeout as sleep } from "node:timers/promises";
import type { LimitRule, SessionPath } from "../model/limit.ts";
import { networkHas, ruleFits, type TrafficFacts } from "../model/limit-match.ts";
import type { Connection } from "../model/sample.ts";
import { connectionFacts, processFacts } from "./limit-list.ts";
import type { Sampling } from "./sampling.ts";

/** What most remote sessions are of, where the connection itself is not known. */
const SSH: TrafficFacts = {
  application: { key: "path:/usr/sbin/sshd", name: "sshd", path: "/usr/sbin/sshd" },
  user: "root",
  uid: 0,
  unit: "ssh.service",
};

/** The facts of the session's connection, and of the processes that hold it. */
export async function sessionFacts(
  via: SessionPath,
  ask: Sampling["ask"],
): Promise<readonly TrafficFacts[]> {
  const ends: TrafficFacts = {
    remoteAddress: via.remoteAddress,
    remotePort: via.remotePort,
    localPort: via.localPort,
    protocol: "tcp",
  };
  try {
    const found = await connectionsOf(via, ask);
    if (found.length === 0) return [{ ...SSH, ...ends }];
    const pids = new Set(found.map(({ pid }) => pid));
    const processes = await ask("ps", { by: "process" });
    const holders = processes.filter(({ pid }) => pid !== null && pids.has(pid));
    return [
      ...found.map(connectionFacts),
      ...holders.map((row) => ({
        ...connectionFacts(found[0] as Connection),
        ...processFacts(row),
      })),
    ];
  } catch {
    // Nobody can say: then what is usual, so that the change can be taken back.
    return [{ ...SSH, ...ends }];
  }
}

export function touchesSession(rule: LimitRule, facts: readonly TrafficFacts[]): boolean {
  return facts.some((one) => ruleFits(rule, one));
}

/** Where a page is read through a tunnel of somebody's remote login, the connection of that login. @param port of the page.
 * @param peer the browser's end as this machine sees it. */
export async function sessionBehind(
  peer: { readonly address: string; readonly port: number },
  port: number,
  ask: Sampling["ask"],
): Promise<SessionPath | undefined> {
  try {
    const browser = await listed(`lport:${peer.port} rport:${port}`, ask);
    if (browser !== undefined && !isSshd(browser)) return undefined;
    // Not to be seen, as where readings are far apart: then it may be that of any login.
    const holder = browser === undefined ? "app:sshd" : `pid:${browser.pid}`;
    const { connections } = await ask("connections", { filter: `${holder} proto:tcp` });
    const all = connections.filter(isSshd);
    const login = all.find(
      ({ remoteAddress, localPort }) =>
        remoteAddress !== undefined && localPort !== peer.port && !isLoopback(remoteAddress),
    );
    return login?.remoteAddress === undefined || login.remotePort === undefined
      ? undefined
      : {
          remoteAddress: login.remoteAddress,
          remotePort: login.remotePort,
          localAddress: login.localAddress,
          localPort: login.localPort,
        };
  } catch {
    return undefined;
  }
}

function isSshd({ applicationKey }: Connection): boolean {
  return /\/sshd$/.test(applicationKey);
}

/** A connection that is there already, but may be so new that no reading has it yet. */
async function listed(filter: string, ask: Sampling["ask"]): Promise<Connection | undefined> {
  for (let tries = 0; tries < LOOKS; tries += 1) {
    if (tries > 0) await sleep(LOOK_AGAIN_MS);
    const { connections } = await ask("connections", { filter });
    const found = connections.find(({ pid }) => pid !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Together three readings at one a second. */
const LOOKS = 12;
const LOOK_AGAIN_MS = 250;

async function connectionsOf(via: SessionPath, ask: Sampling["ask"]): Promise<Connection[]> {
  const filter = `lport:${via.localPort} rport:${via.remotePort} proto:tcp`;
  const { connections } = await ask("connections", { filter });
  return connections.filter(
    ({ remoteAddress }) =>
      remoteAddress !== undefined && networkHas(via.remoteAddress, remoteAddress),
  );
}

function isLoopback(address: string): boolean {
  return address === "::1" || networkHas("127.0.0.0/8", address);
}
