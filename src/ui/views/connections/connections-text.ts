/** Connections as a table of text (pure). */

import type { Connection } from "../../../model/sample.ts";
import type { TextTable } from "../../parts/text-table.ts";

export function connectionsText(connections: readonly Connection[]): TextTable {
  return [
    HEAD,
    ...connections.map((row) => [
      row.application,
      row.pid ?? "",
      row.protocol,
      row.localAddress,
      row.localPort,
      row.remoteAddress ?? "",
      row.remotePort ?? "",
      row.host?.name ?? "",
      row.spoken?.name ?? "",
      row.spoken?.inside ?? "",
      row.network?.country ?? "",
      row.network?.asn ?? "",
      row.network?.organisation ?? "",
      row.state ?? "",
      Math.round(row.rxBytesPerSecond),
      Math.round(row.txBytesPerSecond),
      row.total.rxBytes,
      row.total.txBytes,
      row.rttMs ?? "",
      row.retransmits ?? "",
      new Date(row.openedAtMs).toISOString(),
    ]),
  ];
}

const HEAD = [
  "application",
  "pid",
  "protocol",
  "localAddress",
  "localPort",
  "remoteAddress",
  "remotePort",
  "host",
  "spoken",
  "inside",
  "country",
  "asn",
  "organisation",
  "state",
  "rxBytesPerSecond",
  "txBytesPerSecond",
  "rxBytes",
  "txBytes",
  "rttMs",
  "retransmits",
  "openedAt",
];
