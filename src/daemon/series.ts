/** Counters by application, interface and remainder for programs that store them: bounded, and none ever goes back.
 *
 * The first NAMED applications get a series of their own with their first byte. After that one gets it when it has more
 * bytes than the least of the NAMED biggest, up to MAX_SERIES; it keeps it until the daemon ends. Everything else is in
 * the series "other", also what an application did before it had its own: each byte is in exactly one series. */

import type { OwnedBytes } from "../model/live.ts";
import type { Sample } from "../model/sample.ts";

export const NAMED = 50;
/** Of applications; further ones stay in "other" however big they are. */
export const MAX_SERIES = 200;
/** Of interfaces: containers bring new ones all day. */
export const MAX_INTERFACES = 100;
export const OTHER = "other";
const REMAINDER = "remainder:";

export interface Series extends OwnedBytes {
  readonly name: string;
}

export interface SeriesBook {
  add(sample: Pick<Sample, "applications" | "interfaces">): void;
  /** By key; OTHER last. */
  applications(): ReadonlyMap<string, Series>;
  /** By kind. */
  remainders(): ReadonlyMap<string, Series>;
  /** By name. */
  interfaces(): ReadonlyMap<string, Series>;
}

export function createSeriesBook(): SeriesBook {
  const applications = new Map<string, Sums>();
  const remainders = new Map<string, Sums>();
  const interfaces = new Map<string, Sums>();
  const otherApplications = sumsOf(OTHER);
  const otherInterfaces = sumsOf(OTHER);

  function seriesFor(key: string, name: string, totalBytes: number): Sums {
    const known = applications.get(key);
    if (known !== undefined) return known;
    if (applications.size >= MAX_SERIES) return otherApplications;
    if (applications.size >= NAMED && totalBytes <= leastOfBiggest()) return otherApplications;
    const fresh = sumsOf(name);
    applications.set(key, fresh);
    return fresh;
  }

  function leastOfBiggest(): number {
    const sizes = [...applications.values()].map(({ rxBytes, txBytes }) => rxBytes + txBytes);
    return sizes.sort((a, b) => b - a)[NAMED - 1] ?? 0;
  }

  function interfaceFor(name: string): Sums {
    return slot(interfaces, name, MAX_INTERFACES) ?? otherInterfaces;
  }

  return {
    add(sample) {
      for (const row of sample.applications) {
        const { key, name, total } = row;
        if (key.startsWith(REMAINDER)) {
          const kind = key.slice(REMAINDER.length);
          addTo(slot(remainders, kind, MAX_SERIES), row);
        } else {
          addTo(seriesFor(key, name, total.rxBytes + total.txBytes), row);
        }
      }
      for (const one of sample.interfaces) addTo(interfaceFor(one.name), { ...NOTHING, ...one });
    },
    applications: () => new Map([...applications, [OTHER, otherApplications]]),
    remainders: () => remainders,
    interfaces: () => new Map([...interfaces, [OTHER, otherInterfaces]]),
  };
}

type Sums = { -readonly [Key in keyof Series]: Series[Key] };

const NOTHING: OwnedBytes = { rxBytes: 0, txBytes: 0, rxLoopbackBytes: 0, txLoopbackBytes: 0 };

function sumsOf(name: string): Sums {
  return { name, ...NOTHING };
}

function slot(map: Map<string, Sums>, key: string, limit: number): Sums | undefined {
  const known = map.get(key);
  if (known !== undefined || map.size >= limit) return known;
  const fresh = sumsOf(key);
  map.set(key, fresh);
  return fresh;
}

function addTo(sums: Sums | undefined, bytes: OwnedBytes): void {
  if (sums === undefined) return;
  sums.rxBytes += bytes.rxBytes;
  sums.txBytes += bytes.txBytes;
  sums.rxLoopbackBytes += bytes.rxLoopbackBytes;
  sums.txLoopbackBytes += bytes.txLoopbackBytes;
}
