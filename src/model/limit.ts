/** Rules that cap or block traffic: what a rule says, what it does at the moment, and the bounds of both. Rates are bytes
 * per second of wire bytes (link headers included, as tc counts); bits appear only where people type. */

import type { Quota, QuotaChange, QuotaPreview, QuotaState, QuotaWish } from "./quota.ts";
import type { Unavailable } from "./unavailable.ts";

/** Whose traffic. Of the owners (process to user) a socket has one each; interface, remote and port are of its packets. */
export type LimitTarget =
  | { readonly kind: "machine" }
  /** "eth0" */
  | { readonly kind: "interface"; readonly name: string }
  /** Application.key, path, name or a glob of one of these: see applicationFits() in limit-match.ts. */
  | { readonly kind: "application"; readonly pattern: string }
  /** One run of a process and what it starts; the start tells it from a later process with the same pid. */
  | { readonly kind: "process"; readonly pid: number; readonly startedAtMs: number }
  /** Name, or the number of one without a name. */
  | { readonly kind: "user"; readonly user: string }
  /** Name or id, as Container has them. */
  | { readonly kind: "container"; readonly container: string }
  /** "ssh.service" */
  | { readonly kind: "unit"; readonly unit: string }
  /** Address or network of the other end: "192.0.2.1", "10.0.0.0/8", "2001:db8::/32". */
  | { readonly kind: "remote"; readonly network: string }
  /** Of the service, at whichever end it is. protocol null: TCP and UDP. */
  | { readonly kind: "port"; readonly port: number; readonly protocol: "tcp" | "udp" | null };

export type LimitKind = LimitTarget["kind"];

/** The narrowest first: of several rules that fit a packet, the first of this order shapes it, inside the caps of the
 * others. Of two of one kind the longer network, the exact pattern before a glob, else the older rule. */
export const NARROWEST_FIRST: readonly LimitKind[] = [
  "process",
  "port",
  "remote",
  "application",
  "container",
  "unit",
  "user",
  "interface",
  "machine",
];

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Local wall-clock time. A window whose end is not behind its beginning ends the next day; its days are those on which it
 * begins. "00:00" to "24:00" is the whole day. */
export interface ScheduleWindow {
  readonly days: readonly Weekday[];
  /** "HH:MM", 00:00 to 23:59. */
  readonly from: string;
  /** "HH:MM", 00:00 to 24:00. */
  readonly to: string;
}

/** What a rule does; the rest of it says when, and to whom. */
export interface LimitEffect {
  /** null: not capped in this direction. */
  readonly rxBytesPerSecond: number | null;
  readonly txBytesPerSecond: number | null;
  /** Nothing passes, and what is open ends. Then there are no caps and no guarantees. */
  readonly block: boolean;
  /** Its share while others want more than there is; null: none. */
  readonly rxGuaranteedBytesPerSecond: number | null;
  readonly txGuaranteedBytesPerSecond: number | null;
  /** Who borrows first what is left: 0 before 7. */
  readonly priority: number;
  /** Local networks (private, link-local and multicast addresses) are left alone. */
  readonly exceptLan: boolean;
}

export interface LimitRule extends LimitEffect {
  /** "l1", "l2"...: short, and never given again. Of a quota's step: the quota's id, "q1". */
  readonly id: string;
  readonly target: LimitTarget;
  readonly enabled: boolean;
  /** null: always. */
  readonly schedule: readonly ScheduleWindow[] | null;
  /** It ends then; null: never. */
  readonly expiresAtMs: number | null;
  readonly createdAtMs: number;
}

export type WishedTarget =
  | Exclude<LimitTarget, { readonly kind: "process" }>
  | {
      readonly kind: "process";
      readonly pid: number;
      readonly startedAtMs?: number | undefined;
    };

/** What somebody wants: what is not given is not limited, or is as usual. */
export interface LimitWish {
  /** Of a process the daemon finds the start where it is not given. */
  readonly target: WishedTarget;
  readonly rxBytesPerSecond?: number | null | undefined;
  readonly txBytesPerSecond?: number | null | undefined;
  readonly block?: boolean | undefined;
  readonly rxGuaranteedBytesPerSecond?: number | null | undefined;
  readonly txGuaranteedBytesPerSecond?: number | null | undefined;
  readonly priority?: number | undefined;
  readonly exceptLan?: boolean | undefined;
  readonly enabled?: boolean | undefined;
  readonly schedule?: readonly ScheduleWindow[] | null | undefined;
  /** From now; instead of expiresAtMs. */
  readonly forMs?: number | undefined;
  readonly expiresAtMs?: number | null | undefined;
}

/** Only what is given changes. */
export type LimitChange = Omit<LimitWish, "target"> & {
  readonly target?: WishedTarget | undefined;
};

/** The connection that a change came over, where it came from another machine: as in SSH_CONNECTION. */
export interface SessionPath {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

export interface ChangeOptions {
  readonly via?: SessionPath | undefined;
}

/** What a rule that is in force does now, as the enforcing part measures it. */
export interface LimitAchieved {
  readonly id: string;
  /** Over the last interval; null: the rule has no cap in this direction, or nothing is known yet. */
  readonly rxBytesPerSecond: number | null;
  readonly txBytesPerSecond: number | null;
  /** Packets since the rule took hold; with `block` those that were refused. */
  readonly rxDrops: number;
  readonly txDrops: number;
  /** Bytes that wait now. */
  readonly rxBacklogBytes: number;
  readonly txBacklogBytes: number;
  /** waiting: its target is not there (an interface, a container); defeated: something lets traffic pass the rule. */
  readonly state: "active" | "waiting" | "defeated";
  /** A sentence where it is not simply active. */
  readonly reason: string | null;
}

/** What can be enforced on this machine. */
export interface LimitCapabilities {
  /** null: everything; else why nothing is enforced. */
  readonly missing: Unavailable | null;
  /** What holds less than exactly, and why: no fq_codel, other namespaces. */
  readonly notes: readonly string[];
  readonly kinds: readonly LimitKind[];
}

export const LIMIT_STATES = [
  "active",
  "waiting", // the target is not there
  "disabled",
  "off-schedule",
  "expired",
  "defeated", // something lets traffic pass it
  "unenforced", // this machine cannot, or could not
] as const;
export type LimitStateName = (typeof LIMIT_STATES)[number];

/** A row of `limit list`. */
export interface LimitState {
  readonly rule: LimitRule;
  readonly state: LimitStateName;
  /** Why, where it is not active; also a warning where it is. */
  readonly reason: string | null;
  /** Names of applications that are under it now, the first APPLIES_TO_SHOWN. */
  readonly appliesTo: readonly string[];
  readonly appliesToCount: number;
  /** Ids of wider rules whose caps hold around this one. */
  readonly within: readonly string[];
  /** undefined while it is not in force. */
  readonly achieved: LimitAchieved | undefined;
  /** Undone then unless it is confirmed; null: it is. */
  readonly confirmByMs: number | null;
  /** When its state next changes by schedule or expiry; null: never. */
  readonly changesAtMs: number | null;
}

export const APPLIES_TO_SHOWN = 20;

export interface LimitList {
  readonly atMs: number;
  readonly capabilities: LimitCapabilities;
  readonly limits: readonly LimitState[];
  readonly quotas: readonly QuotaState[];
  /** Said once each: a rule book that was set aside, a change that was undone. */
  readonly warnings: readonly string[];
}

/** What came of a change. */
export interface LimitChanged {
  readonly rule: LimitRule;
  /** It touches the session that it came over, and is undone then unless it is confirmed; null: it does not. */
  readonly confirmByMs: number | null;
  readonly warnings: readonly string[];
}

export interface LimitPreview {
  readonly rule: LimitRule;
  /** What would be done, one command or step a line; empty: nothing. */
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  /** It would have to be confirmed. */
  readonly touchesSession: boolean;
}

/** What the API of Monitauri has for limits. Changes: @throws MonitauriError "invalid" with what is wrong, "not-found",
 * "unsupported" where this machine enforces nothing; the rules are as before then. */
export interface Limits {
  limits(): Promise<LimitList>;
  addLimit(wish: LimitWish, options?: ChangeOptions): Promise<LimitChanged>;
  setLimit(id: string, change: LimitChange, options?: ChangeOptions): Promise<LimitChanged>;
  removeLimit(id: string): Promise<void>;
  /** All of them, quotas not; how many there were. */
  clearLimits(): Promise<number>;
  /** What addLimit(), or setLimit() where an id is given, would do. */
  previewLimit(change: LimitChange, id?: string, options?: ChangeOptions): Promise<LimitPreview>;
  /** Keeps a change that would be undone. */
  confirmLimit(id: string): Promise<void>;
  addQuota(wish: QuotaWish): Promise<Quota>;
  setQuota(id: string, change: QuotaChange): Promise<Quota>;
  removeQuota(id: string): Promise<void>;
  /** What addQuota(), or setQuota() where an id is given, would do. */
  previewQuota(change: QuotaChange, id?: string): Promise<QuotaPreview>;
}

/** Rules in the book; further ones are refused. The kernel holds as many classes. */
export const MAX_LIMITS = 1_000;
export const MAX_SCHEDULE_WINDOWS = 20;
export const MAX_PATTERN_LENGTH = 1_024;
/** 8 kbit/s: with less, a single full packet takes more than a second. */
export const MIN_LIMIT_BYTES_PER_SECOND = 1_000;
/** 1 Tbit/s: no interface has it. */
export const MAX_LIMIT_BYTES_PER_SECOND = 125_000_000_000;
export const MAX_PRIORITY = 7;
export const DEFAULT_PRIORITY = 3;
/** A year: longer is no temporary rule. */
export const MAX_LIMIT_FOR_MS = 366 * 86_400_000;
/** How long a change that touches its own session waits for a confirmation. */
export const CONFIRM_MS = 15_000;
/** An expired rule is shown for so long, and then forgotten. */
export const EXPIRED_SHOWN_MS = 3_600_000;
