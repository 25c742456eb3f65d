// Runs a virtual machine to its end, without hardware help: this is to work everywhere.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { atEnd } from "../e2e/generators/place.ts";

export interface Machine {
  /** The kernel's image and its first files. */
  readonly kernel: string;
  readonly first: string;
  /** Disks in the order of the guest's names; what the guest writes is forgotten. */
  readonly disks: readonly string[];
  /** For the guest's init. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly line: (text: string) => void;
  /** The address of a disk that is served over NBD and keeps what the guest writes; the last one. */
  readonly served?: string;
  readonly memoryMib?: number;
  /** Its power fails when this says so. */
  readonly powerOff?: AbortSignal;
}

const PROCESSORS = 2;
/** QEMU 7.2 leaves rubbish in the flags after CMPXCHG16B, on which Linux 6.12 dies at a random place (three of nine
 * boots; none of six without the instruction). Five-level page tables only cost time. */
const PROCESSOR = "max,cx16=off,la57=off";
const MEMORY_MIB = 3072;

/** Resolves to the exit code of the guest's tests, undefined where its power failed. @throws when the guest does not get
 * that far in time. */
export function runMachine(machine: Machine): Promise<number | undefined> {
  const disks = machine.disks.flatMap((file) => [
    "-drive",
    `file=${file.replaceAll(",", ",,")},if=virtio,format=raw,snapshot=on`,
  ]);
  if (machine.served !== undefined) {
    // Flushes are passed on, and nothing is kept in between.
    disks.push("-drive", `file=nbd:unix:${machine.served},if=virtio,format=raw,cache=none`);
  }
  const variables = Object.entries(machine.environment).map(
    ([name, value]) => `${name}="${value}"`,
  );
  const append = ["console=ttyS0", "quiet", "panic=-1", "random.trust_cpu=on", ...variables];
  const child = spawn(
    "nice",
    [
      ...["-n", "10", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot"],
      ...["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", PROCESSOR],
      ...[
        "-smp",
        String(PROCESSORS),
        "-m",
        String(machine.memoryMib ?? MEMORY_MIB),
        "-nic",
        "none",
      ],
      ...["-display", "none", "-serial", "stdio", "-monitor", "none"],
      ...["-kernel", machine.kernel, "-initrd", machine.first, "-append", append.join(" ")],
      ...disks,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return new Promise((resolve, reject) => {
    let code: number | undefined;
    let late = false;
    const end = () => child.kill("SIGKILL");
    const release = atEnd(end);
    const timer = setTimeout(() => {
      late = true;
      end();
    }, machine.timeoutMs);
    createInterface({ input: child.stdout }).on("line", (raw) => {
      const text = raw.replace(/\r$/, "");
      const said = /^guest ended with (\d+)$/.exec(text)?.[1];
      if (said === undefined) machine.line(text);
      else code = Number(said);
    });
    const { powerOff } = machine;
    powerOff?.addEventListener("abort", end, { once: true });
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      release();
      powerOff?.removeEventListener("abort", end);
      if (powerOff?.aborted === true) resolve(undefined);
      else if (code !== undefined) resolve(code);
      else if (late) reject(new Error(`The guest was stopped after ${machine.timeoutMs / 1000} s`));
      else reject(new Error(`The guest ended without a result (qemu: ${status})`));
    });
  });
}
