// Boots other kernels and runs the tests that need one inside of them:
// npm run test:kernels -- [KERNEL...] [TEST FILE...] [--only=PATTERN of test names].
// Needs root and apt.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { atEnd } from "../e2e/generators/place.ts";
import { runMachine } from "./boot.ts";
import { checkoutDisk, firstFiles, makeDisk, programsDisk } from "./disks.ts";
import { cacheFolder, obtainKernel, RELEASES, toolsEnvironment } from "./kernels.ts";

/** Program or file, and the package that has it. */
const NEEDS = {
  "/usr/bin/qemu-system-x86_64": "qemu-system-x86",
  "/bin/busybox": "busybox-static",
  "/usr/bin/cpio": "cpio",
  "/sbin/depmod": "kmod",
  "/sbin/mke2fs": "e2fsprogs",
  "/usr/bin/xz": "xz-utils",
  "/usr/bin/wg": "wireguard-tools",
};

const TESTS = [
  "test/kernels/doctor.test.ts",
  "test/e2e/attribution.test.ts",
  "test/kernels/sctp.test.ts",
  "test/kernels/tunnels.test.ts",
  "test/kernels/qdiscs.test.ts",
  "test/kernels/limits.test.ts",
  "test/e2e/limits-devices.test.ts",
];

/** A guest without hardware help is ten to twenty times slower. */
const TIMEOUT_MS = 60 * 60_000;

const root = resolve(import.meta.dirname, "../..");
const { values, positionals } = parseArgs({
  options: { only: { type: "string", default: "" } },
  allowPositionals: true,
});
const kernels = positionals.filter((it) => it in RELEASES);
const tests = positionals.filter((it) => !(it in RELEASES));
process.exitCode = await main();

async function main(): Promise<number> {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    console.error("Cannot run other kernels: this needs root and apt, for the packages of both");
    return 1;
  }
  for (const test of tests) {
    if (existsSync(join(root, test))) continue;
    console.error(`"${test}" is no kernel (${Object.keys(RELEASES).join(", ")}) and no test file`);
    return 2;
  }
  installNeeds();
  const folder = mkdtempSync(join(cacheFolder(), "run-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const release = atEnd(remove);
  try {
    const programs = programsDisk();
    const checkout = join(folder, "checkout.ext4");
    checkoutDisk(root, checkout);
    let failed = 0;
    for (const name of kernels.length > 0 ? kernels : Object.keys(RELEASES)) {
      failed += (await runKernel(name, { folder, programs, checkout })) ? 0 : 1;
    }
    return failed > 0 ? 1 : 0;
  } finally {
    remove();
    release();
  }
}

async function runKernel(
  name: string,
  { folder, programs, checkout }: { folder: string; programs: string; checkout: string },
): Promise<boolean> {
  const startedMs = performance.now();
  const kernel = obtainKernel(name, makeDisk);
  const first = join(folder, `first-${name}.cpio`);
  firstFiles(kernel, first);
  console.log(`Linux ${kernel.version}`);
  let summary = "no summary";
  const code = await runMachine({
    kernel: kernel.image,
    first,
    disks: [programs, kernel.disk, checkout],
    environment: {
      TESTS: (tests.length > 0 ? tests : TESTS).map(inRoot).join(" "),
      ONLY: values.only,
    },
    timeoutMs: TIMEOUT_MS,
    line(text) {
      if (text.startsWith("summary ")) summary = counted(text.slice("summary ".length));
      else console.log(`  ${text}`);
    },
  }).catch((error: Error) => {
    summary = error.message;
    return 1;
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(`Linux ${kernel.version}: ${code === 0 ? "ok" : "FAILED"}  ${summary}  ${seconds} s`);
  return code === 0;
}

function inRoot(path: string): string {
  return relative(root, resolve(root, path));
}

function counted(json: string): string {
  const { passed, failed, skipped } = JSON.parse(json);
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function installNeeds(): void {
  const missing = Object.entries(NEEDS).flatMap(([path, name]) => (existsSync(path) ? [] : [name]));
  if (missing.length === 0) return;
  console.log(`installing with apt: ${missing.join(" ")}`);
  const env = { ...toolsEnvironment(), DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["-qq", "update"], { env });
  execFileSync("apt-get", ["-qq", "install", "-y", "--no-install-recommends", ...missing], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
