// The live screen without a terminal: samples and keys in, lines out.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActivityRow, LiveSample } from "../../model/live.ts";
import type { PsRow } from "../../model/monitauri.ts";
import type { Connection, Traffic } from "../../model/sample.ts";
import { textWidth } from "../text-width.ts";
import { MAX_MOMENTS, machineSeries } from "./history.ts";
import { type NamedKey, pressed } from "./keys.ts";
import { layout } from "./layout.ts";
import { wantedBy } from "./questions.ts";
import { NETWORKS } from "./scope.ts";
import {
  firstState,
  hasUnknown,
  type TopState,
  withApplications,
  withConnections,
  withProcesses,
  withSample,
} from "./state.ts";

const MEGABYTE = 1_000_000;
const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 200, rows: 60 },
  { columns: 40, rows: 12 },
  { columns: 20, rows: 5 },
  { columns: 1, rows: 1 },
] as const;

test("layout() fills every screen exactly, in every view and state", () => {
  const states = [
    firstState({ bytes: false, filter: "" }),
    busy(),
    keys(busy(), "2"),
    keys(busy(), "3"),
    keys(busy(), "?"),
    keys(busy(), "/", "rate:>"),
    keys(busy(), "enter"),
    keys(busy(), "i", "b", " "),
    { ...busy(), lost: "The daemon is gone (日本語 \u001b[2J). ".repeat(9) },
  ];
  for (const size of SIZES) {
    for (const [at, state] of states.entries()) {
      const lines = linesOf(state, size);
      assert.equal(lines.length, size.rows, `state ${at} at ${size.columns} columns`);
      for (const line of lines) assert.equal(textWidth(line), size.columns, `state ${at}: ${line}`);
      assert.doesNotMatch(lines.join(""), /\p{Cc}/u);
    }
  }
});

test("rows have the busiest first, and numbers keep their columns when they change", () => {
  const before = linesOf(busy());
  assert.deepEqual(namesIn(before), ["> firefox", "  evil\\x1b[31m", "  kernel"]);
  assert.match(before.join("\n"), /^> firefox +16\.0 Mbit\/s .* 80\.0 kbit\/s .* 9\.00 MB +3 *$/m);
  const after = linesOf(withSample(busy(), sample({ id: 9, firefoxBytes: 7 })));
  const at = (lines: string[], text: string) =>
    lines.find((line) => line.includes("firefox"))?.indexOf(text);
  assert.equal(at(after, "bit/s"), (at(before, "Mbit/s") ?? 0) + 1);
});

test("layout() says at every width what an application does", () => {
  for (const { columns, rows } of SIZES.slice(0, 3)) {
    const line = linesOf(busy(), { columns, rows }).find((each) => each.includes("firefox"));
    assert.match(line ?? "", /16\.0 Mbit\/s .*80\.0 kbit\/s/);
  }
});

test("pressed() sorts, and turns the order round", () => {
  assert.deepEqual(namesIn(linesOf(keys(busy(), "n"))), [
    "> evil\\x1b[31m",
    "  firefox",
    "  kernel",
  ]);
  assert.equal(namesIn(linesOf(keys(busy(), "n", "r")))[0], "> kernel");
  assert.equal(namesIn(linesOf(keys(busy(), "u")))[0], "> evil\\x1b[31m");
});

test("pressed() filters while it is typed, and says what is wrong", () => {
  const typing = keys(busy(), "/", "app:fire");
  assert.deepEqual(namesIn(linesOf(typing)), ["> firefox"]);
  const wrong = keys(typing, " ", "planet:x");
  assert.match(
    linesOf(wrong).at(-1) ?? "",
    /^Filter: app:fire planet:x_ {2}Cannot filter by "planet"/,
  );
  assert.deepEqual(namesIn(linesOf(wrong)), ["> firefox"]);
  assert.equal(keys(wrong, "enter").typing, "app:fire planet:x");
  assert.equal(keys(wrong, "escape").filter, "");
  const kept = keys(typing, "backspace", "enter");
  assert.deepEqual([kept.typing, kept.filter], [undefined, "app:fir"]);
  assert.equal(keys(kept, "escape").filter, "");
});

test("a filter sees the rates of what is shown, and the owner that ps knows", () => {
  assert.deepEqual(namesIn(linesOf(keys(busy(), "/", "down:>10mbit"))), ["> firefox"]);
  assert.deepEqual(namesIn(linesOf(keys(busy(), "/", "user:anna"))), ["> firefox"]);
});

test("pressed() moves among the rows and stays with the chosen one when the order changes", () => {
  const chosen = keys(busy(), "down");
  assert.equal(chosen.chosen, "path:/evil");
  assert.equal(namesIn(linesOf(keys(chosen, "n")))[0], "> evil\\x1b[31m");
  assert.equal(keys(chosen, "end").chosen, "remainder:kernel");
  assert.equal(keys(chosen, "end", "down", "down").chosen, "remainder:kernel");
  assert.equal(keys(chosen, "pageUp").chosen, "path:/firefox");
});

test("Enter looks into an application, Escape goes back to it", () => {
  const inside = keys(busy(), "enter");
  const text = linesOf(inside).join("\n");
  for (const wanted of [
    /^firefox +Esc goes back *$/m,
    /^Path \/firefox *\nCommand firefox --tab 1 *\nUser anna/m,
    /^Processes \(1\) *$/m,
    /^> +7 firefox --tab 1/m,
    /^Connections \(1\) *$/m,
    /\[2001:db8::1\]:443/,
  ])
    assert.match(text, wanted);
  assert.doesNotMatch(text, /192\.0\.2\.9/);
  const back = keys(inside, "escape");
  assert.deepEqual([back.detail, back.chosen], [undefined, "path:/firefox"]);
});

test("Space keeps the screen as it is while samples go on", () => {
  const paused = keys(busy(), " ");
  const later = withSample(paused, sample({ id: 9, firefoxBytes: 7 }));
  assert.deepEqual(linesOf(later), linesOf(paused));
  assert.match(linesOf(keys(later, " ")).join("\n"), /firefox +56 bit\/s/);
});

test("i shows one interface after the other, then loopback", () => {
  assert.match(linesOf(keys(busy(), "i"))[0] ?? "", /^Monitauri {2}eth0 /);
  const loopback = linesOf(keys(busy(), "i", "i"));
  assert.match(loopback[0] ?? "", /Loopback/);
  assert.match(loopback.join("\n"), /firefox +8\.00 kbit\/s/);
});

test("remember() forgets what is older than its limit; cells do not change while they move", () => {
  let state = firstState({ bytes: false, filter: "" });
  const take = (id: number) => {
    state = withSample(state, sample({ id, firefoxBytes: id }));
    return state.data.moments;
  };
  for (let id = 1; id < MAX_MOMENTS + 5; id += 1) take(id);
  const form = { scope: NETWORKS, count: 10, cellMs: 5_000 };
  const begun = take(MAX_MOMENTS + 5);
  assert.equal(begun.length, MAX_MOMENTS);
  const further = take(MAX_MOMENTS + 6);
  const [before, after] = [begun, further].map((moments) => machineSeries(moments, form));
  assert.deepEqual(after?.slice(0, 9), before?.slice(0, 9));
  assert.equal(after?.at(-1)?.rxBytesPerSecond, MAX_MOMENTS + 5.5);
});

test("hasUnknown() is true until ps has said who an application is", () => {
  const fresh = withSample(firstState({ bytes: false, filter: "" }), sample({ id: 1 }));
  assert.equal(hasUnknown(fresh), true);
  assert.equal(hasUnknown(busy()), false);
});

test("wantedBy() asks for what is seen and no more", () => {
  assert.deepEqual(wantedBy(busy()), { processes: undefined, connections: undefined });
  assert.deepEqual(wantedBy(keys(busy(), "2")).processes, { by: "process" });
  const { connections } = wantedBy(keys(busy(), "3", "u", "/", "port:443"));
  assert.deepEqual(connections, { sort: "tx", reverse: false, limit: 500, filter: "port:443" });
  assert.equal(wantedBy({ ...busy(), detail: 'path:/a,"b' }).processes?.filter, 'app:"path:/a"');
});

function linesOf(state: TopState, size: { columns: number; rows: number } = SIZES[0]): string[] {
  return layout(state, { ...size, ascii: true }).map((line) =>
    line.map(({ text }) => text).join(""),
  );
}

/** Of the rows below the line of titles. */
function namesIn(lines: readonly string[]): string[] {
  const title = lines.findIndex((line) => line.includes("APPLICATION  "));
  const rows = lines.slice(title + 1, -1).filter((line) => line.trim() !== "");
  return rows.map((line) => line.slice(0, 20).trimEnd());
}

const NAMED: readonly string[] = ["up", "down", "pageUp", "end", "enter", "escape", "backspace"];

function keys(state: TopState, ...presses: readonly string[]): TopState {
  return presses.reduce(
    (now, press) =>
      pressed(now, NAMED.includes(press) ? { key: press as NamedKey } : { text: press }, 10),
    state,
  );
}

/** Two samples, and every question answered. */
function busy(): TopState {
  let state = firstState({ bytes: false, filter: "" });
  for (const id of [1, 2]) state = withSample(state, sample({ id }));
  const firefox = psRow("path:/firefox", "firefox", { user: "anna" });
  const evil = psRow("path:/evil", "evil\u001b[31m", {});
  state = withApplications(state, [firefox, evil, psRow("remainder:kernel", "kernel", {})]);
  state = withProcesses(state, [
    psRow("path:/firefox", "firefox", { pid: 7, arguments: ["firefox", "--tab", "1"] }),
    psRow("path:/evil", "evil\u001b[31m", { pid: 8 }),
  ]);
  return withConnections(state, [
    connection("path:/firefox", "2001:db8::1"),
    connection("path:/evil", "192.0.2.9"),
  ]);
}

function sample({
  id,
  firefoxBytes = 2 * MEGABYTE,
}: {
  id: number;
  firefoxBytes?: number;
}): LiveSample {
  const none = { rxBytes: 0, txBytes: 0, rxLoopbackBytes: 0, txLoopbackBytes: 0 };
  const applications = [
    activity("path:/firefox", "firefox", {
      rxBytes: firefoxBytes + 1000,
      rxLoopbackBytes: 1000,
      txBytes: 10_000,
    }),
    activity("path:/evil", "evil\u001b[31m", { rxBytes: 500, txBytes: 20_000 }),
    activity("remainder:kernel", "kernel", { rxBytes: 60 }),
  ];
  return {
    id,
    atMs: 1_795_438_760_000 + id * 1000,
    intervalMs: 1000,
    gap: null,
    ...none,
    rxBytes: firefoxBytes,
    txBytes: 30_000,
    rxTotalBytes: 9 * MEGABYTE,
    txTotalBytes: 0,
    rxTotalLoopbackBytes: 1000,
    txTotalLoopbackBytes: 0,
    interfaces: [
      { name: "lo", kind: "loopback", rxBytes: 1000, txBytes: 0 },
      { name: "eth0", kind: "physical", rxBytes: firefoxBytes, txBytes: 30_000 },
    ],
    applications,
    others: { count: 0, ...none },
    attributedShare: 0.987,
    counting: "eBPF, made up",
  };
}

function activity(key: string, name: string, bytes: Partial<ActivityRow>): ActivityRow {
  const none = { rxBytes: 0, txBytes: 0, rxLoopbackBytes: 0, txLoopbackBytes: 0 };
  const total = { ...none, rxBytes: key === "path:/firefox" ? 9 * MEGABYTE : 100 };
  return { key, name, ...none, total, connections: 3, interfaces: [], ...bytes };
}

function psRow(key: string, application: string, fields: Partial<PsRow>): PsRow {
  return {
    key,
    application,
    path: key.slice("path:".length),
    pid: null,
    pids: [7],
    arguments: [],
    user: null,
    container: null,
    unit: null,
    rxBytes: 100,
    txBytes: 0,
    rxPackets: 0,
    txPackets: 0,
    rxPayloadBytes: 0,
    txPayloadBytes: 0,
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
    rxLoopbackBytes: 0,
    txLoopbackBytes: 0,
    rxLoopbackBytesPerSecond: 0,
    txLoopbackBytesPerSecond: 0,
    interfaces: [],
    ends: [],
    connections: 1,
    startedAtMs: 0,
    lastActiveAtMs: 0,
    running: true,
    remainder: null,
    carries: null,
    ...fields,
  };
}

function connection(applicationKey: string, remoteAddress: string): Connection {
  const total: Traffic = {
    rxBytes: 10,
    txBytes: 0,
    rxPackets: 0,
    txPackets: 0,
    rxPayloadBytes: 0,
    txPayloadBytes: 0,
    rxDeviceBytes: 0,
    txDeviceBytes: 0,
  };
  return {
    id: remoteAddress,
    protocol: "tcp",
    localAddress: "192.0.2.1",
    localPort: 40_000,
    remoteAddress,
    remotePort: 443,
    state: "established",
    processId: 1,
    pid: 7,
    application: applicationKey.slice(6),
    applicationKey,
    user: undefined,
    interface: "eth0",
    container: undefined,
    unit: undefined,
    openedAtMs: 0,
    lastActiveAtMs: 0,
    rttMs: 12,
    retransmits: 0,
    total,
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
  };
}
