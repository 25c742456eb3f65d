// What a test run left on the machine, and the removal of what dead runs left.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { host, MARK, RUN, run, runSync, signal } from "./place.ts";

const NAMESPACE = /^mta-(\d+)-/;
const DEVICE = /^mta(\d+)h\d+$/;

export interface Leftovers {
  /** Network namespaces and devices that this run made. */
  namespaces: string[];
  devices: string[];
  /** On any device of the host, without those that the kernel puts there by itself. */
  qdiscs: string[];
  /** Loaded and held by nobody, or by a process of this run; none where bpftool is missing. */
  bpfPrograms: string[];
  /** Started by this run and still there; this process is not counted. */
  processes: string[];
}

export const NOTHING: Leftovers = {
  namespaces: [],
  devices: [],
  qdiscs: [],
  bpfPrograms: [],
  processes: [],
};

/** What is there now and was not there in `since`, an earlier answer. */
export async function leftovers(since: Leftovers = NOTHING): Promise<Leftovers> {
  const found: Leftovers = {
    namespaces: namespaces().filter((name) => name.startsWith(`${RUN}-`)),
    devices: devices().filter((name) => name.startsWith(`mta${process.pid}h`)),
    qdiscs: await qdiscs(),
    bpfPrograms: await bpfPrograms(),
    processes: processes(),
  };
  const isNew = (kind: keyof Leftovers) => found[kind].filter((it) => !since[kind].includes(it));
  return {
    namespaces: isNew("namespaces"),
    devices: isNew("devices"),
    qdiscs: isNew("qdiscs"),
    bpfPrograms: isNew("bpfPrograms"),
    processes: isNew("processes"),
  };
}

/** Removes the namespaces, devices and processes of test runs that are no more. Returns what it removed. */
export function sweep(): string[] {
  const dead = (name: string, pattern: RegExp) => {
    const pid = pattern.exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  };
  const oldNamespaces = namespaces().filter((name) => dead(name, NAMESPACE));
  const oldDevices = devices().filter((name) => dead(name, DEVICE));
  for (const name of oldNamespaces) removeNamespace(name);
  for (const name of oldDevices) runSync("ip", ["link", "del", name]);
  const orphans = marked().filter(({ run }) => !existsSync(`/proc/${run.slice("mta-".length)}`));
  for (const { pid } of orphans) signal(pid);
  return [...oldNamespaces, ...oldDevices, ...orphans.map(({ pid }) => `process ${pid}`)];
}

/** A namespace lives as long as a process is in it, so those go first. */
export function removeNamespace(name: string): void {
  for (const pid of runSync("ip", ["netns", "pids", name]).split("\n")) {
    if (pid !== "") signal(Number(pid));
  }
  runSync("ip", ["netns", "del", name]);
}

function namespaces(): string[] {
  return list("/run/netns");
}

function devices(): string[] {
  return list("/sys/class/net");
}

async function qdiscs(): Promise<string[]> {
  const found: { dev: string; kind: string; handle: string }[] = JSON.parse(
    await host.exec("tc", ["-j", "qdisc", "show"]),
  );
  // The kernel's own choice has no number; so has what a queue of "mq" holds.
  return found
    .filter(({ handle }) => handle !== "0:")
    .map(({ dev, kind, handle }) => `${dev} ${kind} ${handle}`);
}

async function bpfPrograms(): Promise<string[]> {
  let found: { id: number; type: string; name?: string }[];
  try {
    found = JSON.parse(await run("bpftool", ["prog", "show", "-j"]));
  } catch {
    return [];
  }
  const ours = new Set([process.pid, ...processesOf(RUN).map(({ pid }) => pid)]);
  const holders = programHolders();
  return found
    .filter(({ id }) => holders.get(id)?.some((pid) => ours.has(pid)) ?? true)
    .map(({ id, type, name }) => `${id} ${type} ${name ?? ""}`.trim());
}

/** Who holds a program or a link to it, by program. bpftool's own list needs more of the kernel than lockdown grants. */
function programHolders(): Map<number, number[]> {
  const holders = new Map<number, number[]>();
  for (const pid of pids()) {
    for (const fd of list(`/proc/${pid}/fdinfo`)) {
      const id = /^prog_id:\s*(\d+)/m.exec(read(`/proc/${pid}/fdinfo/${fd}`))?.[1];
      if (id !== undefined) holders.set(Number(id), [...(holders.get(Number(id)) ?? []), pid]);
    }
  }
  return holders;
}

function processes(): string[] {
  return processesOf(RUN)
    .filter(({ pid }) => pid !== process.pid)
    .map(({ pid, command }) => `${pid} ${command}`);
}

function processesOf(wanted: string): { pid: number; command: string }[] {
  return marked().filter(({ run }) => run === wanted);
}

/** Processes started by any test run. One that has ended and waits for its parent has no environment. */
function marked(): { pid: number; run: string; command: string }[] {
  return pids().flatMap((pid) => {
    const environment = read(`/proc/${pid}/environ`).split("\0");
    const mark = environment.find((it) => it.startsWith(`${MARK}=mta-`));
    if (mark === undefined) return [];
    const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
    return [{ pid, run: mark.slice(MARK.length + 1), command }];
  });
}

function pids(): number[] {
  return list("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** Empty where the process is gone in the meantime, or not ours to read. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
