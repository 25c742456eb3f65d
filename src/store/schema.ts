/** The tables, as numbered steps from each version to the next. A step that was published is never changed. */

/** Names of the tables that hold traffic; each level but the finest has details, minutes and hours have processes. */
export const LEVELS = {
  second: {
    usage: "second_usage",
    coverage: "second_coverage",
    detail: undefined,
    process: undefined,
  },
  minute: {
    usage: "minute_usage",
    coverage: "minute_coverage",
    detail: "minute_detail",
    process: "minute_process",
  },
  hour: {
    usage: "hour_usage",
    coverage: "hour_coverage",
    detail: "hour_detail",
    process: "hour_process",
  },
  day: { usage: "day_usage", coverage: "day_coverage", detail: "day_detail", process: undefined },
} as const;

/** Details of several days in one; see spans.ts. */
export const SPAN_DETAIL = "span_detail";

/** Application of the machine's own totals in the usage tables; its interface is TEXT_NONE. */
export const MACHINE = 0;
/** Id of "" in `text`. */
export const TEXT_NONE = 0;

// Times are whole seconds or minutes since the epoch, at the start of what they stand for: `at`. An hour is counted from
// the start of its day, a day from its local midnight, so that each level nests in the next, also in zones of half
// hours and on days of 23 or 25 hours.
const usage = (table: string) => `
  CREATE TABLE ${table} (
    at INTEGER NOT NULL,
    application INTEGER NOT NULL,
    interface INTEGER NOT NULL,
    rx_bytes INTEGER NOT NULL,
    tx_bytes INTEGER NOT NULL,
    rx_loopback_bytes INTEGER NOT NULL,
    tx_loopback_bytes INTEGER NOT NULL,
    PRIMARY KEY (at, application, interface)
  ) STRICT, WITHOUT ROWID;`;

const detail = (table: string) => `
  CREATE TABLE ${table} (
    at INTEGER NOT NULL,
    application INTEGER NOT NULL,
    pair INTEGER NOT NULL,
    rx_bytes INTEGER NOT NULL,
    tx_bytes INTEGER NOT NULL,
    connections_opened INTEGER NOT NULL,
    PRIMARY KEY (at, application, pair)
  ) STRICT, WITHOUT ROWID;`;

const coverage = (table: string) => `
  CREATE TABLE ${table} (
    at INTEGER NOT NULL,
    interface INTEGER NOT NULL,
    rx_counted_bytes INTEGER NOT NULL,
    tx_counted_bytes INTEGER NOT NULL,
    rx_attributed_bytes INTEGER NOT NULL,
    tx_attributed_bytes INTEGER NOT NULL,
    PRIMARY KEY (at, interface)
  ) STRICT, WITHOUT ROWID;`;

const FIRST = `
  ${["second_usage", "minute_usage", "hour_usage", "day_usage"].map(usage).join("")}
  ${["minute_detail", "hour_detail", "day_detail"].map(detail).join("")}
  ${["second_coverage", "minute_coverage", "hour_coverage", "day_coverage"].map(coverage).join("")}

  -- Local days: no two overlap. date and offset_minutes say which local day it is, from and to what was written to it.
  CREATE TABLE day (
    from_minute INTEGER PRIMARY KEY,
    to_minute INTEGER NOT NULL,
    date TEXT NOT NULL,
    midnight_minute INTEGER NOT NULL,
    offset_minutes INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE text (id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE) STRICT;
  INSERT INTO text VALUES (0, '');
  CREATE TABLE application (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL) STRICT;
  INSERT INTO application VALUES (0, '', '');

  -- Who with whom: what a row of details stands for.
  CREATE TABLE pair (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    interface INTEGER NOT NULL,
    remote INTEGER NOT NULL,
    port INTEGER NOT NULL,
    ip_protocol INTEGER NOT NULL,
    spoken INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    user INTEGER NOT NULL,
    container INTEGER NOT NULL,
    country INTEGER NOT NULL,
    used_minute INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX pair_by_remote ON pair (remote, application);

  CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    version TEXT NOT NULL,
    clean INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE gap (
    id INTEGER PRIMARY KEY,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

// Days that another program counted have no finer levels.
const IMPORTED_DAYS = `
  ALTER TABLE day ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
`;

const byProcess = (table: string) => `
  CREATE TABLE ${table} (
    at INTEGER NOT NULL,
    process INTEGER NOT NULL,
    interface INTEGER NOT NULL,
    rx_bytes INTEGER NOT NULL,
    tx_bytes INTEGER NOT NULL,
    rx_loopback_bytes INTEGER NOT NULL,
    tx_loopback_bytes INTEGER NOT NULL,
    PRIMARY KEY (at, process, interface)
  ) STRICT, WITHOUT ROWID;`;

const PROCESSES_AND_SPANS = `
  CREATE TABLE process (
    id INTEGER PRIMARY KEY,
    pid INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    application INTEGER NOT NULL,
    name INTEGER NOT NULL,
    user INTEGER NOT NULL,
    container INTEGER NOT NULL,
    used_minute INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX process_by_pid ON process (pid, started_ms);
  ${["minute_process", "hour_process"].map(byProcess).join("")}
  ${detail(SPAN_DETAIL)}
`;

/** MIGRATIONS[n] makes version n + 1 of version n. */
export const MIGRATIONS: readonly string[] = [FIRST, IMPORTED_DAYS, PROCESSES_AND_SPANS];
