/** Carries out steps at the interfaces: `ip` and `tc` in batches, filters over netlink, and the removal of all of it. */

import { existsSync, readFileSync } from "node:fs";
import { MonitauriError } from "../model/error.ts";
import { runCommand } from "../native/command.ts";
import { readInterfaces } from "../native/interfaces.ts";
import {
  addFilter,
  CLSACT_EGRESS,
  CLSACT_INGRESS,
  type Filter,
  readFilters,
  readQdiscs,
  removeFilter,
} from "../native/traffic-control.ts";
import type { ClsactOwned, Journal } from "./journal.ts";
import { type Attachment, FILTER_NAME, FILTER_PRIORITY, SHAPERS } from "./linux-plan.ts";
import { MAJOR_NUMBER } from "./shaper-plan.ts";

const BATCH_TIMEOUT_MS = 30_000;
const HOOKS = { egress: CLSACT_EGRESS, ingress: CLSACT_INGRESS } as const;

/** Runs the lines in one process; nothing where there are none.
 * @throws MonitauriError with the first line that was refused; those before it are done. */
export async function runBatch(
  program: "ip" | "tc",
  lines: readonly string[],
  { force = false } = {},
): Promise<void> {
  if (lines.length === 0) return;
  const argv = [program, ...(force ? ["-force"] : []), "-batch", "-"] as const;
  const input = `${lines.join("\n")}\n`;
  const { exitCode, stderr } = await runCommand(argv, { input, timeoutMs: BATCH_TIMEOUT_MS });
  if (exitCode === 0 || force) return;
  const at = Number(/Command failed -:(\d+)/.exec(stderr)?.[1] ?? 0);
  const reason = stderr.split("\n").find((line) => line !== "") ?? `exit code ${exitCode}`;
  const { code, remedy } = verdict(reason);
  throw new MonitauriError(
    code,
    `Cannot run "${program} ${lines[at - 1] ?? lines[0]}": ${reason.trim()}. ${remedy}`,
  );
}

function verdict(reason: string): { code: "unsupported" | "failed" | "forbidden"; remedy: string } {
  if (/kind is unknown|not supported|Unknown device type|No such file/i.test(reason)) {
    return {
      code: "unsupported",
      remedy:
        "Load the kernel's modules: sudo modprobe -a ifb sch_htb sch_ingress cls_bpf act_mirred",
    };
  }
  if (/not permitted/i.test(reason))
    return { code: "forbidden", remedy: "Start Monitauri with sudo" };
  return { code: "failed", remedy: "The limits from before stay" };
}

/** Whether the shapers of this network namespace are a living process's. Says so in an alias of the device. */
export async function ownerOfShapers(): Promise<number | "nobody" | undefined> {
  const names: readonly string[] = Object.values(SHAPERS);
  const found = readInterfaces().filter(({ name }) => names.includes(name));
  if (found.length === 0) return undefined;
  for (const { name } of found) {
    const { stdout } = await runCommand(["ip", "-o", "link", "show", "dev", name]);
    const [, pid = "", ticks] = /alias Monitauri (\d+) (\d+)/.exec(stdout) ?? [];
    if (pid !== "" && startTicksOf(Number(pid)) === ticks) return Number(pid);
  }
  return "nobody";
}

/** For `ip -batch`: whose the device is. */
export function claimLine(device: string): string {
  const alias = `Monitauri ${process.pid} ${startTicksOf(process.pid) ?? 0}`;
  return `link set dev ${device} alias "${alias}"`;
}

/** Field 22 of /proc/PID/stat; undefined: no such process. */
function startTicksOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** Index of a shaper's device. @throws MonitauriError where it is gone. */
export function shaperIndex(device: string): number {
  const found = readInterfaces().find(({ name }) => name === device);
  if (found !== undefined) return found.ifindex;
  throw new MonitauriError(
    "failed",
    `Cannot use ${device}: somebody removed it. Apply the limits again`,
  );
}

/** Makes sure that the devices can be made and are nobody else's.
 * @throws MonitauriError "busy" where another daemon limits this network namespace. */
export async function prepareShapers(): Promise<void> {
  const owner = await ownerOfShapers();
  if (owner !== undefined && owner !== "nobody" && owner !== process.pid) {
    throw new MonitauriError(
      "busy",
      `Cannot limit: another Monitauri (process ${owner}) limits this machine. Stop it, or give the rules to it`,
    );
  }
  if (owner !== undefined) await removeLeftovers([]);
  // By itself the module would make two devices that nobody needs.
  if (!existsSync("/sys/module/ifb"))
    await runCommand(["modprobe", "ifb", "numifbs=0"]).catch(() => {});
}

/** The filter that gives HTB the class. */
export function attachToShaper(device: string, programFd: number): void {
  addFilter({
    ifindex: shaperIndex(device),
    parent: MAJOR_NUMBER,
    priority: 1,
    name: FILTER_NAME,
    programFd,
    then: { classOf: MAJOR_NUMBER | 1 },
  });
}

/** Puts the filter on, and a clsact where the interface has none: that is written down first.
 * @throws MonitauriError with what hinders it. */
export async function attachToDevice(
  one: Attachment,
  { programFd, journal, owned }: { programFd: number; journal: Journal; owned: ClsactOwned[] },
): Promise<void> {
  if (!hasQdisc(one.ifindex, "clsact")) await addClsact(one, { journal, owned });
  const parent = HOOKS[one.hook];
  for (const filter of ourFilters(one.ifindex, parent)) removeFilter(filter);
  addFilter({
    ifindex: one.ifindex,
    parent,
    priority: FILTER_PRIORITY,
    name: FILTER_NAME,
    programFd,
    then: { redirectTo: shaperIndex(SHAPERS[one.shaping]) },
  });
}

async function addClsact(
  { name, ifindex }: Attachment,
  { journal, owned }: { journal: Journal; owned: ClsactOwned[] },
): Promise<void> {
  const mine = { name, ifindex };
  owned.push(mine);
  try {
    journal.write({ clsact: owned });
    await runBatch("tc", [`qdisc add dev ${name} clsact`]);
  } catch (error) {
    // Not made, or somebody else's: it is not ours to remove.
    owned.splice(owned.indexOf(mine), 1);
    if (hasQdisc(ifindex, "clsact")) return;
    if (!hasQdisc(ifindex, "ingress")) throw error;
    throw new MonitauriError(
      "failed",
      `Cannot limit at ${name}: it has an ingress qdisc of another program (SQM and wondershaper make one), and beside ` +
        `that the kernel takes no clsact. Stop that program, or run: tc qdisc del dev ${name} ingress`,
      { cause: error },
    );
  }
}

/** Takes the filter off. The interface may be gone, or somebody may have removed it already. */
export function detachFromDevice({ ifindex, hook }: Pick<Attachment, "ifindex" | "hook">): void {
  for (const filter of ourFilters(ifindex, HOOKS[hook])) removeFilter(filter);
}

/** Removes a clsact that is ours, unless somebody has put filters into it meanwhile. */
export async function releaseClsact({ name, ifindex }: ClsactOwned): Promise<void> {
  if (!hasQdisc(ifindex, "clsact")) return;
  const isNamed = readInterfaces().some((one) => one.ifindex === ifindex && one.name === name);
  const left = Object.values(HOOKS).flatMap((parent) => filtersAt(ifindex, parent));
  if (isNamed && left.length === 0) {
    await runBatch("tc", [`qdisc del dev ${name} clsact`], { force: true });
  }
}

/** Everything that a limiter may have left: our filters anywhere, our clsacts, our shapers. */
export async function removeLeftovers(owned: readonly ClsactOwned[]): Promise<boolean> {
  let found = false;
  for (const { ifindex, kind } of readQdiscs()) {
    if (kind !== "clsact") continue;
    for (const parent of Object.values(HOOKS)) {
      for (const filter of ourFilters(ifindex, parent)) {
        removeFilter(filter);
        found = true;
      }
    }
  }
  for (const one of owned) await releaseClsact(one);
  const names: readonly string[] = Object.values(SHAPERS);
  const shapers = readInterfaces().filter(
    ({ name, linkKind }) => linkKind === "ifb" && names.includes(name),
  );
  await runBatch(
    "ip",
    shapers.map(({ name }) => `link del dev ${name}`),
    { force: true },
  );
  return found || shapers.length > 0;
}

/** Whether the filter is still there, and whether others' filters come before it. */
export function inspect({ ifindex, hook }: Attachment): { isThere: boolean; others: number } {
  const filters = filtersAt(ifindex, HOOKS[hook]);
  const ours = filters.filter(isOurs);
  return { isThere: ours.length > 0, others: filters.length - ours.length };
}

function ourFilters(ifindex: number, parent: number): Filter[] {
  return filtersAt(ifindex, parent).filter(isOurs);
}

function isOurs({ kind, name }: Filter): boolean {
  return kind === "bpf" && name === FILTER_NAME;
}

/** None where the interface or its clsact is gone. */
function filtersAt(ifindex: number, parent: number): Filter[] {
  try {
    return readFilters(ifindex, parent);
  } catch (error) {
    if (error instanceof MonitauriError) return [];
    throw error;
  }
}

function hasQdisc(ifindex: number, kind: string): boolean {
  return readQdiscs().some((one) => one.ifindex === ifindex && one.kind === kind);
}
