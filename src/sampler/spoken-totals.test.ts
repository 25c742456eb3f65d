// What flows turn out to speak, and the names that stay with their connections.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FlowFacts } from "../model/naming.ts";
import { interfaceOf, type PlainSnapshot, processOf, snapshotOf } from "../model/plain-snapshot.ts";
import { createSampler } from "./sampler.ts";

const FLOW = {
  index: 4,
  process: 1,
  interface: 2,
  protocol: 6,
  remote: [198, 51, 100, 7],
  remotePort: 443,
};
const TLS: FlowFacts = {
  host: { name: "example.org", source: "tls", alternatives: [] },
  spoken: { name: "tls", inside: "h2", source: "bytes" },
};

function open() {
  const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
  let atMs = 0;
  return {
    sampler,
    take(plain: Partial<PlainSnapshot>, learned: Parameters<typeof sampler.take>[1] = {}) {
      atMs += 1000;
      const interfaces = [interfaceOf(2)];
      return sampler.take(snapshotOf({ atMs, interfaces, ...plain }), learned);
    },
    spoken: () =>
      Object.fromEntries(sampler.groups("spoken").map(({ key, total }) => [key, total.rxBytes])),
  };
}

test("what a flow has counted moves to what it turns out to speak", () => {
  const { take, spoken, sampler } = open();
  take({ processes: [processOf(1)], flows: [{ ...FLOW, rxDeviceBytes: 100 }] });
  assert.deepEqual(spoken(), { "other tcp": 100 });
  const learned = [{ index: 4, serial: 1, facts: TLS }];
  take({ flows: [{ ...FLOW, rxDeviceBytes: 150 }] }, { learned });
  assert.deepEqual(spoken(), { tls: 150, "other tcp": 0 });
  assert.deepEqual(sampler.groups("spoken")[0]?.delta.rxBytes, 50);
  assert.equal(sampler.groups("spoken")[0]?.connections, 1);
  take({ flows: [{ ...FLOW, rxDeviceBytes: 160 }] });
  assert.deepEqual(spoken(), { tls: 160, "other tcp": 0 });
});

test("a connection keeps its name when its owner is corrected and while it is shown as closed", () => {
  const { take, sampler } = open();
  const learned = [{ index: 4, serial: 1, facts: TLS }];
  const processes = [processOf(1), processOf(2)];
  take({ processes, flows: [{ ...FLOW, rxDeviceBytes: 100 }] }, { learned });
  take({ flows: [{ ...FLOW, serial: 2, process: 2, rxDeviceBytes: 110 }] });
  assert.equal(sampler.connections().connections[0]?.host?.name, "example.org");
  take({ flows: [{ ...FLOW, serial: 2, process: 2, rxDeviceBytes: 120, closed: true }] });
  const [closed] = sampler.connections().connections;
  assert.deepEqual(
    [closed?.state, closed?.host?.name, closed?.spoken?.inside],
    ["CLOSED", "example.org", "h2"],
  );
});

test("another flow at the same index, or an old hint, gets no foreign name", () => {
  const { take, sampler } = open();
  const learned = [{ index: 4, serial: 1, facts: TLS }];
  take({ processes: [processOf(1)], flows: [{ ...FLOW, rxDeviceBytes: 100 }] }, { learned });
  take({ flows: [{ ...FLOW, serial: 2, remotePort: 80, rxDeviceBytes: 110 }] }, { learned });
  const open443 = sampler.connections({ filter: "rport:80" }).connections[0];
  assert.deepEqual([open443?.host, open443?.spoken], [undefined, undefined]);
});
