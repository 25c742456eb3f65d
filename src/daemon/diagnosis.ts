/** What this machine can do for Monitauri, found out by looking: works without a daemon and without root. */

import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import type { Finding } from "../model/monitauri.ts";
import { type Privileges, readPrivileges } from "../native/privileges.ts";
import { readConfigFile } from "./config-file.ts";
import { daemonPlaces, type PlaceOptions } from "./places.ts";
import { platform } from "./platform.ts";

/** What is looked at, so that a test can show another machine. */
export interface Machine {
  readonly platform: string;
  readonly kernel: string;
  readonly privileges: Privileges;
  /** undefined where there is no such file or it may not be read. */
  read(path: string): Buffer | undefined;
  exists(path: string): boolean;
}

export function diagnose(configPath: string, machine = thisMachine()): Finding[] {
  const findings = machine.platform === "linux" ? linuxFindings(machine) : [];
  return [...findings, configFinding(configPath)];
}

/** The same for the place where a daemon started like this would read its configuration. */
export function diagnoseHere(place: PlaceOptions): Finding[] {
  return diagnose(daemonPlaces(place).config);
}

function linuxFindings(machine: Machine): Finding[] {
  return [
    privilegesFinding(machine.privileges),
    kernelFinding(machine.kernel),
    btfFinding(machine),
    tracepointsFinding(machine),
    tcxFinding(machine.kernel),
    cgroupFinding(machine),
    libbpfFinding(machine),
  ];
}

function privilegesFinding({ root, uid, lacking }: Privileges): Finding {
  const feature = "privileges";
  if (!root) {
    return limited(
      feature,
      `user ${uid}, not root: only what the kernel tells ordinary users`,
      "start it with sudo",
    );
  }
  if (lacking.length > 0) {
    const remedy = `give the container these capabilities: --cap-add ${lacking.map((name) => name.slice(4)).join(" --cap-add ")}`;
    return limited(feature, `root without ${lacking.join(", ")}`, remedy);
  }
  return ok(feature, "root");
}

function kernelFinding(kernel: string): Finding {
  const feature = "kernel";
  if (isAtLeast(kernel, 5, 15)) return ok(feature, `Linux ${kernel}`);
  return missing(feature, `Linux ${kernel}, older than 5.15`, NEWER_KERNEL);
}

function btfFinding({ exists }: Machine): Finding {
  const feature = "kernel type information (BTF)";
  if (exists(BTF)) return ok(feature, BTF);
  return missing(
    feature,
    `${BTF} does not exist`,
    `${NEWER_KERNEL}; a kernel of your own needs CONFIG_DEBUG_INFO_BTF=y`,
  );
}

function tracepointsFinding({ read, kernel }: Machine): Finding {
  const feature = "send and receive tracepoints";
  // Found by name in the kernel's type information, which everybody may read; the trace folder is root's alone.
  const types = read(BTF);
  if (types?.includes("btf_trace_sock_send_length"))
    return ok(feature, "sock_send_length, sock_recv_length");
  // Where a daemon finds that the kernel refuses these too, it says so itself.
  if (types?.includes("inet_sendmsg"))
    return ok(feature, `not in Linux ${kernel} (they came with 6.3): fexit programs replace them`);
  const detail = `not in Linux ${kernel} (they came with 6.3): traffic goes to the program that opened the socket`;
  return limited(feature, detail, NEWER_KERNEL);
}

function tcxFinding(kernel: string): Finding {
  const feature = "device programs (tcx)";
  if (isAtLeast(kernel, 6, 6)) return ok(feature, "forwarded and raw packets are counted");
  return limited(
    feature,
    `Linux ${kernel} lacks them (they came with 6.6): forwarded packets have no row`,
    NEWER_KERNEL,
  );
}

function cgroupFinding({ read }: Machine): Finding {
  const feature = "cgroup v2";
  const mount = cgroup2Mount(read("/proc/self/mountinfo")?.toString() ?? "");
  if (mount !== undefined) return ok(feature, mount);
  return missing(
    feature,
    "no such hierarchy is mounted",
    "mkdir -p /run/cgroup2 && mount -t cgroup2 none /run/cgroup2",
  );
}

/** Mount point of the first cgroup v2 hierarchy in /proc/self/mountinfo (proc_pid_mountinfo(5)). */
function cgroup2Mount(mountinfo: string): string | undefined {
  for (const line of mountinfo.split("\n")) {
    const [mount, filesystem] = line.split(" - ");
    if (filesystem?.startsWith("cgroup2 ")) {
      const path = mount?.split(" ")[4] ?? "";
      return path.replace(/\\([0-7]{3})/g, (_, octal) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      );
    }
  }
  return undefined;
}

function libbpfFinding({ read, exists }: Machine): Finding {
  const feature = "libbpf";
  // The loader's own list (ldconfig(8)); a package that was removed may still stand in it.
  const known =
    read("/etc/ld.so.cache")
      ?.toString("latin1")
      .match(/\/[^\0]*\/libbpf\.so\.1(?=\0)/g) ?? [];
  const path = [...known, ...LIBRARY_FOLDERS.map((folder) => `${folder}/libbpf.so.1`)].find(exists);
  if (path !== undefined) return ok(feature, path);
  return missing(feature, "libbpf.so.1 is not installed", "apt install libbpf1 (Debian, Ubuntu)");
}

function configFinding(path: string): Finding {
  const feature = "configuration";
  try {
    const { intervalMs, logLevel } = readConfigFile(path);
    const source = existsSync(path) ? path : `defaults (${path} does not exist)`;
    return ok(feature, `${source}: intervalMs ${intervalMs}, logLevel ${logLevel}`);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return limited(feature, detail, `correct ${path}, then send the daemon SIGHUP`);
  }
}

const BTF = "/sys/kernel/btf/vmlinux";
const NEWER_KERNEL =
  "install a newer kernel: apt install linux-image-amd64 (Debian), linux-image-generic (Ubuntu)";
const LIBRARY_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/usr/local/lib",
];

function isAtLeast(kernel: string, major: number, minor: number): boolean {
  const [, foundMajor, foundMinor] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  const found = Number(foundMajor) * 1000 + Number(foundMinor);
  return found >= major * 1000 + minor;
}

function ok(feature: string, detail: string): Finding {
  return { feature, state: "ok", detail, remedy: undefined };
}

function limited(feature: string, detail: string, remedy: string): Finding {
  return { feature, state: "limited", detail, remedy };
}

function missing(feature: string, detail: string, remedy: string): Finding {
  return { feature, state: "missing", detail, remedy };
}

function thisMachine(): Machine {
  return {
    platform,
    kernel: release(),
    privileges: readPrivileges(),
    read(path) {
      try {
        return readFileSync(path);
      } catch {
        return undefined;
      }
    },
    exists: existsSync,
  };
}
