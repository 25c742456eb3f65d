/** The remote session that somebody's command runs in, so that a limit which cuts it off is taken back. */

import { readFileSync } from "node:fs";
import { parseAddress } from "../model/address.ts";
import type { SessionPath } from "../model/limit.ts";

const NAME = "SSH_CONNECTION";
/** Shells in shells in sudo; further up is no session any more. */
const MAX_ANCESTORS = 20;
const MAX_ENVIRON_BYTES = 262_144;

export interface CallerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** A folder like /proc. */
  readonly root?: string;
}

/** undefined: it is a local one, or nobody can tell. sudo takes the variable away, so ancestors are asked as well. */
export function callerSession({
  env,
  pid,
  root = "/proc",
}: CallerOptions): SessionPath | undefined {
  const own = parseConnection(env[NAME]);
  if (own !== undefined) return own;
  let at: number | undefined = pid;
  for (let i = 0; i < MAX_ANCESTORS && at !== undefined && at > 1; i += 1) {
    const found = parseConnection(variableOf(`${root}/${at}/environ`));
    if (found !== undefined) return found;
    at = parentOf(`${root}/${at}/stat`);
  }
  return undefined;
}

/** "198.51.100.7 50000 192.0.2.1 22", as sshd(8) sets it. */
export function parseConnection(text: string | undefined): SessionPath | undefined {
  const [remote = "", remotePort = "", local = "", localPort = ""] = text?.split(" ") ?? [];
  const remoteAddress = addressOf(remote);
  const localAddress = addressOf(local);
  const isPort = (port: string) => /^\d{1,5}$/.test(port) && Number(port) <= 65_535;
  if (remoteAddress === undefined || localAddress === undefined) return undefined;
  if (!isPort(remotePort) || !isPort(localPort)) return undefined;
  return {
    remoteAddress,
    remotePort: Number(remotePort),
    localAddress,
    localPort: Number(localPort),
  };
}

/** Without the interface of a link-local one: "fe80::1%eth0". */
function addressOf(text: string): string | undefined {
  const bare = text.replace(/%.*$/, "");
  return parseAddress(bare) === undefined ? undefined : bare;
}

function variableOf(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8").slice(0, MAX_ENVIRON_BYTES);
    const found = text.split("\0").find((one) => one.startsWith(`${NAME}=`));
    return found?.slice(NAME.length + 1);
  } catch {
    return undefined; // another user's, or gone
  }
}

function parentOf(path: string): number | undefined {
  try {
    // The name in brackets may hold anything (proc_pid_stat(5)).
    const stat = readFileSync(path, "utf8");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    return Number.isInteger(parent) ? parent : undefined;
  } catch {
    return undefined;
  }
}
