/** What groupings and their rows are called (pure). */

import type { HistoryGrouping, HistoryScope } from "../../../model/history.ts";
import { countryRowName } from "../../look/place.ts";
import { protocolName } from "../../look/spoken.ts";
import type { By } from "./question.ts";

/** Of the choice, and of the table's first column. */
export const BY_WORDS: Readonly<Record<By, { readonly many: string; readonly one: string }>> = {
  application: { many: "Applications", one: "Application" },
  process: { many: "Processes", one: "Process" },
  remote: { many: "Remotes", one: "Remote" },
  country: { many: "Countries", one: "Country" },
  protocol: { many: "Protocols", one: "Protocol" },
  port: { many: "Ports", one: "Port" },
  scope: { many: "Networks", one: "Network" },
  direction: { many: "Directions", one: "Opened by" },
  interface: { many: "Interfaces", one: "Interface" },
  user: { many: "Users", one: "User" },
  container: { many: "Containers", one: "Container" },
  connections: { many: "Connections", one: "Connection" },
};

export const SCOPE_WORDS: Readonly<Record<HistoryScope, string>> = {
  internet: "Internet",
  lan: "Local network",
  vpn: "VPN",
  loopback: "This computer itself",
  other: "Other networks",
};

const NOT_KNOWN: Readonly<Record<HistoryGrouping, string>> = {
  application: "no application",
  process: "no single process",
  remote: "no single remote",
  country: "country not known",
  protocol: "protocol not known",
  port: "no port",
  scope: "not known",
  direction: "not known",
  interface: "no interface",
  user: "user not known",
  container: "no container",
};

export function rowName(by: HistoryGrouping, { key, name }: { key: string; name: string }): string {
  if (key === "") return NOT_KNOWN[by];
  switch (by) {
    case "country":
      return countryRowName(key, name);
    case "protocol":
      return protocolName(name);
    case "scope":
      return SCOPE_WORDS[key as HistoryScope] ?? name;
    case "direction":
      return key === "in" ? "Others" : "This computer";
    default:
      return name;
  }
}

/** Until the history has told the name behind a key. */
export function nameFromKey(key: string): string {
  const [, pid] = /^(\d+)@\d+#\d+$/.exec(key) ?? [];
  if (pid !== undefined) return `process ${pid}`;
  return key.slice(Math.max(key.lastIndexOf("/"), key.indexOf(":")) + 1) || key;
}
