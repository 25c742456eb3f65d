// What `doctor` says of this kernel is what this kernel does.
import assert from "node:assert/strict";
import { release } from "node:os";
import { test } from "node:test";
import { openLinuxCollector } from "../../src/collector/linux.ts";
import { diagnose } from "../../src/daemon/diagnosis.ts";
import { isUnavailable } from "../../src/model/unavailable.ts";

interface Expected {
  readonly level: string;
  /** Features, of the collector and of what is looked at before it starts. */
  readonly limited: readonly string[];
}

/** By the kernel's release. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  "6.1": {
    level: "fexit of the socket functions",
    limited: ["device programs (tcx)", "what limits drop"],
  },
  "6.12": { level: "send and receive tracepoints, fexit for splice", limited: [] },
};

const series = /^\d+\.\d+/.exec(release())?.[0] ?? "";
const expected = EXPECTED[series];

test("doctor names the level of this kernel and what it lacks, and nothing else", {
  skip: expected === undefined && `nothing is written down for Linux ${series}`,
}, () => {
  const collector = openLinuxCollector();
  if (isUnavailable(collector)) throw new Error(collector.reason);
  try {
    const { source, level, missing } = collector.read().health;
    assert.deepEqual({ source, level }, { source: "eBPF", level: expected?.level });
    const short = diagnose("/nowhere").filter(({ state }) => state !== "ok");
    const named = [...short, ...missing].map(({ feature }) => feature);
    assert.deepEqual(named, expected?.limited);
  } finally {
    collector.close();
  }
});
