// The OpenMetrics text, held to the specification by a strict parser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openMetricsText } from "../src/api/open-metrics.ts";
import { openFace } from "./fixtures/face.ts";
import { activity } from "./fixtures/sampled.ts";

const HOSTILE = 'a"b\\c\nd}e,f="g"';

test("/metrics is OpenMetrics 1.0 with every byte in one series", async () => {
  await using face = await openFace();
  const other = activity("remainder:forwarded", "forwarded", 5000);
  face.publish([activity(`path:/${HOSTILE}`, HOSTILE, 3000), other]);
  const response = await face.app.request("/metrics");
  assert.equal(
    response.headers.get("content-type"),
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  );
  const families = parse(await response.text());
  const samples = (name: string) => families.get(name)?.samples ?? [];
  assert.deepEqual(samples("monitauri_network_receive_bytes"), [{ labels: {}, value: 3000 }]);
  const applications = samples("monitauri_application_receive_bytes");
  assert.deepEqual(applications.at(-1), {
    labels: { application: "other", key: "other" },
    value: 0,
  });
  assert.deepEqual(applications[1], {
    labels: { application: HOSTILE, key: `path:/${HOSTILE}` },
    value: 1000,
  });
  assert.deepEqual(samples("monitauri_remainder_transmit_bytes"), [
    { labels: { kind: "forwarded" }, value: 100 },
  ]);
  assert.deepEqual(samples("monitauri_interface_transmit_bytes")[0], {
    labels: { interface: "eth0" },
    value: 200,
  });
  assert.deepEqual(samples("monitauri_attributed_ratio"), [{ labels: {}, value: 1 }]);
  assert.deepEqual(samples("monitauri_build"), [{ labels: { version: "0.0.0-test" }, value: 1 }]);
  assert.ok((samples("process_resident_memory_bytes")[0]?.value ?? 0) > 1e6);
  assert.ok(families.has("monitauri_tick_duration_seconds"));
  assert.ok(families.has("monitauri_live_readers"));
});

test("no counter goes back from one reading to the next", async () => {
  await using face = await openFace();
  const read = async () => parse(await (await face.app.request("/metrics")).text());
  let before = await read();
  for (let round = 0; round < 20; round += 1) {
    face.publish(
      Array.from({ length: 30 }, (_, i) => {
        const size = (round * 37 + i * 11) % 400;
        return activity(`path:/${size}`, `app${size}`, size * 1000);
      }),
    );
    const now = await read();
    for (const [name, { type, samples }] of before) {
      if (type !== "counter") continue;
      for (const { labels, value } of samples) {
        const key = JSON.stringify(labels);
        const next = now.get(name)?.samples.find((one) => JSON.stringify(one.labels) === key);
        assert.ok(next !== undefined && next.value >= value, `${name}${key}`);
      }
    }
    before = now;
  }
});

test("the parser of this test finds what is wrong", () => {
  const good = openMetricsText([
    { name: "a_bytes", type: "counter", unit: "bytes", help: "A\\b", samples: [{ value: 1 }] },
  ]);
  assert.equal(
    good,
    "# TYPE a_bytes counter\n# UNIT a_bytes bytes\n# HELP a_bytes A\\\\b\na_bytes_total 1\n# EOF\n",
  );
  parse(good);
  for (const [from, to] of [
    ["# EOF\n", ""],
    ["a_bytes_total", "a_bytes"],
    ["UNIT a_bytes bytes", "UNIT a_bytes seconds"],
    ["_total 1", '_total{x="\n"} 1'],
    ["_total 1", '_total{x="a" y="b"} 1'],
    ["_total 1", "_total -1"],
    ["_total 1", "_total one"],
    ["a_bytes_total 1\n", "a_bytes_total 1\na_bytes_total 2\n"],
    ["# TYPE a_bytes counter\n", ""],
  ] as const) {
    assert.throws(() => parse(good.replace(from, to)), to);
  }
});

interface Family {
  readonly type: string;
  readonly samples: { readonly labels: Record<string, string>; readonly value: number }[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const SUFFIXES: Record<string, string> = { counter: "_total", gauge: "", info: "_info" };

/** @throws where the text is not what the specification's ABNF and its rules on metadata allow. */
function parse(text: string): Map<string, Family> {
  assert.ok(text.endsWith("\n# EOF\n"), "the end");
  const families = new Map<string, Family>();
  let name = "";
  for (const line of text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1)) {
    const [, kind, of = "", rest = ""] =
      new RegExp(`^# (TYPE|UNIT|HELP) (${NAME}) (.*)$`).exec(line) ?? [];
    if (kind === "TYPE") {
      assert.ok(!families.has(of), `${of} twice`);
      assert.ok(rest in SUFFIXES, rest);
      assert.ok(!of.endsWith("_total") && !of.endsWith("_info"), of);
      name = of;
      families.set(name, { type: rest, samples: [] });
    } else if (kind !== undefined) {
      assert.equal(of, name, "metadata stands together");
      assert.equal(families.get(name)?.samples.length, 0, "metadata comes first");
      if (kind === "UNIT") assert.ok(name.endsWith(`_${rest}`), line);
      assert.ok(!/\\[^\\n"]|\\$/.test(rest.replaceAll("\\\\", "")), "escapes");
    } else {
      addSample(families.get(name), name, line);
    }
  }
  return families;
}

function addSample(family: Family | undefined, name: string, line: string): void {
  assert.ok(family !== undefined, `${line} without metadata`);
  const head = name + (SUFFIXES[family.type] ?? "");
  assert.ok(line.startsWith(head), `${line} in ${name}`);
  const { labels, rest } = labelsOf(line.slice(head.length));
  assert.match(rest, /^ (\d+(\.\d+)?(e[+-]?\d+)?)$/, line);
  const value = Number(rest);
  const key = JSON.stringify(labels);
  assert.ok(!family.samples.some((one) => JSON.stringify(one.labels) === key), `${line} twice`);
  family.samples.push({ labels, value });
}

function labelsOf(text: string): { labels: Record<string, string>; rest: string } {
  if (!text.startsWith("{")) return { labels: {}, rest: text };
  const labels: Record<string, string> = {};
  let rest = text.slice(1);
  for (;;) {
    const found = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"([,}])/.exec(rest);
    assert.ok(found !== null, text);
    const [all, label = "", value = "", end] = found;
    assert.ok(!(label in labels), label);
    labels[label] = value.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
    rest = rest.slice(all.length);
    if (end === "}") return { labels, rest };
  }
}
