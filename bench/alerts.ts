// What judging a tick costs with many rules and applications, and what a thousand alerts at once cost. CPU time of the
// thread, so that other work on the machine shows less.
// node bench/alerts.ts [ticks]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJournal } from "../src/alerts/journal.ts";
import {
  createWorld,
  detailOf,
  factsAt,
  program,
  type RuleDraft,
  ruleOf,
} from "../src/alerts/scripted-facts.ts";
import type { AlertRule } from "../src/model/alert.ts";

const APPLICATIONS = 500;
const DETAILS = 1_000;
const RULES = 1_000;
const ticks = Number(process.argv[2] ?? 2_000);
const START = Date.parse("2026-11-08T12:00:00Z");

/** Of each kind as people have them: most name a program. */
function mixedRules(): AlertRule[] {
  return Array.from({ length: RULES }, (_, n) => {
    const scope = {
      kind: "application",
      match: n % 10 < 7 ? `app${n % APPLICATIONS}` : "*",
    } as const;
    return ruleOf(`r${n + 1}`, { scope, ...draftOf(n) });
  });
}

function draftOf(n: number): RuleDraft {
  switch (n % 5) {
    case 0:
      return { condition: { kind: "rate", bytesPerSecond: 1e6 + n * 1_000 } };
    case 1:
      return {
        condition: {
          kind: "volume",
          period: n % 2 === 0 ? "day" : "month",
          capBytes: 1e9 + n * 1e6,
        },
      };
    case 2:
      return { condition: { kind: "newcomer" } };
    case 3:
      return { condition: { kind: "first-contact" } };
    default:
      return {
        condition: { kind: "rate", comparison: "above", direction: "tx", bytesPerSecond: 5e5 },
      };
  }
}

/** Each of every program, with a threshold that some pass all the time: the most that can be looked at. */
function hardRules(): AlertRule[] {
  return Array.from({ length: RULES }, (_, n) =>
    ruleOf(`r${n + 1}`, {
      scope: { kind: "application", match: "*" },
      condition: { kind: "rate", bytesPerSecond: 10_000 + n * 10_000, forMs: 30_000 },
    }),
  );
}

/** `stays`: the busy ones are the same all the time, so that what fires goes on. */
function measure(name: string, rules: readonly AlertRule[], stays = false): void {
  const world = createWorld({ rules });
  const times: number[] = [];
  for (let n = 0; n < ticks; n += 1) {
    const applications = Array.from({ length: APPLICATIONS }, (_, at) =>
      // A few are busy, most move little; who is busy changes.
      program(`app${at}`, (stays ? at : at + n) % 100 === 0 ? 3_000_000 : 2_000 + at, 1_000),
    );
    const details = Array.from({ length: DETAILS }, (_, at) =>
      detailOf(`app${at % APPLICATIONS}`, { country: "DE", network: `AS${at % 20} Net` }),
    );
    const facts = factsAt(START + n * 1_000, { applications, details });
    const before = process.threadCpuUsage();
    world.take(facts);
    const { user, system } = process.threadCpuUsage(before);
    times.push((user + system) / 1000);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(2);
  const mean = (times.reduce((all, one) => all + one, 0) / times.length).toFixed(2);
  process.stdout.write(
    `| ${name} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} | ${(times.at(-1) ?? 0).toFixed(1)} | ${world.events.length} | ${mean} |\n`,
  );
}

async function measureJournal(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-bench-"));
  const journal = openJournal({ path: join(folder, "alerts.journal"), warn() {} });
  const rules = [
    ruleOf("r1", {
      scope: { kind: "application", match: "*" },
      condition: { kind: "rate", bytesPerSecond: 1, forMs: 0 },
    }),
  ];
  const world = createWorld({ rules });
  const applications = Array.from({ length: 1_000 }, (_, at) => program(`app${at}`, 2_000));
  const startMs = performance.now();
  const events = world.take(factsAt(START, { applications }));
  const judgedMs = performance.now() - startMs;
  await journal.commit(new Map(events.map((event) => [`event:${event.id}`, event])));
  const keptMs = performance.now() - startMs - judgedMs;
  await journal.close();
  rmSync(folder, { recursive: true });
  process.stdout.write(
    `${events.length} alerts in one tick: judged in ${judgedMs.toFixed(1)} ms, durable ${keptMs.toFixed(1)} ms later\n`,
  );
}

process.stdout.write(
  `${RULES} rules, ${APPLICATIONS} applications, ${DETAILS} flows, ${ticks} ticks; ms of the thread's CPU a tick\n` +
    "| rules | median | p95 | p99 | most | fired | mean |\n|---|---|---|---|---|---|---|\n",
);
measure("none", []);
measure("mixed", mixedRules());
measure("every program, thousand thresholds", hardRules());
measure("the same, and 1,500 alerts go on", hardRules(), true);
await measureJournal();
