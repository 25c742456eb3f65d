/** The container and the systemd unit that the text of /proc/PID/cgroup stands for (cgroups(7)). Whoever has a part of the
 * tree delegated to him makes folders of any name there: a name says something only where nobody but root could make it, and
 * below a user's manager it is the name that this user gives. */

import type { Container } from "./process.ts";

/** `id` is the engine's full one: it names the engine's files. */
export interface CgroupContainer {
  readonly engine: Container["engine"];
  readonly id: string;
  /** Number of the user in whose own part of the tree it is: its id is what this user says. Not given: the machine's. */
  readonly owner?: string;
}

export interface CgroupFacts {
  /** The innermost one. */
  readonly container?: CgroupContainer;
  /** The host's unit; none inside a container, whose units are its own affair. "user@1000.service/app-x.scope": of the
   * manager of a user, who may call it what he likes. */
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

/** What a person calls a container: "3f2ab1c09d7e", "web", "3f2ab1c09d7e@1000" of a user. */
export function containerText({ id, owner }: CgroupContainer): string {
  const short = HASH.test(id) ? id.slice(0, 12) : id;
  return owner === undefined ? short : `${short}@${owner}`;
}

/** Whether `text` means this container; of a hash its first 12 digits or more. */
export function isContainer(container: CgroupContainer, text: string): boolean {
  if (containerText(container) === text) return true;
  const [, digits = "", owner] = /^([0-9a-f]{12,64})(?:@(\d+))?$/.exec(text) ?? [];
  return (
    digits !== "" &&
    container.owner === owner &&
    HASH.test(container.id) &&
    container.id.startsWith(digits)
  );
}

/** The unit or slice, and the container, whose own folder this is. `segments`: from the top of the hierarchy. */
export function cgroupAt(segments: readonly string[]): CgroupFacts {
  const at = segments.length - 1;
  const container = trustedContainerAt(segments, at);
  const unit = unitAt(segments);
  return { ...(container && { container }), ...(unit !== undefined && { unit }) };
}

/** Number of the user whose own manager made everything from this depth on; undefined: nobody's. */
export function ownerOf(segments: readonly string[]): string | undefined {
  const [top, slice = "", manager] = segments;
  const uid = /^user-(\d+)\.slice$/.exec(slice)?.[1];
  return top === "user.slice" && uid !== undefined && manager === `user@${uid}.service`
    ? uid
    : undefined;
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
    const container = trustedContainerAt(segments, at);
    if (container) return container;
  }
  return undefined;
}

/** Folders within a unit are made by who runs in it, and called what he likes: there and below a user's manager only what
 * engines do in such a place counts, and of the manager it is the user's. */
function trustedContainerAt(segments: readonly string[], at: number): CgroupContainer | undefined {
  const container = containerAt(segments, at);
  if (!container || segments[0] !== "user.slice") {
    return container && (isWithinUnit(segments, at, 0) ? splitOf(segments, at) : container);
  }
  const owner = ownerOf(segments);
  if (owner === undefined || at <= MANAGER) return undefined;
  const name = segments[at] ?? "";
  const isEngines = name.endsWith(".scope") ? SCOPE.test(name) : name.startsWith("lxc.payload.");
  const between = segments.slice(MANAGER + 1, at);
  const isInSlices = between.every((segment) => segment.endsWith(".slice"));
  const found = isEngines && isInSlices ? container : splitOf(segments, at);
  const isOutermost = found && !isWithinUnit(segments, at - 1, MANAGER + 1);
  return isOutermost ? { ...found, owner } : undefined;
}

/** Place of user@1000.service in a path. */
const MANAGER = 2;

/** Whether a folder above, from `from` on, is a unit's and no container's. */
function isWithinUnit(segments: readonly string[], at: number, from: number): boolean {
  for (let i = from; i < at; i++) {
    if (UNIT.test(segments[i] ?? "") && !containerAt(segments, i)) return true;
  }
  return false;
}

/** podman --cgroups=split puts its container into the unit that started it. */
function splitOf(segments: readonly string[], at: number): CgroupContainer | undefined {
  const id = /^libpod-payload-([0-9a-f]{64})$/.exec(segments[at] ?? "")?.[1];
  const isInUnit = UNIT.test(segments[at - 1] ?? "");
  return id !== undefined && isInUnit ? { engine: "podman", id } : undefined;
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

/** The outermost: what is below belongs to who runs in it. */
function unitOf(segments: readonly string[]): string | undefined {
  const at = segments.findIndex((segment) => UNIT.test(segment));
  const unit = segments[at];
  if (unit === undefined || ownerOf(segments) === undefined) return unit && decode(unit);
  const inner = segments.slice(MANAGER + 1).find((segment) => UNIT.test(segment));
  // The manager itself is in a folder of its own.
  return inner === undefined || inner === "init.scope" ? unit : `${unit}/${decode(inner)}`;
}

/** A slice or unit below nothing but slices. */
function unitAt(segments: readonly string[]): string | undefined {
  const name = segments.at(-1) ?? "";
  if (!UNIT.test(name) && !name.endsWith(".slice")) return undefined;
  const isUsers = ownerOf(segments) !== undefined && segments.length > MANAGER + 1;
  const above = segments.slice(isUsers ? MANAGER + 1 : 0, -1);
  if (!above.every((segment) => segment.endsWith(".slice"))) return undefined;
  return isUsers ? `${segments[MANAGER]}/${decode(name)}` : decode(name);
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
