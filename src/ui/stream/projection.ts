/** A live sample seen through a scope (pure). */

import type { LiveInterface, LiveSample } from "../../model/live.ts";
import { bytesIn, interfaceOf, type Scope } from "../store/scope.ts";
import { ACTIVITY_WIDTH, type Tick } from "./messages.ts";

export function project(sample: LiveSample, scope: Scope): Tick {
  const { id, atMs, intervalMs, gap, attributedShare, counting, applications } = sample;
  const [rxBytes, txBytes] = machineBytes(sample, scope);
  const [rxTotalBytes, txTotalBytes] = machineTotals(sample, scope);
  const keys: string[] = [];
  const names: string[] = [];
  const numbers = new Float64Array(applications.length * ACTIVITY_WIDTH);
  for (const row of applications) {
    const [rx, tx] = bytesIn(scope, row);
    if (rx === 0 && tx === 0) continue;
    const [rxTotal, txTotal] = bytesIn(scope, row.total);
    numbers.set([rx, tx, rxTotal, txTotal, row.connections], keys.length * ACTIVITY_WIDTH);
    keys.push(row.key);
    names.push(row.name);
  }
  return {
    id,
    atMs,
    intervalMs,
    gap,
    rxBytes,
    txBytes,
    rxTotalBytes,
    txTotalBytes,
    attributedShare,
    counting,
    interfaces: sample.interfaces.map(({ name, kind }) => ({ name, kind })),
    keys,
    names,
    numbers: numbers.slice(0, keys.length * ACTIVITY_WIDTH),
  };
}

function machineBytes(sample: LiveSample, scope: Scope): readonly [number, number] {
  if (scope === "all") return [sample.rxBytes, sample.txBytes];
  if (scope === "loopback") return [sample.rxLoopbackBytes, sample.txLoopbackBytes];
  const found = sample.interfaces.find(({ name }: LiveInterface) => name === interfaceOf(scope));
  return [found?.rxBytes ?? 0, found?.txBytes ?? 0];
}

function machineTotals(sample: LiveSample, scope: Scope): readonly [number | null, number | null] {
  if (scope === "all") return [sample.rxTotalBytes, sample.txTotalBytes];
  if (scope === "loopback") return [sample.rxTotalLoopbackBytes, sample.txTotalLoopbackBytes];
  return [null, null];
}

/** Applications that a sample keeps once it is past; what the charts of the busiest need. */
export const PAST_APPLICATIONS = 100;

/** A sample as it is remembered: 900 of them must not hold 2,000 applications each. */
export function slim(sample: LiveSample): LiveSample {
  return sample.applications.length <= PAST_APPLICATIONS
    ? sample
    : { ...sample, applications: sample.applications.slice(0, PAST_APPLICATIONS) };
}
