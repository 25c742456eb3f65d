/** What comes from the daemon, as the views see it: the shown tick, the past, and how the connection is. */

import { createClient } from "../../client/client.ts";
import { redactedRequest } from "../../client/redacted.ts";
import type { Monitauri } from "../../model/monitauri.ts";
import { pageRedactor } from "../session/page-redactor.ts";
import { requestWith } from "../session/request.ts";
import { exchange, storedToken, storeToken, takeCode } from "../session/session.ts";
import { createTrust } from "../session/trust.ts";
import { connectStream } from "../stream/connect.ts";
import {
  ACTIVITY_WIDTH,
  type FromTab,
  type Link,
  type Tick,
  type ToTab,
} from "../stream/messages.ts";
import { createStore } from "./create-store.ts";
import { createPast } from "./series.ts";
import { scope } from "./settings.ts";

/** The tick that is on the screen; stands still while paused or hidden. */
export const shown = createStore<Tick | undefined>(undefined);
export const link = createStore<Link>({ state: "connecting" });
/** Wall clock of the moment that the view is held at, else undefined. */
export const pausedAtMs = createStore<number | undefined>(undefined);
/** Names of all interfaces that a tick had, with their kind. */
export const interfaces = createStore<Tick["interfaces"]>([]);
export const past = createPast();

/** What the next tick will show, unless it is held: it may be drawn already. */
export function latestTick(): Tick | undefined {
  return latest;
}

let token: string | undefined;
const signedIn = Promise.withResolvers<void>();
let latest: Tick | undefined;
let tell: (message: FromTab) => void = () => {};

/** Where names are hidden no answer reaches a view with them. */
const redactor = pageRedactor();

const trust = createTrust();

const plainRequest = requestWith({
  trust,
  token: () => token ?? signedIn.promise.then(() => token ?? ""),
  onUnauthorized(refused) {
    // An answer to an older token says nothing about this one.
    if (refused === token) link.set({ state: "unknown-session" });
  },
});

const request = redactor === undefined ? plainRequest : redactedRequest(plainRequest, redactor);

export const client = createClient(request);

/** One whose questions end with the signal. */
export function clientUntil(signal: AbortSignal): Monitauri {
  return createClient((path, ask = {}) => {
    const signals = ask.signal === undefined ? [signal] : [signal, ask.signal];
    return request(path, { ...ask, signal: AbortSignal.any(signals) });
  });
}

/** Begins with the code of the address, with the tab's token, or with that of another tab. */
export async function connect(): Promise<void> {
  const code = takeCode();
  const fresh = code === undefined ? undefined : await exchange(code).catch(() => undefined);
  keepToken(fresh ?? storedToken());
  tell = connectStream(hear);
  tell({ type: "hello", token, isFresh: fresh !== undefined, scope: scope.get() });
  scope.subscribe(() => tell({ type: "scope", scope: scope.get() }));
  pausedAtMs.subscribe(show);
  document.addEventListener("visibilitychange", show);
}

/** @returns false where the code is worthless. @throws where nobody answers. */
export async function enterCode(code: string): Promise<boolean> {
  const fresh = await exchange(code);
  if (fresh === undefined) return false;
  keepToken(fresh);
  tell({ type: "token", token: fresh });
  return true;
}

export function retryNow(): void {
  tell({ type: "retry" });
}

export function togglePause(): void {
  const isPaused = pausedAtMs.get() !== undefined;
  pausedAtMs.set(isPaused ? undefined : (shown.get()?.atMs ?? Date.now()));
}

function hear(message: ToTab): void {
  if (message.type === "token") keepToken(message.token);
  if (message.type === "link") {
    if (message.link.state !== "live") trust.doubt();
    link.set(message.link);
  }
  // Said by another tab's scope before this one's choice arrived.
  if (message.type === "past" && message.scope === scope.get())
    replacePast(message.ticks.map(withoutNames));
  if (message.type === "tick" && message.scope === scope.get()) {
    remember(withoutNames(message.tick));
    void showSoon();
  }
}

function withoutNames(tick: Tick): Tick {
  if (redactor === undefined) return tick;
  const { keys, names } = redactor.answer({ keys: tick.keys, names: tick.names });
  return { ...tick, keys, names };
}

function replacePast(ticks: readonly Tick[]): void {
  past.clear();
  for (const tick of ticks) remember(tick);
  const last = ticks.at(-1);
  if (last === undefined) return;
  latest = last;
  const heldMs = pausedAtMs.get();
  if (heldMs === undefined) shown.set(last);
  else shown.set(ticks.findLast(({ atMs }) => atMs <= heldMs) ?? last);
}

function remember(tick: Tick): void {
  latest = tick;
  past.add(tick, { keys: tick.keys, numbers: tick.numbers, width: ACTIVITY_WIDTH });
  if (!isSame(interfaces.get(), tick.interfaces)) interfaces.set(tick.interfaces);
}

/** Draws what a tick brings outside of the document; fulfilled when it is drawn. */
type Drawer = () => Promise<void>;
const drawers = new Set<Drawer>();
/** Who is slower is not waited for. */
const MAX_DRAWING_MS = 50;

/** Called with each tick before the views change, so that both are seen in one frame: two would cost twice. */
export function drawFirst(drawer: Drawer): () => void {
  drawers.add(drawer);
  return () => drawers.delete(drawer);
}

/** Once a frame: what the daemon remembers comes as hundreds of ticks at once, and only the last is worth drawing. */
async function showSoon(): Promise<void> {
  if (isDue || isHeld()) return;
  isDue = true;
  if (drawers.size > 0) {
    // A chart that cannot be drawn must not hold the figures.
    const drawn = Promise.allSettled([...drawers].map((draw) => draw()));
    await Promise.race([drawn, later(MAX_DRAWING_MS)]);
  }
  requestAnimationFrame(() => {
    isDue = false;
    show();
  });
}

let isDue = false;

/** Hidden tabs and held views keep the data and draw nothing. */
function isHeld(): boolean {
  return document.hidden || pausedAtMs.get() !== undefined;
}

function show(): void {
  if (isHeld()) return;
  takeWaiting();
  shown.set(latest);
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const waiting = new Set<() => void>();
let waitingTimer: ReturnType<typeof setTimeout> | undefined;
/** Where no tick comes it is not waited for. */
const MAX_WAIT_MS = 1_200;

/** Calls it together with the next tick: what changes the view in between would be a frame of its own. */
export function withNextTick(change: () => void): void {
  waiting.add(change);
  waitingTimer ??= setTimeout(() => {
    waitingTimer = undefined;
    // A view that is held stays as it is; going on takes them.
    if (pausedAtMs.get() === undefined) takeWaiting();
  }, MAX_WAIT_MS);
}

function takeWaiting(): void {
  clearTimeout(waitingTimer);
  waitingTimer = undefined;
  const changes = [...waiting];
  waiting.clear();
  for (const change of changes) change();
}

function keepToken(next: string | undefined): void {
  if (next === undefined) return;
  token = next;
  storeToken(next);
  signedIn.resolve();
}

function isSame(a: Tick["interfaces"], b: Tick["interfaces"]): boolean {
  return a.length === b.length && a.every(({ name }, at) => name === b[at]?.name);
}
