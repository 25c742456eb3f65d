// The rules by which the accuracy matrix gives marks.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Cell, isSure } from "./accuracy/matrix.ts";
import { betweenMarkers } from "./accuracy/report.ts";
import type { Expected, Measured } from "./accuracy/scenario.ts";
import { type MonitorRow, markOf, type Score, score, type Traits } from "./accuracy/score.ts";
import { counts, scorecards } from "./accuracy/scorecard.ts";
import { surprises } from "./accuracy/verdict.ts";

const PROCESS: Traits = {
  knows: "process",
  unit: "ip",
  payload: false,
  unknownIsTraffic: true,
};
const EXACT: Traits = { ...PROCESS, payload: true, unknownIsTraffic: false };
const NAME: Traits = { ...PROCESS, knows: "name" };
const ALICE: Expected = { pid: 10, name: "alice", rxPayloadBytes: 100, txPayloadBytes: 9000 };
const BOB: Expected = { pid: 11, name: "bob", rxPayloadBytes: 0, txPayloadBytes: 900 };

describe("markOf()", () => {
  test("passes within 1 %, above and below", () => {
    assert.deepEqual(
      [9900, 10_000, 10_100].map((bytes) => markOf(bytes, 10_000)),
      ["pass", "pass", "pass"],
    );
  });
  test("is partial up to 10 %, and fails beyond", () => {
    assert.deepEqual(
      [9890, 11_000, 11_001, 0].map((bytes) => markOf(bytes, 10_000)),
      ["partial", "partial", "fail", "fail"],
    );
  });
});

describe("score()", () => {
  test("passes where every process has its bytes", () => {
    const found = score(of(ALICE, BOB), [row(10, 200, 9200), row(11, 100, 1000)], PROCESS);
    assert.deepEqual([found.attribution, found.bytes, found.why], ["pass", "pass", ""]);
  });

  test("is partial where one process lacks bytes that are on nobody", () => {
    const rows = [row(10, 200, 9200), nobody(100, 1000)];
    assert.deepEqual(marks(of(ALICE, BOB), rows, PROCESS), ["partial", "pass"]);
  });

  test("is partial where a process has less on the wire than it sent", () => {
    const rows = [row(10, 200, 5000), row(11, 100, 5200)];
    assert.deepEqual(marks(of(ALICE, BOB), rows, PROCESS), ["partial", "pass"]);
  });

  test("fails where nothing was seen", () => {
    assert.deepEqual(marks(of(ALICE), [row(99, 0, 9000)], EXACT), ["fail", "fail"]);
    assert.deepEqual(marks(of(ALICE), [], PROCESS), ["fail", "fail"]);
  });

  test("wants payload to the byte of a monitor that counts it", () => {
    const wire = { rxBytes: 300, txBytes: 9300, rxPayloadBytes: 100 };
    assert.deepEqual(marks(of(ALICE), [{ pid: 10, ...wire, txPayloadBytes: 9000 }], EXACT), [
      "pass",
      "pass",
    ]);
    assert.deepEqual(marks(of(ALICE), [{ pid: 10, ...wire, txPayloadBytes: 8999 }], EXACT), [
      "partial",
      "pass",
    ]);
    const measured: Measured = { ...of(ALICE), withoutPayload: true };
    assert.equal(marks(measured, [{ pid: 10, ...wire, txPayloadBytes: 0 }], EXACT)[0], "pass");
  });

  test("does not take rows of nobody for traffic where the monitor watches the whole machine", () => {
    assert.deepEqual(marks(of(ALICE), [nobody(1000, 9500)], EXACT), ["fail", "fail"]);
  });

  test("compares in the unit of the monitor", () => {
    const measured = of(ALICE);
    const packets = measured.wire.rxPackets + measured.wire.txPackets;
    const bytes = measured.wire.rxBytes + measured.wire.txBytes;
    const expected = { ip: bytes, frame: bytes + 14 * packets, transport: bytes - 20 * packets };
    for (const unit of ["ip", "frame", "transport"] as const) {
      assert.equal(score(measured, [], { ...PROCESS, unit }).trueBytes, expected[unit]);
    }
    const six = score({ ...measured, ipHeaderBytes: 40 }, [], { ...PROCESS, unit: "transport" });
    assert.equal(six.trueBytes, bytes - 40 * packets);
  });

  test("takes processes of one name together where the monitor knows names only", () => {
    const twins = of(ALICE, { ...BOB, name: "alice" });
    const rows = [{ name: "alice", rxBytes: 300, txBytes: 10_200 }];
    assert.deepEqual(marks(twins, rows, NAME), ["pass", "pass"]);
    assert.equal(marks({ ...twins, tellApart: true }, rows, NAME)[0], "partial");
  });

  test("tells two programs with one pid apart by their sign", () => {
    const first = { ...ALICE, sign: "--id 0 " };
    const second = { ...BOB, pid: 10, sign: "--id 1 " };
    const rows = [
      { ...row(10, 200, 9200), detail: "/bin/x --id 0 " },
      { ...row(10, 100, 1000), detail: "/bin/x --id 1 " },
    ];
    assert.deepEqual(marks({ ...of(first, second), tellApart: true }, rows, PROCESS), [
      "pass",
      "pass",
    ]);
    const mixed = [{ ...row(10, 300, 10_200), detail: "/bin/x --id 1 " }];
    assert.deepEqual(marks(of(first, second), mixed, PROCESS), ["partial", "pass"]);
    assert.deepEqual(marks(of(first, second), [row(10, 300, 10_200)], PROCESS), [
      "partial",
      "pass",
    ]);
  });

  test("leaves a carrier's outer packets out where the monitor says what they are", () => {
    const carrier: Expected = { ...BOB, carrier: true, txPayloadBytes: 0 };
    const measured: Measured = { ...of(ALICE), processes: [ALICE, carrier] };
    const said = [row(10, 300, 9300), { ...row(11, 300, 9600), carrier: true }];
    assert.deepEqual(marks(measured, said, EXACT).at(1), "pass");
    const silent = [row(10, 300, 9300), row(11, 300, 9600)];
    assert.deepEqual(marks(measured, silent, PROCESS), ["pass", "fail"]);
  });

  test("wants forwarded traffic on no process, in and out", () => {
    const measured: Measured = { ...of(ALICE), processes: [], forwarded: true };
    const total = measured.wire.rxBytes + measured.wire.txBytes;
    const named = { rxBytes: total, txBytes: total, forwarded: true };
    assert.deepEqual(marks(measured, [named, row(5, 7, 7)], EXACT), ["pass", "pass"]);
    assert.deepEqual(marks(measured, [nobody(0, total)], PROCESS), ["pass", "pass"]);
    assert.deepEqual(marks(measured, [row(5, 0, total)], PROCESS), ["partial", "pass"]);
    assert.deepEqual(marks(measured, [], EXACT), ["fail", "fail"]);
  });

  test("gives no mark for attribution to a monitor of hosts", () => {
    const host: Traits = { ...PROCESS, knows: "host" };
    assert.deepEqual(marks(of(ALICE), [nobody(300, 9300)], host), ["not applicable", "pass"]);
  });
});

describe("isSure()", () => {
  test("wants the same of both counters of what was sent", () => {
    const measured = of(ALICE);
    const { txBytes } = measured.wire;
    assert.ok(isSure(measured));
    assert.ok(isSure({ ...measured, nftTxBytes: txBytes + 40 }));
    assert.ok(!isSure({ ...measured, nftTxBytes: txBytes * 0.9 }));
    assert.ok(!isSure({ ...measured, nftTxBytes: 0 }));
  });
});

describe("surprises()", () => {
  test("names what fails and is not known to, and what is known to fail and passes", () => {
    const cells = [cell("s01", "pass", "pass"), cell("s02", "partial", "pass")];
    assert.deepEqual(surprises([cells[0] as Cell], {}), []);
    assert.match(surprises(cells, {}).join(), /^s02 .*attribution is "partial"/);
    assert.deepEqual(surprises(cells, { s02: { attribution: "the kernel does not say" } }), []);
    const rotten = surprises(cells, { s01: { bytes: "x" }, s02: { attribution: "y" } });
    assert.match(rotten.join(), /^s01 .*bytes passes now, but is listed: "x"$/);
  });

  test("does not take a scenario that was not measured for one that passed", () => {
    assert.equal(surprises([cell("s01", "not measured", "not measured")], {}).length, 1);
    assert.equal(surprises([cell("s08", "not here", "not here")], {}).length, 0);
  });
});

describe("scorecards()", () => {
  test("counts every mark and shows what did not pass", () => {
    const cells = [cell("s01", "pass", "pass"), cell("s02", "partial", "fail")];
    assert.deepEqual(
      [counts(cells, "attribution"), counts(cells, "bytes")].map((of) => {
        const { pass, partial, fail } = of.get("one") ?? {};
        return [pass, partial, fail];
      }),
      [
        [1, 1, 0],
        [1, 0, 1],
      ],
    );
    const text = scorecards(cells, { one: "1.2" });
    assert.match(text, /\| one 1\.2 \| 1 \| 1 \| 0 \|/);
    assert.match(text, /\| s02 \| one \| partial \| fail \| why \|/);
  });
});

describe("betweenMarkers()", () => {
  const page = "a\n<!-- accuracy -->\nold\n<!-- /accuracy -->\nb\n";
  test("replaces what was there, and nothing else", () => {
    const once = betweenMarkers(page, "new");
    assert.equal(once, "a\n<!-- accuracy -->\n\nnew\n\n<!-- /accuracy -->\nb\n");
    assert.equal(betweenMarkers(once, "new"), once);
  });
  test("throws where a mark is missing or twice", () => {
    for (const wrong of ["a", `${page}${page}`, "<!-- /accuracy --><!-- accuracy -->"]) {
      assert.throws(() => betweenMarkers(wrong, "new"), /Cannot write the report/);
    }
  });
});

/** On the wire: 10 packets each way with headers of 40 bytes. */
function of(...processes: Expected[]): Measured {
  const rx = processes.reduce((sum, one) => sum + one.rxPayloadBytes, 0);
  const tx = processes.reduce((sum, one) => sum + one.txPayloadBytes, 0);
  const wire = { rxBytes: rx + 200, txBytes: tx + 300, rxPackets: 10, txPackets: 10 };
  return { processes, wire: { ...wire } };
}

function row(pid: number, rxBytes: number, txBytes: number): MonitorRow {
  return { pid, name: "?", rxBytes, txBytes };
}

function nobody(rxBytes: number, txBytes: number): MonitorRow {
  return { rxBytes, txBytes };
}

function marks(measured: Measured, rows: readonly MonitorRow[], traits: Traits) {
  const { attribution, bytes } = score(measured, rows, traits);
  return [attribution, bytes];
}

function cell(scenario: string, attribution: Score["attribution"], bytes: Score["bytes"]): Cell {
  const why = attribution === "pass" && bytes === "pass" ? "" : "why";
  const marked = { attribution, bytes, sawBytes: 1, trueBytes: 1, why };
  return { scenario, title: "a title", monitor: "one", score: marked, seconds: 1 };
}
