/** Finds the cgroups of units and containers that rules name, twice a second, in a tree of which others make large parts. */

import { type BigIntStats, readdirSync, statSync } from "node:fs";
import { type CgroupFacts, cgroupAt, isContainer, ownerOf } from "../model/cgroup.ts";
import type { LimitRule } from "../model/limit.ts";
import { widestFirst } from "./keys.ts";

export interface CgroupSearch {
  /** Rules by the inode of a folder, which is the kernel's number of a cgroup. `isCut`: the budget ended before the tree. */
  find(
    rules: readonly LimitRule[],
    containerIds: ReadonlyMap<string, string>,
  ): { readonly found: ReadonlyMap<bigint, readonly LimitRule[]>; readonly isCut: boolean };
}

/** Folders of one look. The nearest to the top come first; a machine with 250 pods has a thousand. */
const FOLDER_BUDGET = 4_096;
/** Kubernetes and units of users need five. */
const CGROUP_DEPTH = 6;
/** LIMITED_CGROUPS of bpf/limits.h */
const CGROUP_LIMIT = 4_096;
/** A folder whose time and number of folders are as before may have others nevertheless: kernfs keeps no time of changes
 * until somebody sets an owner. Then a new unit is found by its processes only, until the folder is read again. */
const LOOKS_KEPT = 10;

export function createCgroupSearch(mount: string, { budget = FOLDER_BUDGET } = {}): CgroupSearch {
  const top = folderOf([], mount);
  let looks = 0;

  /** Those that were met before are the same objects. */
  function readChildren(folder: Folder, stat: BigIntStats, room: number): void {
    const { ino: inode, nlink: links, mtimeNs } = stat;
    const { read, children } = folder;
    const isSame = read?.inode === inode && read.links === links && read.mtimeNs === mtimeNs;
    if (isSame && looks - read.look < LOOKS_KEPT && children.length <= room) return;
    const before = new Map(children.map((one) => [one.segments.at(-1), one]));
    const names = readFolders(folder.path);
    folder.isCut = names.length > room;
    folder.read = { inode, links, mtimeNs, look: looks };
    folder.children = names
      .slice(0, room)
      .map((name) => before.get(name) ?? folderOf([...folder.segments, name], mount));
  }

  return {
    find(rules, containerIds) {
      const wishes = wishesOf(rules, containerIds);
      const found = new Map<bigint, readonly LimitRule[]>();
      if (wishes.owners.size === 0) return { found, isCut: false };
      looks += 1;
      const queue = [top];
      let isCut = false;
      for (let next = 0; next < queue.length; next++) {
        const folder = queue[next] ?? top;
        const fitting = fittingRules(folder, wishes);
        const isWay = folder.segments.length < CGROUP_DEPTH && leadsOn(folder, wishes);
        const stat = isWay || fitting.length > 0 ? statOf(folder.path) : undefined;
        if (stat === undefined) continue;
        if (fitting.length > 0 && found.size < CGROUP_LIMIT) found.set(stat.ino, fitting);
        if (!isWay) continue;
        if (stat.nlink === NO_FOLDERS) {
          folder.children = [];
          continue;
        }
        const room = budget - queue.length;
        // Not even read: a list of 100,000 takes a second.
        if (Number(stat.nlink - NO_FOLDERS) > room) isCut = true;
        else {
          readChildren(folder, stat, room);
          isCut ||= folder.isCut;
          queue.push(...folder.children);
        }
      }
      return { found, isCut };
    },
  };
}

/** Each folder within counts as a link; some file systems, none of cgroups, say 1 of all. */
const NO_FOLDERS = 2n;

interface Folder {
  readonly segments: readonly string[];
  readonly path: string;
  readonly facts: CgroupFacts;
  /** The user below whose manager it is. */
  readonly owner: string | undefined;
  readonly isInSlices: boolean;
  readonly isInSession: boolean;
  children: readonly Folder[];
  read?: { inode: bigint; links: bigint; mtimeNs: bigint; look: number };
  isCut: boolean;
}

function folderOf(segments: readonly string[], mount: string): Folder {
  return {
    segments,
    path: [mount, ...segments].join("/"),
    facts: cgroupAt(segments),
    owner: ownerOf(segments),
    isInSlices: segments.every((segment) => segment.endsWith(".slice")),
    isInSession: segments[0] === "user.slice" && segments.length > 2,
    children: [],
    isCut: false,
  };
}

interface Wishes {
  readonly units: ReadonlyMap<string, readonly LimitRule[]>;
  readonly containers: readonly { readonly rule: LimitRule; readonly text: string }[];
  /** Users below whose managers something is wanted; undefined among them: something of the machine's. */
  readonly owners: ReadonlySet<string | undefined>;
  /** A container of the machine's is. */
  readonly hasContainers: boolean;
}

function wishesOf(rules: readonly LimitRule[], containerIds: ReadonlyMap<string, string>): Wishes {
  const units = new Map<string, LimitRule[]>();
  const containers: { rule: LimitRule; text: string }[] = [];
  const owners = new Set<string | undefined>();
  let hasContainers = false;
  for (const rule of rules) {
    const { target } = rule;
    if (target.kind === "unit") {
      units.set(target.unit, [...(units.get(target.unit) ?? []), rule]);
      owners.add(/^user@(\d+)\.service\//.exec(target.unit)?.[1]);
    } else if (target.kind === "container") {
      const text = containerIds.get(target.container) ?? target.container;
      const owner = /@(\d+)$/.exec(text)?.[1];
      containers.push({ rule, text });
      owners.add(owner);
      hasContainers ||= owner === undefined;
    }
  }
  return { units, containers, owners, hasContainers };
}

function fittingRules({ facts }: Folder, { units, containers }: Wishes): readonly LimitRule[] {
  const { unit, container } = facts;
  const ofUnit = unit === undefined ? [] : (units.get(unit) ?? []);
  if (container === undefined) return ofUnit.toSorted(widestFirst);
  const ofContainer = containers.filter(({ text }) => isContainer(container, text));
  return [...ofUnit, ...ofContainer.map(({ rule }) => rule)].sort(widestFirst);
}

/** Whether something that is wanted may be below. Users make what they like below their managers, and nobody else's rules
 * look there. */
function leadsOn({ owner, isInSession, isInSlices }: Folder, wishes: Wishes): boolean {
  if (owner !== undefined) return wishes.owners.has(owner);
  return !isInSession && (isInSlices || wishes.hasContainers);
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function readFolders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((one) => one.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
