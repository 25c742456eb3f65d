/** What programs such as Prometheus read from time to time. */

import { type MetricFamily, openMetricsText } from "../api/open-metrics.ts";
import type { LiveFeed } from "./live-feed.ts";
import { attributedShare } from "./live-sample.ts";
import type { Sampling } from "./sampling.ts";
import type { Series, SeriesBook } from "./series.ts";

export interface MetricsParts {
  readonly version: string;
  readonly startedAtMs: number;
  readonly sampling: Pick<Sampling, "latest" | "totals" | "thread">;
  readonly feed: Pick<LiveFeed, "statistics">;
  readonly series: SeriesBook;
}

export function metricsText(parts: MetricsParts): string {
  return openMetricsText([...trafficFamilies(parts), ...ownFamilies(parts)]);
}

function trafficFamilies({ sampling, series }: MetricsParts): MetricFamily[] {
  const { network, loopback } = sampling.totals.sums();
  const share = attributedShare(sampling.latest()?.coverage ?? []);
  return [
    ...bothWays("network", "Bytes on the wire, loopback left out, a byte through a tunnel once", [
      [{}, network],
    ]),
    ...bothWays("loopback", "Bytes that never left this machine", [[{}, loopback]]),
    ...bothWays(
      "interface",
      "Bytes on an interface by the connections on it",
      [...series.interfaces()].map(([name, sums]) => [{ interface: name }, sums]),
    ),
    ...bothWays(
      "application",
      "Bytes of an application, loopback included; those without a series of their own are other",
      [...series.applications()].map(labelledApplication),
    ),
    ...bothWays(
      "remainder",
      "Bytes that belong to no process",
      [...series.remainders()].map(([kind, sums]) => [{ kind }, sums]),
    ),
    {
      name: "monitauri_attributed_ratio",
      type: "gauge",
      unit: "ratio",
      help: "Share of what the interfaces counted that has an owner",
      samples: share === null ? [] : [{ value: share }],
    },
  ];
}

type Bytes = { readonly rxBytes: number; readonly txBytes: number };
type Labelled = readonly [labels: Record<string, string>, bytes: Bytes];

function labelledApplication([key, sums]: [string, Series]): Labelled {
  return [{ application: sums.name, key }, sums];
}

function bothWays(what: string, help: string, rows: readonly Labelled[]): MetricFamily[] {
  const family = (way: "receive" | "transmit", of: keyof Bytes): MetricFamily => ({
    name: `monitauri_${what}_${way}_bytes`,
    type: "counter",
    unit: "bytes",
    help: `${help} (${way})`,
    samples: rows.map(([labels, bytes]) => ({ labels, value: bytes[of] })),
  });
  return [family("receive", "rxBytes"), family("transmit", "txBytes")];
}

function ownFamilies(parts: MetricsParts): MetricFamily[] {
  const { version, startedAtMs, sampling, feed } = parts;
  const { readers, missed } = feed.statistics();
  const { user, system } = process.cpuUsage();
  const tickMs = sampling.latest()?.tickMs;
  return [
    {
      name: "monitauri_tick_duration_seconds",
      type: "gauge",
      unit: "seconds",
      help: "How long the last reading and summing took",
      samples: tickMs === undefined ? [] : [{ value: tickMs / 1000 }],
    },
    {
      name: "monitauri_sampling_restarts",
      type: "counter",
      help: "How often the sampling thread died and was started again",
      samples: [{ value: sampling.thread().restarts }],
    },
    {
      name: "monitauri_live_readers",
      type: "gauge",
      help: "Who reads the live stream now",
      samples: [{ value: readers }],
    },
    {
      name: "monitauri_live_missed_samples",
      type: "counter",
      help: "Samples that readers of the live stream were too slow for",
      samples: [{ value: missed }],
    },
    {
      name: "process_cpu_seconds",
      type: "counter",
      unit: "seconds",
      help: "CPU time of the daemon",
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      name: "process_resident_memory_bytes",
      type: "gauge",
      unit: "bytes",
      help: "Memory of the daemon",
      samples: [{ value: process.memoryUsage.rss() }],
    },
    {
      name: "process_start_time_seconds",
      type: "gauge",
      unit: "seconds",
      help: "When the daemon started, since the epoch",
      samples: [{ value: startedAtMs / 1000 }],
    },
    {
      name: "monitauri_build",
      type: "info",
      help: "The version that runs",
      samples: [{ labels: { version }, value: 1 }],
    },
  ];
}
