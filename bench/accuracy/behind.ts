// A place behind this host, as a container has: a network namespace that reaches the other end through the host.
import { readdirSync, readFileSync } from "node:fs";
import type { Place } from "../../test/e2e/generators/place.ts";
import { makeWorld, type World } from "../../test/e2e/world.ts";

/** Where a process runs, and its pid on this host. */
export interface Behind extends AsyncDisposable {
  readonly place: Place;
  readonly ip4: string;
}

/** The host forwards between the two links, and only between them. */
export async function makeBehind({ a, b }: World): Promise<Behind> {
  const inner = await makeWorld({ host: true, offloads: false });
  try {
    for (const { device } of [a, inner.a]) {
      await a.exec("sysctl", ["-qw", `net.ipv4.conf.${device}.forwarding=1`]);
    }
    await inner.b.exec("ip", ["route", "add", "default", "via", inner.a.ip4]);
    await b.exec("ip", ["route", "replace", inner.b.ip4, "via", a.ip4]);
  } catch (error) {
    await inner.close();
    throw error;
  }
  return { place: inner.b, ip4: inner.b.ip4, [Symbol.asyncDispose]: () => inner.close() };
}

/** The same place with a pid namespace and a /proc of its own, as containers are. */
export function contained(place: Place): Place {
  const own = ["--pid", "--fork", "--kill-child", "--mount-proc"];
  return {
    ...place,
    spawn: (program, args, options) => place.spawn("unshare", [...own, program, ...args], options),
  };
}

/** The only child of a process: what is pid 1 inside has another number here. */
export function childOf(parent: number): number {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = read(`/proc/${entry}/stat`);
    if (stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] === String(parent))
      return Number(entry);
  }
  throw new Error(`Cannot find the child of process ${parent}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // It has just ended.
  }
}
