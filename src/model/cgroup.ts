/** The container and the systemd unit that the text of /proc/PID/cgroup stands for (cgroups(7)). */

import type { Container } from "./process.ts";

/** `id` is the engine's full one: it names the engine's files. */
export interface CgroupContainer {
  readonly engine: Container["engine"];
  readonly id: string;
}

export interface CgroupFacts {
  /** The innermost one. */
  readonly container?: CgroupContainer;
  /** The host's innermost unit; none inside a container, whose units are its own affair. */
  readonly unit?: string;
}

/** A hybrid system has about 14 hierarchies. */
const LINE_LIMIT = 64;

/** What the systemd driver of each engine puts before the identifier; libpod-conmon- and crio-conmon- are monitors
 * outside of the container and match nothing. */
const SCOPE =
  /^(docker|libpod|cri-containerd|containerd|nerdctl|crio)-(?:payload-)?([0-9a-f]{64})(?:\.scope)?$/;
const HASH = /^[0-9a-f]{64}$/;
const UNIT = /.\.(service|scope|socket|mount|swap)$/;

const ENGINES: Readonly<Record<string, Container["engine"]>> = {
  docker: "docker",
  libpod: "podman",
  "cri-containerd": "containerd",
  containerd: "containerd",
  nerdctl: "containerd",
  crio: "kubernetes", // CRI-O serves nothing else
};

export function parseCgroup(text: string): CgroupFacts {
  const paths = pathsOf(text);
  for (const segments of paths) {
    const container = containerOf(segments);
    if (container) return { container };
  }
  for (const segments of paths) {
    const unit = unitOf(segments);
    if (unit) return { unit };
  }
  return {};
}

/** Paths as segments, the most telling hierarchy first: v2, then systemd's own, then the controllers of v1. */
function pathsOf(text: string): string[][] {
  const ranked: { rank: number; segments: string[] }[] = [];
  for (const line of text.split("\n", LINE_LIMIT)) {
    const match = /^(\d+):([^:]*):\/(.+)$/.exec(line);
    if (!match) continue;
    const rank = match[1] === "0" ? 0 : match[2] === "name=systemd" ? 1 : 2;
    // The kernel marks a removed cgroup whose last process is still ending.
    const path = (match[3] ?? "").replace(/ \(deleted\)$/, "");
    ranked.push({ rank, segments: path.split("/") });
  }
  return ranked.sort((a, b) => a.rank - b.rank).map(({ segments }) => segments);
}

function containerOf(segments: readonly string[]): CgroupContainer | undefined {
  for (let at = segments.length - 1; at >= 0; at--) {
    const container = containerAt(segments, at);
    if (container) return container;
  }
  return undefined;
}

function containerAt(segments: readonly string[], at: number): CgroupContainer | undefined {
  const segment = segments[at] ?? "";
  const above = at > 0 ? (segments[at - 1] ?? "") : "";
  const kubernetes = segments.some((other) => other.startsWith("kubepods"));
  const scope = SCOPE.exec(segment);
  if (scope?.[1] && scope[2]) {
    return { engine: kubernetes ? "kubernetes" : (ENGINES[scope[1]] ?? "unknown"), id: scope[2] };
  }
  if (HASH.test(segment)) {
    return { engine: kubernetes ? "kubernetes" : engineBelow(above), id: segment };
  }
  // BuildKit inside dockerd: /docker/buildkit/ID.
  if (above === "buildkit" && segment) return { engine: "docker", id: segment };
  const lxc = /^lxc\.payload\.(.+)$/.exec(segment)?.[1];
  if (lxc) return { engine: "lxc", id: lxc };
  if ((above === "lxc" || above === "lxc.payload") && segment)
    return { engine: "lxc", id: segment };
  return machineAt(segment, segments[at + 1]);
}

/** Docker is the engine whose --cgroup-parent people set; containerd's own default namespace is "default". */
function engineBelow(parent: string): Container["engine"] {
  if (parent === "libpod_parent") return "podman";
  return parent === "default" ? "containerd" : "docker";
}

/** systemd-nspawn and libvirt register with systemd-machined: machine-NAME.scope. libvirt's virtual machines
 * (qemu) do so too and are no containers; "supervisor" is nspawn itself, outside. */
function machineAt(segment: string, below: string | undefined): CgroupContainer | undefined {
  const service = /^systemd-nspawn@(.+)\.service$/.exec(segment)?.[1];
  if (service && below === "payload") return { engine: "unknown", id: decode(service) };
  const machine = /^machine-(.+)\.scope$/.exec(segment)?.[1];
  if (!machine || below === "supervisor") return undefined;
  const name = decode(machine);
  if (name.startsWith("qemu-")) return undefined;
  const libvirt = /^lxc-\d+-(.+)$/.exec(name)?.[1];
  return libvirt ? { engine: "lxc", id: libvirt } : { engine: "unknown", id: name };
}

function unitOf(segments: readonly string[]): string | undefined {
  const unit = segments.findLast((segment) => UNIT.test(segment));
  if (!unit) return undefined;
  // The manager of a user's session, not the machine's first process.
  const manager = unit === "init.scope" ? segments.find((s) => /^user@.+\.service$/.test(s)) : "";
  return decode(manager || unit);
}

/** systemd writes bytes that it may not use as \x2d (systemd.unit(5)). */
function decode(unit: string): string {
  if (!unit.includes("\\x")) return unit;
  const bytes = unit.replace(/\\x([0-9a-f]{2})/g, (_, digits) => `%${digits}`);
  try {
    return decodeURIComponent(bytes.replace(/%(?![0-9a-f]{2})/g, "%25"));
  } catch {
    return unit; // not UTF-8
  }
}
