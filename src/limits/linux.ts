/** The limiter of Linux: eBPF finds the class of a packet, HTB on IFB devices of our own shapes it. Nothing is in the kernel
 * while there are no rules. docs/ARCHITECTURE.md has the way of a packet; bpf/limits.bpf.c is the other half. */

import { MonitauriError } from "../model/error.ts";
import type { LimitAchieved, LimitCapabilities } from "../model/limit.ts";
import { NARROWEST_FIRST } from "../model/limit.ts";
import { type Unavailable, unavailable } from "../model/unavailable.ts";
import { createEnforcement, type Enforcement } from "./enforcement.ts";
import { createJournal } from "./journal.ts";
import type { LimitedProcess, Limiter } from "./limiter.ts";
import { readKernelParts } from "./machine-parts.ts";
import { ownerOfShapers, removeLeftovers } from "./traffic-control.ts";

export interface LinuxLimiterOptions {
  /** File in which is written what was changed. */
  readonly journal: string;
  /** Processes that use the network, as the sampler names them. */
  readonly processes: () => Promise<readonly LimitedProcess[]>;
  /** Told of what goes wrong between calls, once each. */
  readonly onFault: (message: string) => void;
  readonly objectFile?: URL;
}

/** Removes what a daemon that was killed has left, and then waits for rules. */
export async function openLinuxLimiter(options: LinuxLimiterOptions): Promise<Limiter> {
  const journal = createJournal(options.journal);
  const parts = readKernelParts();
  const missing = whatIsMissing(parts.missing.map(({ name }) => name));
  const objectFile = options.objectFile ?? new URL("../../bpf/limits.bpf.o", import.meta.url);
  if (missing === null) await recover();
  let running: Enforcement | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  async function recover(): Promise<void> {
    const left = journal.read();
    if (left === undefined) return;
    await removeLeftovers(left.clsact);
    journal.remove();
  }

  /** One after the other: each starts from what the one before has left. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work);
    turn = next.catch(() => {});
    return next;
  }

  function mustBeAble(): void {
    if (missing !== null) {
      throw new MonitauriError(
        "unsupported",
        `Cannot limit on this machine: ${missing.reason}. ${missing.remedy}`,
      );
    }
    if (isClosed) throw new MonitauriError("failed", "Cannot limit: Monitauri is stopping");
  }

  function open(): Enforcement {
    return createEnforcement({
      journal,
      objectFile,
      leaf: parts.hasFqCodel ? "fq_codel" : "bfifo",
      processes: options.processes,
      onFault: options.onFault,
      inTurn,
    });
  }

  async function stop(): Promise<void> {
    const was = running;
    running = undefined;
    await was?.close();
  }

  return {
    capabilities: () => ({ missing, notes: notesOf(parts.hasFqCodel), kinds: NARROWEST_FIRST }),
    plan(rules) {
      return inTurn(async () => {
        mustBeAble();
        if (running !== undefined) return running.plan(rules);
        if (rules.length === 0) return [];
        // Of a limiter that does nothing yet; nothing is attached for it.
        const probe = open();
        try {
          return await probe.plan(rules);
        } finally {
          await probe.close();
        }
      });
    },
    apply(rules) {
      return inTurn(async () => {
        if (rules.length === 0) return stop();
        mustBeAble();
        const isFirst = running === undefined;
        running ??= open();
        try {
          await running.apply(rules);
        } catch (error) {
          if (isFirst) await stop();
          throw error;
        }
      });
    },
    clear() {
      return inTurn(async () => {
        await stop();
        if (missing === null) await recover();
      });
    },
    achieved: (): readonly LimitAchieved[] => running?.achieved() ?? [],
    unlimited: () => running?.unlimited() ?? [],
    close() {
      return inTurn(async () => {
        isClosed = true;
        await stop();
      });
    },
  };
}

/** What a daemon that was killed has left, removed without one: for `limit clear`. True: there was something.
 * @throws MonitauriError "forbidden" for anybody but root. */
export async function clearLinuxLimits(journalPath: string): Promise<boolean> {
  if (process.geteuid?.() !== 0) {
    throw new MonitauriError("forbidden", "Cannot clear limits: this needs root. Run it with sudo");
  }
  const owner = await ownerOfShapers();
  if (typeof owner === "number") {
    throw new MonitauriError(
      "busy",
      `Cannot clear limits: Monitauri runs as process ${owner} and keeps them. Ask it, with its --data folder`,
    );
  }
  const journal = createJournal(journalPath);
  const removed = await removeLeftovers(journal.read()?.clsact ?? []);
  journal.remove();
  return removed;
}

function whatIsMissing(parts: readonly string[]): Unavailable | null {
  const feature = "limits";
  if (process.geteuid?.() !== 0) {
    return unavailable(
      feature,
      "this needs root: rules are for everybody's traffic",
      "Run it with sudo",
    );
  }
  if (parts.length === 0) return null;
  return unavailable(
    feature,
    `this kernel has no ${parts.join(", no ")}`,
    "Use a kernel of Debian or Ubuntu, which have them; the package linux-modules-extra has them on cloud machines",
  );
}

function notesOf(hasFqCodel: boolean): LimitCapabilities["notes"] {
  return [
    ...(hasFqCodel
      ? []
      : [
          "This kernel has no fq_codel: under full load, packets wait longer within a limited class.",
        ]),
    "Loopback is never limited. DHCP and neighbour discovery always pass, so that the link itself stays; of a container only neighbour discovery does.",
    "Monitauri itself is under rules for the machine and its interfaces only, never under one that fits its process.",
    "A container with a network of its own is limited at its host end; an application inside it is not told apart there.",
    "A virtual machine is limited by a rule for its interface: its packets have no process of this machine.",
    "Through a VPN the packets inside are limited by owner, those outside by rules for the machine.",
    "What is sent through NAT of this machine is known by its owner, what comes back only where the port was kept.",
  ];
}
