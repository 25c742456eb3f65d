/** Rules in force: keeps the kernel as they want it, while processes, interfaces and containers come and go. */

import type { LimitAchieved, LimitRule } from "../model/limit.ts";
import { type FoundInterface, findInterfaces } from "./devices.ts";
import { createHindered } from "./hindered.ts";
import type { ClsactOwned, Journal } from "./journal.ts";
import { openKernelSide } from "./kernel-side.ts";
import { isOwnerRule } from "./keys.ts";
import { classKey, classValue, RULE_SLOTS } from "./layout.ts";
import type { LimitedProcess } from "./limiter.ts";
import {
  type Attachment,
  type Desired,
  describeSteps,
  NOTHING_DESIRED,
  planSteps,
  SHAPERS,
  type Steps,
  withoutLost,
} from "./linux-plan.ts";
import { createMeter } from "./meter.ts";
import { createNumbers } from "./numbers.ts";
import { createObserver, type Seen } from "./observer.ts";
import { endRefused } from "./refused-sockets.ts";
import type { Shaper } from "./shaper-plan.ts";
import {
  attachToDevice,
  attachToShaper,
  claimLine,
  detachFromDevice,
  prepareShapers,
  releaseClsact,
  removeLeftovers,
  runBatch,
} from "./traffic-control.ts";

/** Often enough for "within a second", and for the heartbeat, which lapses after two. */
const TICK_MS = 500;
const BEAT_MS = 250;
/** After a failure that is there again at once; doubled each time. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

export interface EnforcementOptions {
  readonly journal: Journal;
  readonly objectFile: URL;
  readonly leaf: Shaper["leaf"];
  readonly processes: () => Promise<readonly LimitedProcess[]>;
  readonly onFault: (message: string) => void;
  /** Does the regular work between other calls. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

export interface Enforcement {
  plan(rules: readonly LimitRule[]): Promise<readonly string[]>;
  /** Not empty. On failure the rules of before are in force again. */
  apply(rules: readonly LimitRule[]): Promise<void>;
  achieved(): readonly LimitAchieved[];
  /** Interfaces that rules do not reach. */
  unlimited(): readonly string[];
  close(): Promise<void>;
}

export function createEnforcement(options: EnforcementOptions): Enforcement {
  const { journal, leaf, onFault } = options;
  const kernel = openKernelSide(options.objectFile);
  const ruleSlots = createNumbers(RULE_SLOTS - 1);
  const observer = createObserver(kernel, options);
  const meter = createMeter(kernel);
  const owned: ClsactOwned[] = [];
  let rules: readonly LimitRule[] = [];
  let now: Desired = NOTHING_DESIRED;
  let last: { readonly seen: Seen; readonly rules: readonly LimitRule[] } | undefined;
  let isTicking = false;
  let refusedBefore = "";
  let tick: NodeJS.Timeout | undefined;
  let beat: NodeJS.Timeout | undefined;
  let isClosed = false;
  /** A change was begun and not ended: what the kernel has is not known. */
  let isTorn = false;
  /** Why nothing is in the kernel; undefined: the rules are. */
  let fault: string | undefined;
  let retryAtMs = 0;
  let retryMs = FIRST_RETRY_MS;
  const hindered = createHindered();

  /** Brings the kernel from what it has to what the rules want now. */
  async function reconcile(ruled: readonly LimitRule[]): Promise<void> {
    if (isTorn) await empty();
    const seen = await observer.look(ruled, now);
    const found = findInterfaces();
    const before = withoutLost(now, {
      there: (one) => meter.isThere(one),
      shaping: (shaping) => found.some(({ name, up }) => name === SHAPERS[shaping] && up),
    });
    const isSame = last?.rules === ruled && last.seen.placed === seen.placed;
    const isWhole = before.attachments.length === now.attachments.length;
    if (isSame && isWhole && !hindered.areDue(performance.now())) {
      last = { seen, rules: ruled };
      seen.write();
      endNewlyRefused(seen, ruled);
      return;
    }
    isTorn = true;
    await removeBroken(now, before, found);
    const steps = planSteps(before, seen.desired, leaf);
    const failed = await carryOut(steps, seen, ruled);
    const { attachments } = seen.desired;
    now = { ...seen.desired, attachments: attachments.filter((one) => !failed.has(one)) };
    rules = ruled;
    last = { seen, rules: ruled };
    isTorn = false;
  }

  /** A shaper that somebody switched off is made anew. */
  async function removeBroken(
    wanted: Desired,
    whole: Desired,
    interfaces: readonly FoundInterface[],
  ): Promise<void> {
    const broken = [...wanted.shapers].filter((shaping) => !whole.shapers.has(shaping));
    const lines = broken
      .map((shaping) => SHAPERS[shaping])
      .filter((device) => interfaces.some(({ name }) => name === device))
      .map((device) => `link del dev ${device}`);
    await runBatch("ip", lines, { force: true });
  }

  /** Attachments that could not be made. */
  async function carryOut(
    steps: Steps,
    seen: Seen,
    ruled: readonly LimitRule[],
  ): Promise<ReadonlySet<Attachment>> {
    const { desired } = seen;
    const fresh = [...desired.shapers].filter((shaping) =>
      steps.links.some((line) => line.includes(`name ${SHAPERS[shaping]} `)),
    );
    if (fresh.length > 0) journal.write({ clsact: owned });
    await runBatch("ip", [...steps.links, ...fresh.map((shaping) => claimLine(SHAPERS[shaping]))]);
    await runBatch("tc", steps.add);
    for (const shaping of fresh) attachToShaper(SHAPERS[shaping], kernel.programFd("limit_class"));
    const removeOld = fillMaps(seen, ruled);
    kernel.follow({ owners: ruled.some(isOwnerRule), calls: desired.refuses });
    seen.write();
    const failed = await attachAll(steps.attach, desired.attachments);
    removeOld();
    endNewlyRefused(seen, ruled);
    for (const one of steps.detach) await detach(one);
    // The counters of a class go with it.
    await runBatch("tc", steps.remove, { force: true });
    await runBatch("ip", steps.removeLinks, { force: true });
    if (steps.detach.length > 0) await releaseUnused(desired.attachments);
    return failed;
  }

  function fillMaps({ desired, placed }: Seen, ruled: readonly LimitRule[]): () => void {
    ruleSlots.keepOnly(new Set(ruled.map(({ id }) => id)));
    const slotOf = (rule: LimitRule | undefined) =>
      rule === undefined ? 0 : ruleSlots.of(rule.id);
    const classes = kernel.maps.classes.setLater(
      desired.keys.map(({ key, rx, tx, refusedBy }) => [
        classKey(key),
        classValue({ rx, tx, rule: slotOf(refusedBy) }),
      ]),
    );
    if (classes.full > 0)
      onFault(
        `${classes.full} combinations of rules have no room in the kernel: the narrowest rule of each holds`,
      );
    const { entries, flags } = placed;
    for (const name of ["devices", "networks", "ports"] as const)
      kernel.maps[name].set(entries[name]);
    const changed = (["users", "cgroups", "executables"] as const).map(
      (name) => kernel.maps[name].set(entries[name]).changed,
    );
    kernel.setFlags(flags);
    if (changed.some((count) => count > 0)) kernel.newGeneration();
    return classes.removeOld;
  }

  /** An interface that refuses is passed by, unless there is no other. */
  async function attachAll(
    wanted: readonly Attachment[],
    all: readonly Attachment[],
  ): Promise<ReadonlySet<Attachment>> {
    const failures = new Map<Attachment, unknown>();
    for (const one of wanted) {
      const programFd = kernel.programFd(one.hook === "egress" ? "limit_egress" : "limit_ingress");
      try {
        await attachToDevice(one, { programFd, journal, owned });
      } catch (error) {
        // An interface that goes away meanwhile needs no limit.
        if (!findInterfaces().some(({ ifindex }) => ifindex === one.ifindex)) continue;
        failures.set(one, error);
      }
    }
    for (const message of hindered.note(failures, performance.now())) onFault(message);
    const [first] = failures.values();
    if (failures.size > 0 && failures.size === all.length) throw first;
    return new Set(failures.keys());
  }

  async function detach(one: Attachment): Promise<void> {
    try {
      detachFromDevice(one);
    } catch (error) {
      onFault(messageOf(error));
    }
  }

  async function releaseUnused(used: readonly Attachment[]): Promise<void> {
    for (const one of [...owned]) {
      if (used.some(({ ifindex }) => ifindex === one.ifindex)) continue;
      await releaseClsact(one);
      owned.splice(owned.indexOf(one), 1);
    }
    journal.write({ clsact: owned });
  }

  /** What is open when a rule begins to refuse it, or when a process comes under such a rule. */
  function endNewlyRefused({ placed, assigned, desired }: Seen, ruled: readonly LimitRule[]): void {
    if (!desired.refuses) {
      refusedBefore = "";
      return;
    }
    const pids = [...assigned].filter(([, list]) => list.some(({ block }) => block));
    const refusing = ruled.filter(({ block }) => block).map((rule) => JSON.stringify(rule));
    const text = `${refusing.join()} ${pids.map(([pid]) => pid).join()}`;
    if (text === refusedBefore) return;
    refusedBefore = text;
    try {
      endRefused({ pids: new Map(pids), places: placed.places, rules: ruled });
    } catch (error) {
      onFault(messageOf(error));
    }
  }

  function start(): void {
    beat ??= setInterval(() => kernel.beat(), BEAT_MS);
    tick ??= setInterval(() => {
      if (isTicking) return;
      isTicking = true;
      void options.inTurn(regularly).catch(() => {});
    }, TICK_MS);
  }

  /** Rules that somebody is under now. */
  function members(): Set<string> {
    const found = new Set<string>();
    for (const list of last?.seen.assigned.values() ?? []) for (const { id } of list) found.add(id);
    return found;
  }

  async function regularly(): Promise<void> {
    try {
      if (isClosed || rules.length === 0 || performance.now() < retryAtMs) return;
      meter.read(now, members());
      await reconcile(rules).catch(repair);
      fault = undefined;
      retryAtMs = 0;
      retryMs = FIRST_RETRY_MS;
    } catch (error) {
      onFault(messageOf(error));
      retryAtMs = performance.now() + retryMs;
      retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
    } finally {
      isTicking = false;
    }
  }

  /** Does everything anew; where that fails too nothing is left, as packets must not go to a shaper that is not whole. */
  async function repair(error: unknown): Promise<void> {
    if (!isTorn) throw error;
    onFault(messageOf(error));
    try {
      await reconcile(rules);
    } catch (again) {
      fault = messageOf(again);
      if (isTorn) await empty();
      throw again;
    }
  }

  return {
    async plan(ruled) {
      const { desired } = await createObserver(kernel, options).look(ruled, now);
      return describeSteps(planSteps(now, desired, leaf), now, desired);
    },
    async apply(ruled) {
      const before = rules;
      if (now === NOTHING_DESIRED) await prepareShapers();
      kernel.beat();
      start();
      try {
        meter.read(now, members());
        await reconcile(ruled);
      } catch (error) {
        await undo(before);
        throw error;
      }
      fault = undefined;
      retryAtMs = 0;
      meter.read(now, members());
    },
    unlimited: () => last?.seen.unlimited ?? [],
    achieved: () =>
      meter
        .achieved(rules, (id) => ruleSlots.of(id))
        .map((one) =>
          fault === undefined
            ? hindered.told(one, rules)
            : { ...one, state: "defeated", reason: `nothing is limited now: ${fault}` },
        ),
    async close() {
      if (isClosed) return;
      isClosed = true;
      clearInterval(tick);
      clearInterval(beat);
      rules = [];
      if (now !== NOTHING_DESIRED || isTorn) {
        await removeLeftovers(owned);
        journal.remove();
      }
      kernel.close();
    },
  };

  /** What a failure has left in the kernel is not known. */
  async function empty(): Promise<void> {
    await removeLeftovers(owned);
    owned.splice(0);
    kernel.follow({ owners: false, calls: false });
    now = NOTHING_DESIRED;
    last = undefined;
    refusedBefore = "";
    hindered.forget();
    journal.remove();
    isTorn = false;
  }

  async function undo(before: readonly LimitRule[]): Promise<void> {
    if (!isTorn) return;
    try {
      if (before.length === 0) await empty();
      else await reconcile(before);
    } catch (error) {
      // The regular work goes on with it.
      fault = messageOf(error);
      onFault(fault);
      if (isTorn) await empty();
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
