// What the guest runs from: a file system with this machine's own programs, one with the checkout,
// and the few files that find both.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { nodePackage } from "../../bin/runtime.mjs";
import { cacheFolder, type Kernel, toolsEnvironment } from "./kernels.ts";

/** What tests and generators use; their dependencies come along. */
const PACKAGES = [
  ...[
    "busybox-static",
    "dash",
    "bash",
    "mount",
    "hostname",
    "coreutils",
    "util-linux",
    "sed",
    "grep",
    "findutils",
    "procps",
    "kmod",
  ],
  ...[
    "gcc",
    "libc6-dev",
    "python3",
    "iproute2",
    "nftables",
    "ethtool",
    "bpftool",
    "libbpf1",
    "wireguard-tools",
  ],
];
const LEFT_OUT = /^\/usr\/share\/(doc|man|locale|info|i18n|perl|lintian|bash-completion)\//;
const FOLDERS = ["proc", "sys", "dev", "run", "tmp", "root", "monitauri", "usr/lib/modules"];
const CHECKOUT = ["bin", "bpf", "dist", "scripts", "src", "test", "package.json"];

/** Drivers without which the guest finds no disk; what a kernel has built in is skipped. */
const FIRST_MODULES = ["virtio_pci", "virtio_blk", "ext4"];
const MIB = 2 ** 20;

/** The installed files of those packages, once per set of versions. Returns the disk. */
export function programsDisk(): string {
  const packages = closure();
  const versions = output("dpkg-query", ["-W", "-f", "${Package} ${Version}\n", ...packages]);
  const hash = createHash("sha256").update(versions).update(String(LEFT_OUT)).digest("hex");
  const disk = join(cacheFolder(), `programs-${hash.slice(0, 16)}.ext4`);
  if (fs.existsSync(disk)) return disk;
  for (const old of fs.globSync(join(cacheFolder(), "programs-*.ext4"))) fs.rmSync(old);
  inFolder((stage) => {
    for (const folder of FOLDERS) fs.mkdirSync(join(stage, folder), { recursive: true });
    for (const [name, target] of Object.entries(topLinks())) {
      fs.symlinkSync(target, join(stage, name));
    }
    pack(stage, ["/etc/alternatives", ...installedFiles(packages), ...chosenByAlternatives()]);
    makeDisk(stage, disk);
  });
  return disk;
}

/** The checkout as it is now, with the packages it needs to run, at `to`. */
export function checkoutDisk(root: string, to: string): void {
  inFolder((stage) => {
    const copy = (path: string) =>
      fs.cpSync(join(root, path), join(stage, path), { recursive: true, verbatimSymlinks: true });
    for (const path of CHECKOUT) copy(path);
    const node = nodePackage(root)?.name;
    for (const name of runtimePackages(root)) copy(join("node_modules", name));
    if (node !== undefined && fs.existsSync(join(root, "node_modules", node))) {
      copy(join("node_modules", node));
    }
    fs.copyFileSync(process.execPath, join(stage, "node"));
    makeDisk(stage, to);
  });
}

/** The first file system in memory: it loads the disk's drivers and goes on there. Written to `to`. */
export function firstFiles(kernel: Kernel, to: string): void {
  inFolder((stage) => {
    for (const folder of ["bin", "modules", "guest", "dev", "proc"]) {
      fs.mkdirSync(join(stage, folder));
    }
    fs.copyFileSync("/bin/busybox", join(stage, "bin/busybox"));
    fs.copyFileSync(join(import.meta.dirname, "first.sh"), join(stage, "init"));
    fs.chmodSync(join(stage, "init"), 0o755);
    for (const [index, path] of moduleFiles(kernel).entries()) {
      const name = `${String(index).padStart(2, "0")}-${basename(path)}`;
      fs.copyFileSync(join(kernel.modules, path), join(stage, "modules", name));
    }
    const list = output("find", [".", "-print0"], { cwd: stage });
    const { stdout, status } = spawnSync("cpio", ["-0", "-o", "-H", "newc", "--quiet"], {
      cwd: stage,
      input: list,
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error("cpio cannot pack the guest's first files");
    fs.writeFileSync(to, stdout);
  });
}

/** An ext4 file system in the file `to` with the contents of the folder `from`. */
export function makeDisk(from: string, to: string): void {
  const usedKib = Number(output("du", ["-sk", "--apparent-size", from]).split("\t")[0]);
  const unfinished = `${to}.${process.pid}`;
  fs.writeFileSync(unfinished, "");
  fs.truncateSync(unfinished, Math.ceil((usedKib * 1.3) / 1024 + 64) * MIB);
  output("mke2fs", ["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-d", from, unfinished]);
  fs.renameSync(unfinished, to);
}

/** Modules in the order in which they must be loaded. */
function moduleFiles(kernel: Kernel): string[] {
  const lines = fs.readFileSync(join(kernel.modules, "modules.dep"), "utf8").split("\n");
  const found = new Set<string>();
  for (const name of FIRST_MODULES) {
    const line = lines.find((it) => it.split(":")[0]?.endsWith(`/${name}.ko`));
    const [own, needs = ""] = line?.split(":") ?? [];
    if (own === undefined) continue;
    // modules.dep lists the innermost dependency last.
    for (const need of needs.trim().split(" ").reverse()) if (need !== "") found.add(need);
    found.add(own);
  }
  return [...found];
}

function closure(): string[] {
  const only = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"];
  const options = ["--recurse", "--installed", ...only.map((kind) => `--no-${kind}`)];
  const text = output("apt-cache", ["depends", ...options, ...PACKAGES]);
  const names = text.split("\n").filter((line) => /^[a-z]/.test(line));
  const known = output("dpkg-query", ["-W", "-f", "${db:Status-Abbrev} ${Package}\n"]);
  const installed = new Set(
    known.split("\n").flatMap((line) => (line.startsWith("ii") ? [line.slice(3).trim()] : [])),
  );
  return [...new Set(names)].filter((name) => installed.has(name)).sort();
}

function installedFiles(packages: readonly string[]): string[] {
  const found = new Set<string>();
  for (const line of output("dpkg", ["-L", ...packages]).split("\n")) {
    if (!line.startsWith("/") || LEFT_OUT.test(line) || line === "/.") continue;
    const status = fs.lstatSync(line, { throwIfNoEntry: false });
    if (status === undefined || status.isDirectory()) continue;
    // Packages still name /lib and /bin, which are links into /usr.
    found.add(join(fs.realpathSync(dirname(line)), basename(line)));
  }
  return [...found];
}

/** Names such as cc, which belong to no package. */
function chosenByAlternatives(): string[] {
  return fs
    .readdirSync("/usr/bin")
    .map((name) => join("/usr/bin", name))
    .filter((path) => fs.lstatSync(path).isSymbolicLink())
    .filter((path) => fs.readlinkSync(path).startsWith("/etc/alternatives/"));
}

function topLinks(): Record<string, string> {
  const names = fs.readdirSync("/").filter((name) => /^(bin|sbin|lib.*)$/.test(name));
  const links = names.filter((name) => fs.lstatSync(join("/", name)).isSymbolicLink());
  return Object.fromEntries(links.map((name) => [name, fs.readlinkSync(join("/", name))]));
}

function pack(stage: string, paths: readonly string[]): void {
  const more = ["/etc/ld.so.cache", "/etc/passwd", "/etc/group", "/etc/protocols", "/etc/services"];
  const there = [...paths, ...more].filter((path) => fs.existsSync(path));
  const list = join(stage, ".list");
  fs.writeFileSync(list, there.map((path) => path.slice(1)).join("\0"));
  const archive = join(stage, ".tar");
  output("tar", ["-C", "/", "--null", "-T", list, "-cf", archive]);
  output("tar", ["-C", stage, "-xf", archive]);
  for (const path of [list, archive]) fs.rmSync(path);
}

/** Names of the packages that the program itself loads, and what those load. */
function runtimePackages(root: string): string[] {
  const found = new Set<string>();
  const visit = (names: readonly string[]) => {
    for (const name of names) {
      const manifest = join(root, "node_modules", name, "package.json");
      if (found.has(name) || !fs.existsSync(manifest)) continue;
      found.add(name);
      const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
        fs.readFileSync(manifest, "utf8"),
      );
      visit([...Object.keys(dependencies), ...Object.keys(optionalDependencies)]);
    }
  };
  const { dependencies } = JSON.parse(fs.readFileSync(join(root, "package.json"), "utf8"));
  visit(Object.keys(dependencies));
  return [...found];
}

function inFolder(work: (folder: string) => void): void {
  const folder = fs.mkdtempSync(join(cacheFolder(), "stage-"));
  try {
    work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function output(program: string, args: string[], options: { cwd?: string } = {}): string {
  return execFileSync(program, args, {
    ...options,
    encoding: "utf8",
    env: toolsEnvironment(),
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
}
