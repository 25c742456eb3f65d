/** Everything a user can ask of Monitauri: implemented in process by the daemon, over HTTP by the client. */

import type { AlertQuestions } from "./alert-questions.ts";
import type { AlertStatus } from "./alert-status.ts";
import type {
  ExportQuery,
  HistoryAnswer,
  HistoryQuery,
  HistoryState,
  ImportReport,
} from "./history.ts";
import type { Limits } from "./limit.ts";
import type { InterfaceBytes, LiveQuery, LiveSample } from "./live.ts";
import type { DataCredit, HostName, NetworkOf, SpokenProtocol } from "./naming.ts";
import type { Container } from "./process.ts";
import type { Connection, Gap, Grouping, GroupRow, InterfaceCoverage, Traffic } from "./sample.ts";
import type { Bound, CollectorHealth } from "./snapshot.ts";
import type { Unavailable } from "./unavailable.ts";

export interface Status {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly atMs: number;
  readonly privileged: boolean;
  readonly intervalMs: number;
  readonly collector: CollectorHealth | undefined;
  readonly total: Traffic;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly interfaces: readonly InterfaceCoverage[];
  readonly gaps: readonly Gap[];
  readonly threads: readonly ThreadStatus[];
  readonly alerts: AlertStatus;
  readonly own: OwnCost;
}

export interface ThreadStatus {
  readonly name: string;
  readonly state: "running" | "restarting" | "stopped";
  readonly restarts: number;
  readonly lastError: string | undefined;
}

/** What the daemon itself uses. */
export interface OwnCost {
  /** CPU time of the process since it started, milliseconds. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly lastTickMs: number | undefined;
}

/** Who a program talks to: one address, with what is known of the busiest connection to it. */
export interface RemoteEnd {
  readonly address: string;
  readonly host: HostName | undefined;
  readonly spoken: SpokenProtocol | undefined;
  readonly network: NetworkOf | undefined;
  /** Of the connections that are open. */
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** Ends of one row of `ps`. */
export const MAX_ENDS = 3;

/** A row of `ps`: an application or a process, its totals since the daemon started and its rates now. All its traffic,
 * on whatever interface; the loopback part is said beside it. */
export interface PsRow {
  /** Application.key, also of a process row; "remainder:" and its kind for rows without a process. */
  readonly key: string;
  readonly application: string;
  readonly path: string | null;
  /** null for an application row with several processes. */
  readonly pid: number | null;
  readonly pids: readonly number[];
  /** Of a process row, cut at 1,024 bytes altogether; empty for an application. */
  readonly arguments: readonly string[];
  readonly user: string | null;
  readonly container: Container | null;
  readonly unit: string | null;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxPayloadBytes: number;
  readonly txPayloadBytes: number;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** The part of rxBytes and txBytes that never left this machine. */
  readonly rxLoopbackBytes: number;
  readonly txLoopbackBytes: number;
  readonly rxLoopbackBytesPerSecond: number;
  readonly txLoopbackBytesPerSecond: number;
  /** rxBytes and txBytes by interface. */
  readonly interfaces: readonly InterfaceBytes[];
  /** The other ends of its open connections, MAX_ENDS at most: those with most bytes. A filter looks at all. */
  readonly ends: readonly RemoteEnd[];
  readonly connections: number;
  readonly startedAtMs: number | null;
  readonly lastActiveAtMs: number;
  /** False: all its processes have exited. */
  readonly running: boolean;
  /** Set for rows that are no process: kernel, forwarded, ... */
  readonly remainder: string | null;
  /** Name of the tunnel whose outer packets this program carries or carried; those are left out of the machine's totals. */
  readonly carries: string | null;
}

export interface PsQuery {
  readonly by?: "application" | "process";
  /** A filter expression; see filter.ts. */
  readonly filter?: string;
}

/** What connections can be sorted by; numbers the largest first, names and times upwards. */
export const CONNECTION_ORDERS = [
  "rate",
  "rx",
  "tx",
  "rxTotal",
  "txTotal",
  "application",
  "remote",
  "local",
  "state",
  "opened",
  "rtt",
  "retransmits",
] as const;
export type ConnectionOrder = (typeof CONNECTION_ORDERS)[number];

export interface ConnectionsQuery {
  /** Most rows to return; 10,000 where not given. */
  readonly limit?: number;
  /** Rows to leave out at the beginning. */
  readonly offset?: number;
  /** "rate" where not given: the busiest first. */
  readonly sort?: ConnectionOrder;
  readonly reverse?: boolean;
  /** A filter expression; see filter.ts. */
  readonly filter?: string;
}

export interface ConnectionList {
  readonly connections: readonly Connection[];
  /** How many fit the filter, also when fewer are returned. */
  readonly count: number;
  /** How many there are. */
  readonly total: number;
}

/** A socket that waits for others: TCP that listens, UDP that is bound without a peer. */
export interface Listener {
  readonly protocol: string;
  readonly localAddress: string;
  readonly localPort: number;
  /** null: the owner may not be seen, or is the kernel. */
  readonly pid: number | null;
  /** Application.key where the program is one that has used the network, else null. */
  readonly key: string | null;
  readonly application: string;
  readonly path: string | null;
  readonly user: string | null;
  readonly container: string | null;
  /** What the system's services file calls the port. */
  readonly service?: string | undefined;
  /** Where the owner is not known: the daemon that usually waits there. A guess. */
  readonly usualDaemon?: string | undefined;
}

/** A way in for a browser. */
export interface Invitation {
  /** The page's address with a one-time code in its fragment. */
  readonly url: string;
  /** The code is worthless from then on. */
  readonly expiresAtMs: number;
}

/** A way in for a program that reads over TCP, such as Prometheus; its secret is shown once, when it is made. */
export interface Token {
  /** Letters, digits, "-", "_" and ".", 64 at most. */
  readonly name: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
}

export interface NewToken {
  readonly name: string;
  readonly token: string;
}

/** One line of `doctor`: an ability of this machine, and what to do where it is missing. */
export interface Finding {
  readonly feature: string;
  readonly state: "ok" | "limited" | "missing";
  readonly detail: string;
  readonly remedy: string | undefined;
}

export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly bounds: readonly Bound[];
  readonly missing: readonly Unavailable[];
  /** Whose data is shown, and how old it is. */
  readonly credits: readonly DataCredit[];
}

/** Programs whose history can be taken over. */
export const IMPORT_FORMATS = ["vnstat"] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

export interface HistoryImport {
  readonly format: ImportFormat;
  /** "vnstat": the output of `vnstat --json`. MAX_IMPORT_LENGTH characters at most. */
  readonly text: string;
}

/** vnStat keeps two months of days unless told otherwise: this is a hundred years of one interface. */
export const MAX_IMPORT_LENGTH = 4_000_000;

export interface Monitauri extends AlertQuestions, Limits {
  status(): Promise<Status>;
  /** One sample after the other until the reader returns or the daemon ends. A reader that is slow misses samples: it
   * gets the latest, never a growing queue. */
  live(query?: LiveQuery): AsyncIterable<LiveSample>;
  ps(query?: PsQuery): Promise<readonly PsRow[]>;
  connections(query?: ConnectionsQuery): Promise<ConnectionList>;
  listeners(): Promise<readonly Listener[]>;
  groups(by: Grouping): Promise<readonly GroupRow[]>;
  doctor(): Promise<Diagnosis>;
  /** Like the other questions of the history: @throws MonitauriError "unsupported" where none is kept, "invalid" where
   * the question makes no sense. */
  history(query: HistoryQuery): Promise<HistoryAnswer>;
  historyState(): Promise<HistoryState>;
  /** Rows as they are stored, as text in pieces. The next piece is made when it is asked for. */
  exportHistory(query: ExportQuery): AsyncIterable<string>;
  /** The same rows as a Parquet file, in pieces. */
  exportParquet(query: Omit<ExportQuery, "format">): AsyncIterable<Uint8Array>;
  /** Only over the Unix socket. */
  importHistory(source: HistoryImport): Promise<ImportReport>;
  /** Only over the Unix socket. @throws MonitauriError "unsupported" where no page is served, "forbidden" elsewhere. */
  invite(): Promise<Invitation>;
  /** Tokens of programs. Like their making and removal only over the Unix socket. */
  tokens(): Promise<readonly Token[]>;
  /** @throws MonitauriError "busy" where the name is taken or there are too many, "invalid" where it is no name. */
  addToken(name: string): Promise<NewToken>;
  /** Whoever has it gets no answer any more. @throws MonitauriError "not-found". */
  removeToken(name: string): Promise<void>;
}
