/** Combinations and their rules. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chainOf, keysOf, keyText, type Places } from "./keys.ts";
import { limitRule } from "./rule-fixture.ts";

const cap = { txBytesPerSecond: 1_000 };
const machine = limitRule("machine", { kind: "machine" }, cap);
const eth = limitRule("eth", { kind: "interface", name: "eth0" }, cap);
const user = limitRule("user", { kind: "user", user: "ann" }, cap);
const app = limitRule("app", { kind: "application", pattern: "curl" }, { ...cap, exceptLan: true });
const nas = limitRule("nas", { kind: "remote", network: "10.0.0.5" }, cap);
const port = limitRule("port", { kind: "port", port: 443, protocol: null }, cap);

const places: Places = {
  subjects: new Map([[1, [user, app]]]),
  devices: new Map([
    [0, { rules: [], role: "wire" as const }],
    [1, { rules: [eth], role: "wire" as const }],
    [2, { rules: [], role: "inside" as const }],
    [3, { rules: [], role: "container" as const }],
  ]),
  remotes: new Map([[1, [nas]]]),
  ports: new Map([[1, [port]]]),
  machine: [machine],
};
const none = { subject: 0, device: 0, remote: 0, port: 0, lan: false };
const ids = (key: Partial<typeof none>) => chainOf({ ...none, ...key }, places).map(({ id }) => id);

describe("chainOf()", () => {
  test("goes from the widest to the narrowest", () => {
    assert.deepEqual(ids({ subject: 1, device: 1, remote: 1, port: 1 }), [
      "machine",
      "eth",
      "user",
      "app",
      "nas",
      "port",
    ]);
  });

  test("leaves out rules with exceptLan on local networks", () => {
    assert.deepEqual(ids({ subject: 1, lan: true }), ["machine", "user"]);
  });

  test("counts what a tunnel carries once: the machine's rules wait for the outer packets", () => {
    assert.deepEqual(ids({ subject: 1, device: 2 }), ["user", "app"]);
  });

  test("at a container's host end only its own rules hold: the others do where its packets leave the machine", () => {
    assert.deepEqual(ids({ subject: 1, device: 3, remote: 1, port: 1 }), ["user", "app"]);
  });
});

describe("keysOf()", () => {
  test("has every single owner, network and port with every device, on local networks and beyond", () => {
    const keys = keysOf(places, []);
    assert.equal(keys.length, 4 * 2 * 4);
    assert.equal(new Set(keys.map(keyText)).size, keys.length);
  });

  test("adds combinations that were met, and forgets those whose parts are gone", () => {
    const met = { ...none, subject: 1, remote: 1 };
    const gone = { ...none, subject: 9, remote: 1 };
    const keys = keysOf(places, [met, gone]).map(keyText);
    assert.ok(keys.includes(keyText(met)));
    assert.ok(!keys.includes(keyText(gone)));
  });
});
