/** Alerts: rules, what fired, and what can be asked of them. alert-schema.ts checks what comes in. */

export const ALERT_SEVERITIES = ["info", "warning", "critical"] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

export const ALERT_SCOPES = ["machine", "interface", "application", "user", "container"] as const;
export type AlertScopeKind = (typeof ALERT_SCOPES)[number];

/** Of whom a rule speaks. */
export interface AlertScope {
  readonly kind: AlertScopeKind;
  /** An application by its key, name or path, everything else by its name. "*": each of them by itself; of the machine
   * always "*". */
  readonly match: string;
}

/** "both": the sum of the two. */
export const ALERT_DIRECTIONS = ["rx", "tx", "both"] as const;
export type AlertDirection = (typeof ALERT_DIRECTIONS)[number];

/** Local days and calendar months; "cycle": a month that begins on `cycleDay`; weeks begin on Monday. */
export const ALERT_PERIODS = ["day", "week", "month", "cycle"] as const;
export type AlertPeriod = (typeof ALERT_PERIODS)[number];

/** The rate stays on the wrong side for this long. The machine's and an application's rate is without loopback. */
export interface RateCondition {
  readonly kind: "rate";
  readonly comparison: "above" | "below";
  readonly direction: AlertDirection;
  readonly bytesPerSecond: number;
  readonly forMs: number;
}

interface CapCondition {
  readonly direction: AlertDirection;
  readonly period: AlertPeriod;
  /** Of "cycle": the first day, 1..31; in a shorter month its last one. */
  readonly cycleDay: number;
  readonly capBytes: number;
}

/** Fires once in a period for each percentage of the cap that is reached. */
export interface VolumeCondition extends CapCondition {
  readonly kind: "volume";
  /** Upwards; 100 is the cap itself. */
  readonly percentages: readonly number[];
}

/** At the pace of the days before, the cap is reached within the period. */
export interface ForecastCondition extends CapCondition {
  readonly kind: "forecast";
}

/** "program": it never used the network before. "executable": the same path is another file than before. */
export const NEWCOMERS = ["program", "executable"] as const;
export interface NewcomerCondition {
  readonly kind: "newcomer";
  readonly of: readonly (typeof NEWCOMERS)[number][];
}

/** A program's first contact with a country or with a network (autonomous system). */
export const CONTACTS = ["country", "network"] as const;
export interface ContactCondition {
  readonly kind: "first-contact";
  readonly of: readonly (typeof CONTACTS)[number][];
}

/** An hour of a program that is unlike its hours before: its volume, that it is active at this time of the day at all,
 * or that it sends where it used to receive. */
export const UNUSUALS = ["volume", "hour", "upload"] as const;
export type UnusualAspect = (typeof UNUSUALS)[number];
export interface UnusualCondition {
  readonly kind: "unusual";
  readonly of: readonly UnusualAspect[];
  /** How far from the median it must be, in robust standard deviations (1.4826 times the median absolute deviation). */
  readonly deviations: number;
}

/** A connection with an address or host on a list: plain addresses, CIDR networks, host names, hosts files; "#", ";"
 * and "!" begin comments. */
export interface BlockListCondition {
  readonly kind: "block-list";
  /** An absolute path, or an https address that is fetched once a day. */
  readonly list: string;
}

export const LIMIT_TROUBLES = ["defeated", "saturated", "quota"] as const;
export interface LimitCondition {
  readonly kind: "limit";
  readonly of: readonly (typeof LIMIT_TROUBLES)[number][];
}

/** The share of an interface's bytes that has an owner, 0..1, over `forMs`. */
export interface CoverageCondition {
  readonly kind: "coverage";
  readonly belowShare: number;
  readonly forMs: number;
}

/** An interface that was there is not there any more. */
export interface InterfaceGoneCondition {
  readonly kind: "interface-gone";
  readonly forMs: number;
}

/** A part of Monitauri does not work, or samples are lost. */
export interface DegradedCondition {
  readonly kind: "degraded";
  readonly forMs: number;
}

export type AlertCondition =
  | RateCondition
  | VolumeCondition
  | ForecastCondition
  | NewcomerCondition
  | ContactCondition
  | UnusualCondition
  | BlockListCondition
  | LimitCondition
  | CoverageCondition
  | InterfaceGoneCondition
  | DegradedCondition;
export type AlertKind = AlertCondition["kind"];

/** Which scopes each kind of condition can have. */
export const SCOPES_OF_KIND: Readonly<Record<AlertKind, readonly AlertScopeKind[]>> = {
  rate: ALERT_SCOPES,
  volume: ALERT_SCOPES,
  forecast: ALERT_SCOPES,
  newcomer: ["machine", "application", "user", "container"],
  "first-contact": ["machine", "application", "user", "container"],
  unusual: ["machine", "application"],
  "block-list": ["machine", "application", "user", "container"],
  limit: ["machine", "interface", "application", "user", "container"],
  coverage: ["machine", "interface"],
  "interface-gone": ["machine", "interface"],
  degraded: ["machine"],
};

/** Local time of the day; `from` later than `to` goes over midnight. What fires meanwhile is in the log at once, and is
 * sent as one message at the end. */
export interface QuietHours {
  /** Minutes since midnight, 0..1439. */
  readonly fromMinute: number;
  readonly toMinute: number;
}

export interface AlertRuleSettings {
  readonly name: string;
  readonly enabled: boolean;
  readonly severity: AlertSeverity;
  readonly scope: AlertScope;
  readonly condition: AlertCondition;
  /** A rate or share must come back by this share of the threshold before it is over: 0.1 of above 10 MB/s is 9. */
  readonly hysteresisShare: number;
  /** The same rule does not fire again for the same subject within this time. */
  readonly coolDownMs: number;
  readonly quietHours: QuietHours | null;
  /** What fires within this time goes into one message; 0: each at once. */
  readonly digestMs: number;
  /** Also tell when it is over. */
  readonly tellEnd: boolean;
  /** Names of channels; without one it is only in the log and on the page. */
  readonly channels: readonly string[];
  /** Nothing is sent and nothing fires until then, wall clock. */
  readonly snoozedUntilMs: number | null;
}

export interface AlertRule extends AlertRuleSettings {
  readonly id: string;
  readonly createdAtMs: number;
}

/** What has to be said of a new rule; the rest has defaults. */
export type AlertRuleDraft = Pick<AlertRuleSettings, "condition"> & Partial<AlertRuleSettings>;
export type AlertRuleChange = Partial<AlertRuleSettings>;

export const DEFAULT_RULE: Omit<AlertRuleSettings, "name" | "condition"> = {
  enabled: true,
  severity: "warning",
  scope: { kind: "machine", match: "*" },
  hysteresisShare: 0.1,
  coolDownMs: 15 * 60_000,
  quietHours: null,
  digestMs: 0,
  tellEnd: false,
  channels: [],
  snoozedUntilMs: null,
};

export const MAX_ALERT_RULES = 1_000;
export const MAX_ALERT_CHANNELS = 50;
/** Channels of one rule. */
export const MAX_RULE_CHANNELS = 10;
export const MAX_PERCENTAGES = 10;
/** Of the log; the oldest go first, acknowledged ones before. */
export const MAX_ALERT_EVENTS = 2_000;
/** Points of an event's series. */
export const MAX_EVENT_POINTS = 60;
export const MAX_EVENT_CAUSES = 5;
/** Events that one digest names; it counts the others. */
export const MAX_DIGEST_EVENTS = 100;

/** "ongoing": it still is so. "resolved": it was, and is over. "fired": a moment, which cannot be over. */
export const ALERT_STATES = ["fired", "ongoing", "resolved"] as const;
export type AlertEventState = (typeof ALERT_STATES)[number];

/** What it happened to. */
export interface AlertSubject {
  readonly kind: AlertScopeKind;
  /** Application.key, or a name; "" for the machine. */
  readonly key: string;
  /** What a person reads; from another process, so any text that can be printed. */
  readonly name: string;
}

/** What was measured against what; a member that does not belong to the condition is null. */
export interface AlertMeasure {
  readonly bytesPerSecond: number | null;
  readonly thresholdBytesPerSecond: number | null;
  readonly bytes: number | null;
  readonly thresholdBytes: number | null;
  readonly share: number | null;
  readonly thresholdShare: number | null;
}

/** The machine's or the subject's rates until the moment, the oldest first; MAX_EVENT_POINTS at most. */
export interface AlertSeries {
  readonly atMs: readonly number[];
  readonly rxBytesPerSecond: readonly number[];
  readonly txBytesPerSecond: readonly number[];
}

/** Of what no rate, volume or share was measured. */
export const NO_MEASURE: AlertMeasure = {
  bytesPerSecond: null,
  thresholdBytesPerSecond: null,
  bytes: null,
  thresholdBytes: null,
  share: null,
  thresholdShare: null,
};

export const NO_SERIES: AlertSeries = { atMs: [], rxBytesPerSecond: [], txBytesPerSecond: [] };

/** An application that was busy at the moment. */
export interface AlertCause {
  readonly key: string;
  readonly name: string;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
}

export interface AlertEvent {
  /** Unique, also across restarts and data folders; letters, digits and "-", so that it fits a Message-ID. */
  readonly id: string;
  readonly ruleId: string;
  readonly ruleName: string;
  readonly kind: AlertKind;
  readonly severity: AlertSeverity;
  readonly atMs: number;
  readonly subject: AlertSubject;
  /** One line. */
  readonly title: string;
  /** Whole sentences, with the reason in words; lines end in "\n". */
  readonly text: string;
  readonly measure: AlertMeasure;
  readonly series: AlertSeries;
  /** The busiest first, MAX_EVENT_CAUSES at most. */
  readonly causes: readonly AlertCause[];
  readonly state: AlertEventState;
  readonly resolvedAtMs: number | null;
  /** null: unread. */
  readonly acknowledgedAtMs: number | null;
}

/** What delivery is given: one event, its end, or many as a digest. */
export interface AlertMessage extends AlertEvent {
  /** Of an end: the id of the message that said the beginning; else null. */
  readonly inReplyTo: string | null;
  /** Of a digest: the events that it tells of, the oldest first, MAX_DIGEST_EVENTS at most; else empty. */
  readonly digest: readonly AlertDigestLine[];
  /** How many events a digest stands for; 1 otherwise. */
  readonly count: number;
}

export interface AlertDigestLine {
  readonly id: string;
  readonly atMs: number;
  readonly severity: AlertSeverity;
  readonly title: string;
}

export interface AlertLogQuery {
  /** 100 where not given. */
  readonly limit?: number;
  /** The page that follows this event's id, backwards in time. */
  readonly before?: string;
  readonly unread?: boolean;
  readonly ruleId?: string;
}

export const MAX_LOG_PAGE = 500;

export interface AlertLog {
  /** The latest first. */
  readonly events: readonly AlertEvent[];
  /** How many fit the question. */
  readonly count: number;
  /** How many have not been acknowledged, of all. */
  readonly unread: number;
  /** How many are going on, of all. */
  readonly ongoing: number;
}

/** What a rule would have done in a past period. */
export interface AlertPreview {
  readonly fromMs: number;
  readonly toMs: number;
  /** null: the history cannot tell. */
  readonly fired: number | null;
  /** The latest first, MAX_PREVIEW_EVENTS at most. */
  readonly events: readonly { readonly atMs: number; readonly title: string }[];
  /** What it was found from, or why it cannot be found, as a sentence. */
  readonly basis: string;
}

export const MAX_PREVIEW_EVENTS = 50;

/** Which events somebody has seen. */
export type AlertAcknowledgement = { readonly ids: readonly string[] } | { readonly all: true };

export interface AlertSnooze {
  /** Where not given: all rules. */
  readonly ruleId?: string;
  /** Wall clock; null: no longer. */
  readonly untilMs: number | null;
}
