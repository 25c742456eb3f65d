/** A limit while it is edited, as text, and as the wish that it comes to (pure). */

import type {
  LimitChange,
  LimitKind,
  LimitRule,
  LimitTarget,
  WishedTarget,
} from "../../../model/limit.ts";
import { formatSchedule, parseSchedule } from "../../../model/limit-schedule.ts";
import { rateAsText, rateIn } from "./rate-text.ts";

export interface Draft {
  readonly kind: LimitKind;
  /** Of the target; "" for the machine. */
  readonly who: string;
  readonly block: boolean;
  readonly down: string;
  readonly up: string;
  readonly guaranteeDown: string;
  readonly guaranteeUp: string;
  readonly priority: number;
  readonly exceptLan: boolean;
  readonly when: string;
  /** Milliseconds; 0: without an end, -1: as it is. */
  readonly forMs: number;
}

/** "" where there is nothing to start from. */
export function draftOf(rule: LimitRule | undefined, target: LimitTarget | undefined): Draft {
  return {
    ...(target === undefined ? { kind: "application" as const, who: "" } : whoOf(target)),
    block: rule?.block ?? false,
    down: rateAsText(rule?.rxBytesPerSecond),
    up: rateAsText(rule?.txBytesPerSecond),
    guaranteeDown: rateAsText(rule?.rxGuaranteedBytesPerSecond),
    guaranteeUp: rateAsText(rule?.txGuaranteedBytesPerSecond),
    priority: rule?.priority ?? 3,
    exceptLan: rule?.exceptLan ?? false,
    when:
      rule?.schedule === undefined || rule.schedule === null ? "" : formatSchedule(rule.schedule),
    forMs: rule === undefined ? 0 : -1,
  };
}

export type Wish = LimitChange & { readonly target: WishedTarget };

/** @returns the wish, or a sentence that says what is missing. */
export function wishOf(draft: Draft): Wish | string {
  const target = targetIn(draft);
  if (typeof target === "string") return target;
  const rates = [draft.down, draft.up, draft.guaranteeDown, draft.guaranteeUp].map((one) =>
    draft.block ? null : rateIn(one),
  );
  if (rates.includes(undefined)) return "One of the rates is none that can be.";
  const [rx, tx, rxShare, txShare] = rates as (number | null)[];
  let schedule = null;
  try {
    if (draft.when.trim() !== "") schedule = parseSchedule(draft.when);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return {
    target,
    block: draft.block,
    rxBytesPerSecond: rx ?? null,
    txBytesPerSecond: tx ?? null,
    rxGuaranteedBytesPerSecond: rxShare ?? null,
    txGuaranteedBytesPerSecond: txShare ?? null,
    priority: draft.priority,
    exceptLan: draft.exceptLan,
    schedule,
    ...(draft.forMs > 0 ? { forMs: draft.forMs } : draft.forMs === 0 ? { expiresAtMs: null } : {}),
  };
}

function targetIn({ kind, who }: Draft): WishedTarget | string {
  const name = who.trim();
  if (kind !== "machine" && name === "") return "Say whose traffic is meant.";
  switch (kind) {
    case "machine":
      return { kind };
    case "interface":
      return { kind, name };
    case "application":
      return { kind, pattern: name };
    case "process": {
      const [pid = "", startedAtMs] = name.split("@");
      if (!/^\d{1,7}$/.test(pid)) return "A pid is a number.";
      return startedAtMs === undefined
        ? { kind, pid: Number(pid) }
        : { kind, pid: Number(pid), startedAtMs: Number(startedAtMs) };
    }
    case "user":
      return { kind, user: name };
    case "container":
      return { kind, container: name };
    case "unit":
      return { kind, unit: name };
    case "remote":
      return { kind, network: name };
    case "port": {
      const [, port = "", protocol] = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(name) ?? [];
      if (port === "") return "Write a port as 443, 443/tcp or 443/udp.";
      return {
        kind,
        port: Number(port),
        protocol: protocol === "tcp" || protocol === "udp" ? protocol : null,
      };
    }
  }
}

function whoOf(target: LimitTarget): Pick<Draft, "kind" | "who"> {
  const { kind } = target;
  switch (kind) {
    case "machine":
      return { kind, who: "" };
    case "interface":
      return { kind, who: target.name };
    case "application":
      return { kind, who: target.pattern };
    case "process":
      return { kind, who: `${target.pid}@${target.startedAtMs}` };
    case "user":
      return { kind, who: target.user };
    case "container":
      return { kind, who: target.container };
    case "unit":
      return { kind, who: target.unit };
    case "remote":
      return { kind, who: target.network };
    case "port":
      return {
        kind,
        who: `${target.port}${target.protocol === null ? "" : `/${target.protocol}`}`,
      };
  }
}
