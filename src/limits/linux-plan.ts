/** Rules and the state of the machine -> what has to be in the kernel, and the steps from what is there to that. Pure. */

import type { LimitRule } from "../model/limit.ts";
import { SHAPER_NAMES } from "../native/shaper-names.ts";
import { type ClassTree, classOf, EMPTY_TREE, planTree } from "./classes.ts";
import type { LimitedDevice } from "./devices.ts";
import { type ClassKey, chainOf, keysOf, type Places } from "./keys.ts";
import { CLASS_DROP } from "./layout.ts";
import { MAJOR, planShaper, type Shaper } from "./shaper-plan.ts";

/** Of the device that shapes what is sent, and of that for what is received. */
export const SHAPERS = SHAPER_NAMES;
/** Last of all: filters of others see every packet first, and what they decide for good stays decided. */
export const FILTER_PRIORITY = 65_535;
export const FILTER_NAME = "monitauri-limits";

export type Shaping = keyof typeof SHAPERS;

export interface Attachment {
  readonly name: string;
  readonly ifindex: number;
  readonly hook: "ingress" | "egress";
  readonly shaping: Shaping;
}

export interface KeyValue {
  readonly key: ClassKey;
  /** Minor numbers; CLASS_DROP: refused; 0: free. */
  readonly rx: number;
  readonly tx: number;
  /** The rule that refuses. */
  readonly refusedBy: LimitRule | undefined;
}

export interface Desired {
  readonly trees: Readonly<Record<Shaping, ClassTree>>;
  readonly keys: readonly KeyValue[];
  readonly attachments: readonly Attachment[];
  /** Which of the two devices there are. */
  readonly shapers: ReadonlySet<Shaping>;
  /** Some rule refuses: calls are checked. */
  readonly refuses: boolean;
}

export const NOTHING_DESIRED: Desired = {
  trees: { rx: EMPTY_TREE, tx: EMPTY_TREE },
  keys: [],
  attachments: [],
  shapers: new Set(),
  refuses: false,
};

export interface DesireInput {
  readonly places: Places;
  readonly wanted: Iterable<ClassKey>;
  readonly devices: readonly LimitedDevice[];
  readonly before: Desired;
}

export function desire({ places, wanted, devices, before }: DesireInput): Desired {
  const chains = keysOf(places, wanted).map((key) => ({ key, chain: chainOf(key, places) }));
  const shaped = chains.filter(({ chain }) => !chain.some(({ block }) => block));
  const lists = shaped.map(({ chain }) => chain);
  const trees = {
    rx: planTree(lists, "rx", before.trees.rx),
    tx: planTree(lists, "tx", before.trees.tx),
  };
  const keys = chains.map(({ key, chain }): KeyValue => {
    const refusedBy = chain.findLast(({ block }) => block);
    if (refusedBy !== undefined) return { key, rx: CLASS_DROP, tx: CLASS_DROP, refusedBy };
    const minor = (shaping: Shaping) => classOf(trees[shaping], chain, shaping)?.minor ?? 0;
    return { key, rx: minor("rx"), tx: minor("tx"), refusedBy };
  });
  const used = {
    rx: keys.some(({ rx }) => rx !== 0),
    tx: keys.some(({ tx }) => tx !== 0),
  };
  const attachments = devices.flatMap((device) => attachmentsOf(device, used));
  return {
    trees,
    keys,
    attachments,
    shapers: new Set(attachments.map(({ shaping }) => shaping)),
    refuses: keys.some(({ refusedBy }) => refusedBy !== undefined),
  };
}

/** What a container receives leaves the host at the host's end of it. */
function attachmentsOf(
  { name, ifindex, container }: LimitedDevice,
  used: Readonly<Record<Shaping, boolean>>,
): Attachment[] {
  const turned = container !== undefined;
  const both: Attachment[] = [
    { name, ifindex, hook: "egress", shaping: turned ? "rx" : "tx" },
    { name, ifindex, hook: "ingress", shaping: turned ? "tx" : "rx" },
  ];
  return both.filter(({ shaping }) => used[shaping]);
}

export interface Steps {
  /** For `ip -batch`. */
  readonly links: readonly string[];
  /** For `tc -batch`, before the filters and the maps. */
  readonly add: readonly string[];
  readonly attach: readonly Attachment[];
  readonly detach: readonly Attachment[];
  /** For `tc -batch`, when nothing leads to the old classes any more. */
  readonly remove: readonly string[];
  readonly removeLinks: readonly string[];
}

/** The same twice: no steps. */
export function planSteps(before: Desired, after: Desired, leaf: Shaper["leaf"]): Steps {
  const had = before.shapers;
  const needs = after.shapers;
  const links: string[] = [];
  const add: string[] = [];
  const remove: string[] = [];
  const removeLinks: string[] = [];
  for (const shaping of ["tx", "rx"] as const) {
    const device = SHAPERS[shaping];
    if (!needs.has(shaping)) {
      if (had.has(shaping)) removeLinks.push(`link del dev ${device}`); // with all its classes
      continue;
    }
    if (!had.has(shaping)) {
      links.push(
        `link add name ${device} txqueuelen 1000 type ifb`,
        `link set dev ${device} addrgenmode none`,
        `link set dev ${device} up`,
      );
      add.push(`qdisc add dev ${device} root handle ${MAJOR} htb default 0`);
    }
    const old = had.has(shaping) ? before.trees[shaping] : EMPTY_TREE;
    const steps = planShaper(old, after.trees[shaping], { device, leaf });
    add.push(...steps.add);
    remove.push(...steps.remove);
  }
  const old = new Map(before.attachments.map((one) => [attachmentText(one), one]));
  const fresh = new Map(after.attachments.map((one) => [attachmentText(one), one]));
  return {
    links,
    add,
    attach: after.attachments.filter((one) => !old.has(attachmentText(one))),
    detach: before.attachments.filter((one) => !fresh.has(attachmentText(one))),
    remove,
    removeLinks,
  };
}

/** The steps as a person would type them. */
export function describeSteps(steps: Steps, before: Desired, after: Desired): string[] {
  const clsact = new Set(before.attachments.map(({ name }) => name));
  const attach = steps.attach.flatMap((one) => {
    const isFirst = !clsact.has(one.name);
    clsact.add(one.name);
    return [
      ...(isFirst ? [`tc qdisc add dev ${one.name} clsact (where it has none)`] : []),
      `tc filter add ${filterText(one)} action mirred egress redirect dev ${SHAPERS[one.shaping]}`,
    ];
  });
  const calls = (verb: string) =>
    `${verb} connect4, connect6, sendmsg4, sendmsg6 and egress programs ${verb === "attach" ? "to" : "from"} the root cgroup`;
  return [
    ...steps.links.map((line) => `ip ${line}`),
    ...steps.add.map((line) => `tc ${line}`),
    ...attach,
    ...(after.refuses && !before.refuses
      ? [calls("attach"), "end what is open (SOCK_DESTROY)"]
      : []),
    ...(before.refuses && !after.refuses ? [calls("detach")] : []),
    ...steps.detach.map((one) => `tc filter del ${filterText(one)}`),
    ...steps.remove.map((line) => `tc ${line}`),
    ...steps.removeLinks.map((line) => `ip ${line}`),
  ];
}

/** What is left of it where somebody has removed filters or devices. */
export function withoutLost(
  desired: Desired,
  is: { there(one: Attachment): boolean; shaping(shaping: Shaping): boolean },
): Desired {
  const shapers = new Set([...desired.shapers].filter((shaping) => is.shaping(shaping)));
  const attachments = desired.attachments.filter(
    (one) => shapers.has(one.shaping) && is.there(one),
  );
  return { ...desired, attachments, shapers };
}

export function attachmentText({ ifindex, name, hook, shaping }: Attachment): string {
  return `${ifindex} ${name} ${hook} ${shaping}`;
}

function filterText({ name, hook }: Attachment): string {
  return `dev ${name} ${hook} prio ${FILTER_PRIORITY} bpf name ${FILTER_NAME}`;
}
