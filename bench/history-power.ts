// Figure 9: the power of a machine that writes history fails, at random moments, again and again on the same disk.
//   node bench/history-power.ts [TIMES]           a virtual machine with a disk that has a volatile write cache
//   node bench/history-power.ts [TIMES] --lies    the same with a disk that ignores flushes: to see that losses are noticed
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chanceOf } from "../src/store/scripted-ticks.ts";
import { runMachine } from "../test/kernels/boot.ts";
import { checkoutDisk, firstFiles, makeDisk, programsDisk } from "../test/kernels/disks.ts";
import { obtainKernel, toolsEnvironment } from "../test/kernels/kernels.ts";
import { serveDisk, type VolatileDisk } from "../test/kernels/volatile-disk.ts";
import { argument, machineLine, writeResults } from "./results.ts";

const START_MS = Date.parse("2026-11-08T22:50:00Z");
const DISK_BYTES = 96 * 2 ** 20;
/** From the first tick that is said to be written to the failure, at most. */
const LONGEST_MS = 4_000;
/** Every second failure comes in the middle of the disk's work: after that many writes at most. */
const MOST_WRITES = 60;
const BOOT_MS = 300_000;
/** Where the goal is 2 s and a tick stands for one. */
const ALLOWED_LOST = 2;

interface Found {
  readonly warnings: readonly string[];
  readonly integrity: string;
  readonly ticks: number;
  readonly bytes: number;
}

interface Failure {
  readonly begun: number;
  readonly written: number;
  readonly keptBlocks: number;
  readonly lostBlocks: number;
}

const lies = process.argv.includes("--lies");
const times = lies && process.argv[2] === "--lies" ? 20 : argument(1, { otherwise: 20 });
const seed = Date.now();
const chance = chanceOf(seed);
const root = dirname(import.meta.dirname);
const folder = mkdtempSync(join(tmpdir(), "monitauri-power-"));
try {
  await failMany();
} finally {
  rmSync(folder, { recursive: true });
}

async function failMany(): Promise<void> {
  const kernel = obtainKernel("6.1", makeDisk);
  const [first, checkout] = [join(folder, "first.cpio"), join(folder, "checkout.ext4")];
  firstFiles(kernel, first);
  checkoutDisk(root, checkout);
  const content = emptyDisk();
  await using disk = await serveDisk({ address: join(folder, "disk.sock"), content, lies });
  const machine = {
    kernel: kernel.image,
    first,
    disks: [programsDisk(), kernel.disk, checkout],
    served: disk.address,
    memoryMib: 512,
    timeoutMs: BOOT_MS,
  };
  const problems: string[] = [];
  const failures: Failure[] = [];
  let expected = { ticks: 0, mostTicks: 0 };
  let worstLost = 0;
  let startMs = START_MS;
  for (let n = 0; n <= times; n += 1) {
    const isLast = n === times;
    const { found, begun, written, blocks } = await run(startMs, isLast);
    if (found === undefined) {
      problems.push(`boot ${n + 1}: the history could not be opened`);
      break;
    }
    const lost = Math.max(0, expected.mostTicks - found.ticks);
    worstLost = Math.max(worstLost, lost);
    if (found.ticks < expected.ticks) {
      problems.push(
        `failure ${n}: ${expected.ticks - found.ticks} ticks lost that were said to be written`,
      );
    }
    if (lost > ALLOWED_LOST) problems.push(`failure ${n}: ${lost} s lost`);
    if (found.integrity !== "ok") problems.push(`failure ${n}: ${found.integrity}`);
    for (const warning of found.warnings) problems.push(`failure ${n}: ${warning}`);
    expected = { ticks: found.ticks + written, mostTicks: found.ticks + begun };
    // The next minute: details are kept by minutes.
    startMs = (Math.floor((startMs + begun * 1_000) / 60_000) + 1) * 60_000;
    if (!isLast)
      failures.push({ begun, written, keptBlocks: blocks.kept, lostBlocks: blocks.lost });
    process.stderr.write(
      `${n + 1}/${times + 1}: ${found.ticks} ticks found, ${written} written, ${blocks.lost} of ${blocks.lost + blocks.kept} blocks lost\n`,
    );
  }
  const sum = (of: (one: Failure) => number) => failures.reduce((all, one) => all + of(one), 0);
  const line =
    `${failures.length} power failures, ${sum(({ written }) => written)} ticks said to be written, ` +
    `${disk.flushes()} flushes; ${sum(({ lostBlocks }) => lostBlocks)} of ` +
    `${sum(({ lostBlocks, keptBlocks }) => lostBlocks + keptBlocks)} unflushed blocks lost; ` +
    `worst loss ${worstLost} s; ${problems.length} faults`;
  console.log(`${machineLine()}${lies ? "; a disk that ignores flushes" : ""}\n${line}`);
  for (const problem of problems) console.log(problem);
  writeResults(`history-power${lies ? "-lies" : ""}`, {
    seed,
    times,
    failures,
    worstLost,
    problems,
  });
  if (problems.length > 0) process.exitCode = 1;

  /** One boot: reads what is there and writes until the power fails, at the end ten ticks more. */
  async function run(fromMs: number, isLast: boolean) {
    const power = new AbortController();
    let found: Found | undefined;
    let [begun, written] = [0, 0];
    let timer: NodeJS.Timeout | undefined;
    const off = () => power.abort();
    const fail = () => {
      if (chance() < 0.5) off();
      else disk.failAfter(1 + Math.floor(chance() * MOST_WRITES), off);
    };
    await runMachine({
      ...machine,
      powerOff: power.signal,
      environment: { SCRIPT: "power.sh", START_MS: String(fromMs), UNTIL: isLast ? "10" : "" },
      line(text) {
        if (text.startsWith("found ")) found = JSON.parse(text.slice("found ".length)) as Found;
        else if (text.startsWith("begin ")) begun = Number(text.slice("begin ".length));
        else if (text.startsWith("done ")) {
          written = Number(text.slice("done ".length));
          if (!isLast) timer ??= setTimeout(fail, chance() * LONGEST_MS);
        } else process.stderr.write(`  ${text}\n`);
      },
    }).catch((error: Error) => process.stderr.write(`  ${error.message}\n`));
    clearTimeout(timer);
    return { found, begun, written, blocks: failPower(disk) };
  }
}

function failPower(disk: VolatileDisk): { kept: number; lost: number } {
  return disk.losePower(chance);
}

/** ext4 with its journal, as installers make it. */
function emptyDisk(): Buffer {
  const file = join(folder, "disk.ext4");
  writeFileSync(file, "");
  truncateSync(file, DISK_BYTES);
  execFileSync("mke2fs", ["-q", "-F", "-t", "ext4", file], { env: toolsEnvironment() });
  return readFileSync(file);
}
