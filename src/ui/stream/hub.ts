/** Keeps one live stream for all tabs: reads it, remembers the recent past, goes on after a break. Knows no browser. */

import type { LiveQuery, LiveSample } from "../../model/live.ts";
import type { Scope } from "../store/scope.ts";
import type { FromTab, Link, ToTab } from "./messages.ts";
import { project, slim } from "./projection.ts";

/** Fifteen minutes at one sample a second; older ones go. */
export const MAX_SAMPLES = 900;
/** Tabs that have not said anything for so long are gone: nothing else tells a worker. */
const TAB_SILENT_MS = 150_000;
/** Without a sample for so long (and three intervals) the connection is given up. */
const SILENT_MS = 8_000;
const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;

export interface HubOptions {
  live(query: LiveQuery): AsyncIterable<LiveSample>;
  setToken(token: string): void;
  nowMs(): number;
}

export interface Hub {
  /** `tell` gets what this tab must know; returned is its way to speak. */
  join(tell: (message: ToTab) => void): (message: FromTab) => void;
  /** The token was refused. */
  refuse(): void;
}

interface Tab {
  tell(message: ToTab): void;
  scope: Scope;
  heardAtMs: number;
}

export function createHub({ live, setToken, nowMs }: HubOptions): Hub {
  const tabs = new Set<Tab>();
  const samples: LiveSample[] = [];
  let token: string | undefined;
  let link: Link = { state: "connecting" };
  let lastHeardMs = nowMs();
  let attempt = 0;
  let isRunning = false;
  let isRefused = false;
  let wasLeft = false;
  let endReading: (() => void) | undefined;
  let wake: (() => void) | undefined;

  return { join, refuse };

  function join(tell: (message: ToTab) => void): (message: FromTab) => void {
    const tab: Tab = { tell, scope: "all", heardAtMs: nowMs() };
    return (message) => {
      tab.heardAtMs = nowMs();
      if (message.type === "bye") return leave(tab);
      const wasAway = !tabs.has(tab);
      tabs.add(tab);
      if (message.type === "alive" && wasAway) {
        tellPast(tab);
        start();
      }
      if (message.type === "hello") greet(tab, message);
      if (message.type === "hello" || message.type === "scope") {
        tab.scope = message.scope;
        tellPast(tab);
      }
      if (message.type === "token") takeToken(message.token);
      if (message.type === "retry") wake?.();
    };
  }

  function greet(
    tab: Tab,
    { token: offered, isFresh }: { token: string | undefined; isFresh: boolean },
  ): void {
    const isBetter = token === undefined || (isRefused && offered !== token) || isFresh;
    if (offered !== undefined && isBetter) takeToken(offered);
    else if (token !== undefined && !isRefused) tab.tell({ type: "token", token });
    if (token === undefined) return tab.tell({ type: "link", link: { state: "unknown-session" } });
    tab.tell({ type: "link", link });
    start();
  }

  function takeToken(offered: string): void {
    token = offered;
    isRefused = false;
    setToken(offered);
    lastHeardMs = nowMs();
    if (link.state !== "live") setLink({ state: "connecting" });
    for (const { tell } of tabs) tell({ type: "token", token: offered });
    start();
    wake?.();
  }

  function refuse(): void {
    isRefused = true;
    setLink({ state: "unknown-session" });
  }

  function leave(tab: Tab): void {
    tabs.delete(tab);
    if (tabs.size > 0) return;
    wasLeft = true;
    endReading?.();
  }

  function setLink(next: Link): void {
    link = next;
    for (const { tell } of tabs) tell({ type: "link", link });
  }

  function start(): void {
    if (isRunning) return;
    isRunning = true;
    void keepReading().finally(() => {
      isRunning = false;
    });
  }

  async function keepReading(): Promise<void> {
    while (tabs.size > 0) {
      wasLeft = false;
      await readOnce();
      if (tabs.size === 0) return;
      // The last tab went and another came at once: a reload. Nothing was lost.
      if (wasLeft) continue;
      if (!isRefused) setLink({ state: "lost", sinceMs: lastHeardMs });
      await pause(BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)] ?? 0);
      attempt += 1;
    }
  }

  async function readOnce(): Promise<void> {
    if (isRefused) return;
    const stream = live({ after: samples.at(-1)?.id ?? 0 })[Symbol.asyncIterator]();
    const begunAtMs = nowMs();
    endReading = () => void stream.return?.();
    const watch = setInterval(() => {
      dropSilentTabs();
      const silentMs = nowMs() - Math.max(lastHeardMs, begunAtMs);
      if (silentMs > SILENT_MS + 3 * (samples.at(-1)?.intervalMs ?? 0)) endReading?.();
    }, 1_000);
    try {
      for (;;) {
        const { done, value } = await stream.next();
        if (done === true) return;
        take(value);
      }
    } catch {
      // Whatever it was, the remedy is the same: try again a little later.
    } finally {
      clearInterval(watch);
      endReading = undefined;
    }
  }

  function take(sample: LiveSample): void {
    attempt = 0;
    lastHeardMs = nowMs();
    const last = samples.at(-1);
    if (last !== undefined) samples[samples.length - 1] = slim(last);
    // A new daemon's samples go on behind the old one's: the hole between them is drawn as one.
    if (last === undefined || sample.id > last.id) samples.push(sample);
    if (samples.length > MAX_SAMPLES) samples.shift();
    if (link.state !== "live") setLink({ state: "live" });
    const seen = new Map<Scope, ToTab>();
    for (const { scope, tell } of tabs) {
      const message = seen.get(scope) ?? { type: "tick", scope, tick: project(sample, scope) };
      seen.set(scope, message);
      tell(message);
    }
  }

  function tellPast({ tell, scope }: Tab): void {
    tell({ type: "past", scope, ticks: samples.map((sample) => project(sample, scope)) });
  }

  function dropSilentTabs(): void {
    for (const tab of tabs) if (nowMs() - tab.heardAtMs > TAB_SILENT_MS) leave(tab);
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
