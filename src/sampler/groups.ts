/** The sums of all traffic by any of the groupings, made when somebody asks.
 *
 * Whatever the grouping, its rows hold every byte that was ever counted, once: what belongs to none of its values
 * stands in rows of its own. Unlike the machine's total, that is with loopback, second copies and outer packets. */

import { protocolName } from "../model/protocol.ts";
import type { GroupRow, SampledGrouping } from "../model/sample.ts";
import type { Accounts } from "./accounts.ts";
import { type Facet, facetOf, type Label, NONE_KEY, OTHER_KEY } from "./facets.ts";
import { type Draft, rowsOf } from "./group-rows.ts";
import { isEmpty } from "./ledger.ts";
import { REMAINDERS, remainderLabel } from "./remainders.ts";
import { remoteRows } from "./remote-rows.ts";
import { Tally } from "./tally.ts";

/** Rows of one answer; the rest is in the row ":other". */
export const GROUP_ROWS = 10_000;

const EARLIER_APPLICATIONS = { key: "earlier", name: "earlier applications" };
const EARLIER_PROCESSES = { key: "earlier", name: "earlier processes" };

/** Totals since the start, what the last interval added, rates and live connections. The busiest first. */
export function groupRows(accounts: Accounts, by: SampledGrouping, limit = GROUP_ROWS): GroupRow[] {
  const { interval, intervalMs } = accounts;
  const drafts = by === "remote" ? remoteRows(accounts, limit) : draftsOf(accounts, by);
  const remainders = by === "interface" ? overflowDrafts(accounts) : remainderDrafts(accounts, by);
  return rowsOf([...drafts, ...remainders], { interval, intervalMs, limit });
}

function draftsOf(accounts: Accounts, by: Exclude<SampledGrouping, "remote">): Draft[] {
  switch (by) {
    case "application":
      return applicationDrafts(accounts);
    case "process":
      return processDrafts(accounts);
    case "protocol":
      return protocolDrafts(accounts);
    case "spoken":
      return spokenDrafts(accounts);
    case "interface":
      return interfaceDrafts(accounts);
    case "user":
    case "container":
    case "unit":
      return facetDrafts(accounts, by);
  }
}

function applicationDrafts({ ledger }: Accounts): Draft[] {
  const drafts = [...ledger.applications.values()].map(({ application, tally, connections }) => {
    return { key: application.key, name: application.name, tally, connections };
  });
  return [...drafts, ...unlessEmpty(EARLIER_APPLICATIONS, ledger.earlierApplications)];
}

function processDrafts({ ledger }: Accounts): Draft[] {
  const drafts = [...ledger.processes.values()].map(({ process, tally, connections }) => {
    const { id, pid, startedAtMs, name } = process;
    // Unique by the id, and telling without it: exec makes another process of the same pid and start.
    return { key: `${pid}@${startedAtMs}#${id}`, name: `${name} (${pid})`, tally, connections };
  });
  return [...drafts, ...unlessEmpty(EARLIER_PROCESSES, ledger.earlierProcesses)];
}

function protocolDrafts({ protocols, memory }: Accounts): Draft[] {
  const connections = countConnections(memory, (flow) => memory.columns.protocol[flow] ?? 0);
  return [...protocols].map(([protocol, tally]) => {
    const name = protocolName(protocol);
    return { key: name, name, tally, connections: connections.get(protocol) ?? 0 };
  });
}

function spokenDrafts({ spoken, memory }: Accounts): Draft[] {
  const connections = countConnections(memory, (flow) =>
    spoken.tally(memory.facts[flow]?.spoken, memory.columns.protocol[flow] ?? 0),
  );
  return [...spoken.entries()].map(([name, tally]) => {
    return { key: name, name, tally, connections: connections.get(tally) ?? 0 };
  });
}

function interfaceDrafts({ interfaces, memory, interval }: Accounts): Draft[] {
  const on = (flow: number) => interfaces.name(memory.columns.interface[flow] ?? 0);
  const connections = countConnections(memory, on);
  const drafts = [...interfaces.byName()].map(([name, entries]) => {
    const tally = new Tally();
    for (const entry of entries) tally.merge(entry.tally, interval);
    return { key: name, name, tally, connections: connections.get(name) ?? 0 };
  });
  const none = {
    key: NONE_KEY,
    name: "no interface of this machine",
    tally: interfaces.elsewhere,
    connections: connections.get(undefined) ?? 0,
  };
  const earlier = unlessEmpty({ key: OTHER_KEY, name: "other" }, interfaces.earlier);
  const used = none.connections > 0 || !isEmpty(none.tally);
  return [...drafts, ...(used ? [none] : []), ...earlier];
}

function facetDrafts({ ledger, interval }: Accounts, facet: Facet): Draft[] {
  const drafts = new Map<string, Label & { tally: Tally; connections: number }>();
  const draft = (label: Label) => {
    const known = drafts.get(label.key) ?? { ...label, tally: new Tally(), connections: 0 };
    drafts.set(label.key, known);
    return known;
  };
  for (const entry of ledger.processes.values()) {
    const row = draft(facetOf(entry.process, facet));
    row.tally.merge(entry.tally, interval);
    row.connections += entry.connections;
  }
  for (const row of ledger.facets.rows(facet)) draft(row).tally.merge(row.tally, interval);
  return [...drafts.values()];
}

/** Sockets without a process have a protocol and a peer all the same. */
function remainderDrafts({ ledger }: Accounts, by: SampledGrouping): Draft[] {
  const known = by === "protocol" || by === "spoken" || by === "remote";
  return REMAINDERS.filter((kind) => !(known && kind === "unknown")).flatMap((kind) =>
    unlessEmpty(remainderLabel(kind), ledger.remainders[kind]),
  );
}

/** The other remainders happened on some interface and are in its row. */
function overflowDrafts({ ledger }: Accounts): Draft[] {
  return unlessEmpty(remainderLabel("overflow"), ledger.remainders.overflow);
}

function unlessEmpty(label: Label, tally: Tally): Draft[] {
  return isEmpty(tally) ? [] : [{ ...label, tally, connections: 0 }];
}

function countConnections<Key>(
  memory: Accounts["memory"],
  keyOf: (flow: number) => Key,
): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (let flow = 0; flow < memory.end; flow++) {
    if (!memory.isConnection(flow)) continue;
    const key = keyOf(flow);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
