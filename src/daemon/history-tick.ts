/** What the history keeps of a sample: its applications, who they talked to and how much of the traffic has an owner. */

import { parseAddress } from "../model/address.ts";
import type {
  CoverageBytes,
  HistoryDetail,
  HistoryProcess,
  HistoryScope,
  HistoryTick,
} from "../model/history.ts";
import type { NetworkOf } from "../model/naming.ts";
import type { InterfaceCoverage, Sample } from "../model/sample.ts";
import type { FlowDetail } from "../sampler/details.ts";

export interface TickBook {
  /** `parts` are of the same interval as the sample. */
  tickOf(sample: Sample, parts: TickParts): HistoryTick;
}

export interface TickParts {
  readonly details: readonly FlowDetail[];
  readonly processes: readonly HistoryProcess[];
}

export function createTickBook(networkOf: (address: Uint8Array) => NetworkOf): TickBook {
  let before: ReadonlyMap<string, InterfaceCoverage> = new Map();
  return {
    tickOf(sample, { details, processes }) {
      const tick: HistoryTick = {
        atMs: sample.atMs,
        intervalMs: sample.intervalMs,
        gap: sample.gap ?? null,
        machine: {
          rxBytes: sample.delta.rxBytes,
          txBytes: sample.delta.txBytes,
          rxLoopbackBytes: sample.loopbackDelta.rxBytes,
          txLoopbackBytes: sample.loopbackDelta.txBytes,
        },
        applications: sample.applications,
        details: details.map((detail) => placed(detail, networkOf)),
        processes,
        coverage: sample.coverage.flatMap((row) => growth(before.get(row.name), row)),
      };
      before = new Map(sample.coverage.map((row) => [row.name, row]));
      return tick;
    },
  };
}

function placed(detail: FlowDetail, networkOf: (address: Uint8Array) => NetworkOf): HistoryDetail {
  const { isTunnel, isLoopback, isOuter, remoteAddress, host, ...kept } = detail;
  const address = remoteAddress === "" ? undefined : parseAddress(remoteAddress);
  const network = address && networkOf(address);
  return {
    ...kept,
    remote: host === "" ? remoteAddress : host,
    address: remoteAddress,
    country: network?.country ?? "",
    ...(network?.asn === undefined ? {} : { network: networkWords(network) }),
    scope: scopeOf({ isTunnel, isLoopback, isOuter }, network),
  };
}

function networkWords({ asn, organisation }: NetworkOf): string {
  return organisation === undefined ? `AS${asn}` : `AS${asn} ${organisation}`;
}

type Way = Pick<FlowDetail, "isTunnel" | "isLoopback" | "isOuter">;

function scopeOf(
  { isTunnel, isLoopback, isOuter }: Way,
  network: NetworkOf | undefined,
): HistoryScope {
  if (isLoopback) return "loopback";
  if (isOuter) return "other";
  if (isTunnel) return "vpn";
  switch (network?.kind) {
    case undefined:
    case "reserved":
    case "documentation":
      return "other";
    case "public":
    case "shared":
      return "internet";
    case "loopback":
      return "loopback";
    case "link-local":
    case "private":
    case "multicast":
      return "lan";
  }
}

/** Nothing where nothing was counted. */
function growth(before: InterfaceCoverage | undefined, now: InterfaceCoverage): CoverageBytes[] {
  const grown = (key: "rxBytes" | "txBytes" | "rxAttributedBytes" | "txAttributedBytes") =>
    Math.max(0, now[key] - (before?.[key] ?? 0));
  const dropped = (row: InterfaceCoverage | undefined) => row?.remainders.limited?.rxBytes ?? 0;
  const rxDroppedBytes = Math.max(0, dropped(now) - dropped(before));
  const row: CoverageBytes = {
    interface: now.name,
    rxCountedBytes: Math.max(0, grown("rxBytes") - rxDroppedBytes),
    txCountedBytes: grown("txBytes"),
    rxAttributedBytes: grown("rxAttributedBytes"),
    txAttributedBytes: grown("txAttributedBytes"),
  };
  const { interface: _, ...bytes } = row;
  return Object.values(bytes).some((value) => value > 0) ? [row] : [];
}
