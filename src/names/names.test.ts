// From the first packets of a snapshot to the facts that the sampler is given.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "../model/observation.ts";
import { type PlainFlow, processOf, snapshotOf } from "../model/plain-snapshot.ts";
import { firstOf, observed } from "./captures.ts";
import { createNames } from "./names.ts";
import { parseServices } from "./services.ts";

const FLOW: PlainFlow = {
  index: 1,
  process: 7,
  protocol: 6,
  local: [192, 0, 2, 1],
  localPort: 40_000,
  remote: [198, 51, 100, 1],
  remotePort: 443,
};

function open() {
  const names = createNames(parseServices("https 443/tcp\nssh 22/tcp\n"));
  const learn = (flows: readonly PlainFlow[], observations: readonly Observation[] = []) =>
    names
      .learn(snapshotOf({ atMs: 1000, processes: [processOf(7)], flows, observations }))
      .map(({ index, serial, facts }) => [
        index,
        serial,
        facts.host?.name,
        facts.spoken?.name,
        facts.spoken?.source,
      ]);
  return { names, learn };
}

test("learn() reads the name and the protocol from a hello", () => {
  const { names, learn } = open();
  const hello = observed({ bytes: firstOf("tls-openssl") });
  const [[index, serial, host, spoken, source] = []] = learn([FLOW], [hello]);
  assert.deepEqual([index, serial, spoken, source], [1, 1, "tls", "bytes"]);
  assert.match(String(host), /\./);
  assert.equal(names.hostOf("198.51.100.1")?.name, host);
  assert.deepEqual(learn([FLOW]), [], "what is known is not said again");
});

test("learn() guesses by the port where no first packet was seen, and takes it back when one comes", () => {
  const { learn } = open();
  assert.deepEqual(learn([FLOW]), [[1, 1, undefined, "tls", "port"]]);
  const ssh = observed({ bytes: Buffer.from("SSH-2.0-OpenSSH_9.2\r\n") });
  assert.deepEqual(learn([FLOW], [ssh])[0]?.slice(3), ["ssh", "bytes"]);
});

test("learn() keeps what bytes said when the owner of a flow is corrected", () => {
  const { learn } = open();
  learn([FLOW], [observed({ bytes: Buffer.from("SSH-2.0-OpenSSH_9.2\r\n") })]);
  assert.deepEqual(learn([{ ...FLOW, serial: 2 }]), [], "no guess in its place");
});

test("learn() forgets a flow that closed: its index may pass to another", () => {
  const { learn } = open();
  learn([FLOW], [observed({ bytes: Buffer.from("SSH-2.0-OpenSSH_9.2\r\n") })]);
  learn([{ ...FLOW, closed: true }]);
  assert.deepEqual(learn([{ ...FLOW, serial: 2, remotePort: 22 }]), [
    [1, 2, undefined, "ssh", "port"],
  ]);
});

test("learn() takes both directions together", () => {
  const { learn } = open();
  const sent = observed({ bytes: Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]), remotePort: 5433 });
  learn([{ ...FLOW, remotePort: 5433 }], [sent]);
  const received = observed({ bytes: Buffer.from("S"), kind: "first-received", remotePort: 5433 });
  const [learned] = learn([{ ...FLOW, remotePort: 5433 }], [received]);
  assert.deepEqual(learned?.slice(3), ["postgresql", "bytes"]);
});

test("learn() survives whatever comes", () => {
  const { names, learn } = open();
  for (let length = 0; length < 300; length++) {
    const bytes = Buffer.alloc(length, length);
    for (const kind of ["first-sent", "first-received", "dns"] as const) {
      learn(
        [{ ...FLOW, index: length }],
        [observed({ bytes, kind, index: length, payloadBytes: 99_999 })],
      );
    }
  }
  assert.equal(names.faults, 0);
});
