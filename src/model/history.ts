/** History: what a sampler hands over each tick, what can be asked of the past, and the answers. */

import type { ActivityRow, InterfaceBytes, OwnedBytes } from "./live.ts";
import type { Gap } from "./sample.ts";

/** How far traffic goes. "other": not known, or the outer packets of a tunnel. */
export const HISTORY_SCOPES = ["internet", "lan", "vpn", "loopback", "other"] as const;
export type HistoryScope = (typeof HISTORY_SCOPES)[number];

/** Who opened a connection: "out" this machine, "in" the other side. */
export const HISTORY_DIRECTIONS = ["out", "in"] as const;
export type HistoryDirection = (typeof HISTORY_DIRECTIONS)[number];

/** What one application did with one remote service in the interval. Text that is not known is "", a number 0. */
export interface HistoryDetail {
  /** Key of a row of `applications`. */
  readonly application: string;
  /** As in ActivityRow.interfaces; "" for none of this machine's. */
  readonly interface: string;
  /** Host name, else the address as text; "" for no single peer. */
  readonly remote: string;
  /** The address as text, also where there is a name; "" for no single peer. */
  readonly address: string;
  /** The service's port, never a client's ephemeral one. */
  readonly port: number;
  /** IANA number. */
  readonly ipProtocol: number;
  /** "tls", "dns": SpokenProtocol.name. */
  readonly spoken: string;
  readonly direction: HistoryDirection;
  readonly scope: HistoryScope;
  readonly user: string;
  readonly container: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly connectionsOpened: number;
  /** For alerts; not kept. The address's autonomous system: "AS15169 Google LLC". */
  readonly network?: string;
}

/** What is known of traffic whose remote was not told apart. */
export const UNEXPLAINED = {
  remote: "",
  address: "",
  port: 0,
  ipProtocol: 0,
  spoken: "",
  direction: "out",
  user: "",
  container: "",
  country: "",
  connectionsOpened: 0,
} as const;

/** What one process did in the interval. Text that is not known is "". */
export interface HistoryProcess extends OwnedBytes {
  /** Key of a row of `applications`. */
  readonly application: string;
  readonly pid: number;
  readonly startedAtMs: number;
  /** The kernel's name of it: a short command. */
  readonly name: string;
  readonly user: string;
  readonly container: string;
  readonly interfaces: readonly InterfaceBytes[];
}

/** Processes of one tick that are kept apart; what the others did is their application's. */
export const MAX_TICK_PROCESSES = 256;

/** Details of one tick that are kept apart; what the others moved is kept without a remote. */
export const MAX_TICK_DETAILS = 5_000;

/** What the history needs of an application's row. */
export type HistoryActivity = Pick<
  ActivityRow,
  "key" | "name" | "rxBytes" | "txBytes" | "rxLoopbackBytes" | "txLoopbackBytes" | "interfaces"
>;

/** What an interface counted in the interval but for what limits dropped, and the part of it that has an owner. */
export interface CoverageBytes {
  readonly interface: string;
  readonly rxCountedBytes: number;
  readonly txCountedBytes: number;
  readonly rxAttributedBytes: number;
  readonly txAttributedBytes: number;
}

/** One interval of the sampler. All bytes are the interval's. */
export interface HistoryTick {
  /** Wall clock at the end of the interval. */
  readonly atMs: number;
  readonly intervalMs: number;
  readonly gap: Gap | null;
  /** The machine's: every byte that crossed a network once, as Sample.delta; loopback kept apart. */
  readonly machine: OwnedBytes;
  readonly applications: readonly HistoryActivity[];
  /** The busiest first. What an application moved beyond its details is kept without a remote. */
  readonly details: readonly HistoryDetail[];
  /** The busiest first, MAX_TICK_PROCESSES at most. */
  readonly processes: readonly HistoryProcess[];
  readonly coverage: readonly CoverageBytes[];
}

/** How fine the history is, the finest first. */
export const HISTORY_LEVELS = ["second", "minute", "hour", "day"] as const;
export type HistoryLevel = (typeof HISTORY_LEVELS)[number];

export const HISTORY_GROUPINGS = [
  "application",
  "process",
  "remote",
  "country",
  "protocol",
  "user",
  "interface",
  "container",
  "scope",
  "port",
  "direction",
] as const;
export type HistoryGrouping = (typeof HISTORY_GROUPINGS)[number];

/** Of these go with processes: who a process talked to is not kept. */
export const PROCESS_GROUPINGS: readonly HistoryGrouping[] = [
  "application",
  "process",
  "user",
  "container",
  "interface",
];

/** Of a process: pid, start and a number that tells programs of one pid apart, "1234@1764072000000#7". A filter also takes
 * "1234" or a name. Only rows whose key is one of these, per grouping; several groupings must all hold. */
export type HistoryFilter = { readonly [By in HistoryGrouping]?: readonly string[] };

export interface Period {
  readonly fromMs: number;
  /** The first instant that is no part of it. */
  readonly toMs: number;
}

/** What crossed a network, or what never left this machine. */
export const HISTORY_TRAFFIC = ["networks", "loopback"] as const;
export type HistoryTraffic = (typeof HISTORY_TRAFFIC)[number];

export interface HistoryQuery extends Period {
  /** Where not given, only totals. */
  readonly groupBy?: HistoryGrouping;
  readonly filter?: HistoryFilter;
  /** Only this part, in totals, rows and series alike. Where not given both, with the loopback part beside. */
  readonly traffic?: HistoryTraffic;
  /** Rows; the rest is one, `others`. */
  readonly top?: number;
  /** A series: "auto" or the shortest step wanted. Where not given, none. */
  readonly stepMs?: number | "auto";
  /** A period to compare with; "previous": as long, right before. */
  readonly before?: Period | "previous";
  /** Also the 95th percentile of the rate, which reads finer rows. */
  readonly percentile?: boolean;
}

export const DEFAULT_TOP = 20;
export const MAX_TOP = 1_000;
export const MAX_FILTER_KEYS = 1_000;

export interface HistoryBytes extends OwnedBytes {
  /** null where the level that answered does not keep it: grouped by application or interface, or not at all. */
  readonly connectionsOpened: number | null;
}

export interface HistoryRow extends HistoryBytes {
  /** Application.key, "remainder:kernel", a host name, "DE", "tls", "eth0"...; "": not known. */
  readonly key: string;
  readonly name: string;
  /** The same of the period before; null where none was asked for. */
  readonly before: HistoryBytes | null;
  /** By step, as HistorySeries.startsMs; empty where no series was asked for. */
  readonly rxSeries: readonly number[];
  readonly txSeries: readonly number[];
}

export interface HistorySeries {
  /** The level that the steps are made of. */
  readonly level: HistoryLevel;
  /** Length of a step; a step of days is as long as the local day. */
  readonly stepMs: number;
  readonly startsMs: readonly number[];
  /** How much of the step was watched: 0 is a gap and no zero. */
  readonly observedMs: readonly number[];
  readonly rxBytes: readonly number[];
  readonly txBytes: readonly number[];
}

export type HistoryGapReason =
  | Gap["reason"]
  | "off" // the daemon was not running
  | "not-kept"; // the history could not be written

export interface HistoryGap extends Period {
  readonly reason: HistoryGapReason;
  /** Why, as a sentence; "" where the reason says it all. */
  readonly detail: string;
}

/** One run of the daemon. */
export interface HistorySession extends Period {
  readonly version: string;
  /** How it ended; null: it runs. */
  readonly clean: boolean | null;
}

export interface Percentile {
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** Rates were averaged over this long. */
  readonly sampleMs: number;
  readonly samples: number;
}

/** The period is the one that was answered: widened to whole steps of what is still kept. Without a filter `total` is the
 * machine's, so that rows may add up to more: forwarded packets, and the outer packets of tunnels. */
export interface HistoryAnswer extends Period {
  readonly total: HistoryBytes;
  /** How long it was watched. */
  readonly observedMs: number;
  /** The largest first. */
  readonly rows: readonly HistoryRow[];
  readonly others: ({ readonly count: number } & HistoryRow) | null;
  readonly series: HistorySeries | null;
  readonly before: ({ readonly total: HistoryBytes; readonly observedMs: number } & Period) | null;
  readonly percentile95: Percentile | null;
  readonly coverage: readonly CoverageBytes[];
  /** The latest first, MAX_MARKS at most; the same of sessions. */
  readonly gaps: readonly HistoryGap[];
  readonly sessions: readonly HistorySession[];
}

export const MAX_MARKS = 500;

/** "names": host names, addresses where there is none. "none": neither; countries, ports and protocols stay. */
export const HISTORY_REMOTES = ["names", "addresses", "none"] as const;
export type HistoryRemotes = (typeof HISTORY_REMOTES)[number];

/** How long each level is kept, and how large the history may get. */
export interface HistorySettings {
  readonly secondHours: number;
  readonly minuteDays: number;
  readonly hourDays: number;
  /** null: for ever. */
  readonly dayDays: number | null;
  /** What is kept of whom this machine talked to, from now on. */
  readonly remotes: HistoryRemotes;
  /** Older details lose the remote, at every level; null: it is kept as long as they are. */
  readonly remoteDays: number | null;
  /** When it is reached, the oldest seconds go first, then minutes, then hours; never days. */
  readonly maxBytes: number;
}

export const DEFAULT_HISTORY_SETTINGS: HistorySettings = {
  secondHours: 24,
  minuteDays: 30,
  hourDays: 365,
  dayDays: null,
  remotes: "names",
  remoteDays: null,
  maxBytes: 2 ** 30,
};

/** A plain file a day beside the history. */
export interface CsvLogSettings {
  readonly folder: string;
  /** Files of days; older ones are deleted. */
  readonly keepDays: number;
  /** All files together; the oldest go first, and of today's alone no more is written. */
  readonly maxBytes: number;
}

/** How the history does. */
export interface HistoryState {
  readonly path: string;
  readonly fileBytes: number;
  readonly settings: HistorySettings;
  /** Whose days these are: "Europe/Berlin". */
  readonly zone: string;
  /** The first local day; undefined while there is none. */
  readonly firstAtMs: number | undefined;
  readonly lastAtMs: number | undefined;
  /** Per level: complete from here on. 0: since the first day. */
  readonly keptFromMs: Readonly<Record<HistoryLevel, number>>;
  /** Said once each: a history that was set aside, a cap that days alone exceed. */
  readonly warnings: readonly string[];
  /** What writing fails with now; undefined while all is well. */
  readonly fault: string | undefined;
  /** Ticks that wait for the disk. */
  readonly waitingTicks: number;
  /** Ticks that could not be kept since the start. */
  readonly lostTicks: number;
}

export const EXPORT_FORMATS = ["csv", "jsonl"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
/** For programs that analyse data; no text, see Monitauri.exportParquet(). */
export const PARQUET = "parquet";

/** Minutes of processes are a fifth of all minutes, and who asks for the process of an old minute can do with its hour:
 * measured, it is what keeps a busy desktop's month below 60 MB. */
export const PROCESS_MINUTE_DAYS = 7;

/** A row for each service that an application talked to, or for each process; who a process talked to is not kept. */
export const EXPORT_KINDS = ["service", "process"] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

/** Rows as they are stored. Seconds have applications and interfaces only, minutes and hours all, days no processes. */
export interface ExportQuery extends Period {
  readonly level: HistoryLevel;
  readonly format: ExportFormat;
  /** Where not given, services; processes where they are filtered by. */
  readonly by?: ExportKind;
  readonly filter?: HistoryFilter;
  /** Only this part; where not given, all. */
  readonly traffic?: HistoryTraffic;
}

/** A piece of an export. */
export interface ExportPart {
  readonly text: string;
  /** Where the next piece begins; null: that was the last. */
  readonly next: string | null;
  /** Share of the period that is done, 0..1. */
  readonly progress: number;
}

/** What an import did. */
export interface ImportReport {
  readonly days: number;
  /** Days that Monitauri watched itself, or of which the other has nothing. */
  readonly skippedDays: number;
  readonly interfaces: readonly string[];
}
