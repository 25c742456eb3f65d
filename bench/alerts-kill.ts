// Alerts while the mail server is down for hours and the daemon is killed again and again: who got what in the end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { saveChannels } from "../src/alerts/deliver/channel-file.ts";
import { messageId } from "../src/alerts/deliver/mail-message.ts";
import type { LaneCounts } from "../src/alerts/deliver/queue-state.ts";
import { mailTarget } from "../test/fixtures/mail-sending.ts";
import { headerOf, type Mail, startMailServer } from "../test/fixtures/mail-server.ts";

const WRITER = join(import.meta.dirname, "alerts-writer.ts");
const START_MS = Date.UTC(2026, 10, 25);

export interface AlertKillOptions {
  readonly folder: string;
  readonly alerts: number;
  /** Simulated. */
  readonly downMs: number;
  /** Half of them while the server is down, half while it takes what waited. */
  readonly kills: number;
  /** How much faster than real time. */
  readonly speed: number;
}

export interface AlertKillResult {
  readonly taken: number;
  /** Mails of one alert each, without doubles. */
  readonly single: number;
  readonly digests: number;
  /** Alerts that digests stand for. */
  readonly merged: number;
  /** Alerts that are in no mail, or in two that are not the same. */
  readonly missing: readonly number[];
  readonly twice: readonly number[];
  /** Mails that came again with the same Message-ID. */
  readonly doubles: number;
  readonly kills: number;
  /** What the queue itself says. */
  readonly counts: LaneCounts;
  readonly tookMs: number;
}

export async function killAlerts(options: AlertKillOptions): Promise<AlertKillResult> {
  const { folder, alerts, downMs, kills, speed } = options;
  const startedMs = performance.now();
  let isUp = false;
  await using server = await startMailServer({
    onConnect(_session, done) {
      done(isUp ? null : Object.assign(new Error("down"), { responseCode: 421 }));
    },
  });
  const target = mailTarget(server.port, { security: "none", login: "none" });
  await saveChannels(join(folder, "channels.json"), [
    { name: "mail", enabled: true, target, secrets: {} },
  ]);

  let next = 1;
  let nowMs = START_MS;
  let counts: LaneCounts | undefined;
  let waiting = Number.POSITIVE_INFINITY;
  let killed = 0;

  /** Runs until `isDone` or the time is over, then kills. */
  async function live(isDone: () => boolean, longestMs: number): Promise<void> {
    const args = [WRITER, folder, next, alerts, nowMs, speed, downMs / alerts].map(String);
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "close");
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [kind, first = "", second = "", third = ""] = line.split(" ");
      if (kind === "taken") [next, nowMs] = [Number(first) + 1, Number(second)];
      if (kind === "state") {
        [counts, waiting, nowMs] = [JSON.parse(first) as LaneCounts, Number(second), Number(third)];
      }
    });
    const before = { next, mails: server.mails.length };
    // Node's own start is no part of what is tested.
    while (
      child.exitCode === null &&
      next === before.next &&
      server.mails.length === before.mails
    ) {
      await sleep(1);
      if (isDone()) break;
    }
    const endMs = performance.now() + longestMs;
    while (performance.now() < endMs && !isDone() && child.exitCode === null) await sleep(1);
    if (child.exitCode !== null) throw new Error(`the victim ended by itself: ${child.exitCode}`);
    child.kill("SIGKILL");
    await ended;
    killed += 1;
  }

  const downRealMs = downMs / speed;
  const part = (2 * downRealMs) / (kills / 2 + 1);
  while (killed < Math.floor(kills / 2) && next <= alerts) {
    await live(() => next > alerts, Math.random() * part);
  }
  // The rest of the six hours.
  if (next <= alerts) await live(() => next > alerts, Number.POSITIVE_INFINITY);
  isUp = true;
  while (killed < kills) await live(() => false, Math.random() * 60);
  const killsUntilNow = killed;
  await live(() => waiting === 0 && next > alerts, 120_000);
  if (counts === undefined) throw new Error("the victim said nothing");
  return {
    ...judge(server.mails, alerts),
    taken: next - 1,
    kills: killsUntilNow,
    counts,
    tookMs: performance.now() - startedMs,
  };
}

/** Each alert must be in exactly one mail, by itself or in the range of a digest. */
function judge(mails: readonly Mail[], alerts: number) {
  const target = mailTarget(0);
  const numberOf = new Map<string, number>();
  for (let at = 1; at <= alerts; at += 1) {
    numberOf.set(messageId(`m-${at}`, { target, channel: "mail" }), at);
  }
  const byId = new Map(mails.map((mail) => [headerOf(mail, "Message-ID") ?? "", mail]));
  const times = new Array<number>(alerts + 1).fill(0);
  let digests = 0;
  let merged = 0;
  for (const [id, mail] of byId) {
    const single = numberOf.get(id);
    if (single !== undefined) {
      times[single] = (times[single] ?? 0) + 1;
      continue;
    }
    const [, first = "0", last = "-1"] = /^Alert: m-(\d+)-to-m-(\d+)/m.exec(mail.raw) ?? [];
    digests += 1;
    for (let at = Number(first); at <= Number(last); at += 1) times[at] = (times[at] ?? 0) + 1;
    const count = Number(headerOf(mail, "X-Monitauri-Alerts"));
    if (count !== Number(last) - Number(first) + 1)
      throw new Error(`a digest of ${first} to ${last} says ${count}`);
    merged += count;
  }
  const which = (isSo: (count: number) => boolean) =>
    [...times.keys()].filter((at) => at > 0 && isSo(times[at] ?? 0));
  return {
    single: byId.size - digests,
    digests,
    merged,
    missing: which((count) => count === 0),
    twice: which((count) => count > 1),
    doubles: mails.length - byId.size,
  };
}
