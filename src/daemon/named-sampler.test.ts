// Rows by country and organisation, and names beside addresses.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkOf } from "../model/naming.ts";
import { interfaceOf, processOf, snapshotOf } from "../model/plain-snapshot.ts";
import type { GroupRow } from "../model/sample.ts";
import type { Names } from "../names/names.ts";
import { NETWORKS_WITHOUT_FILE } from "../names/networks.ts";
import { createSampler } from "../sampler/sampler.ts";
import { type Reverse, withNames } from "./named-sampler.ts";

const NAMES: Names = {
  learn: () => [],
  hostOf: (address) =>
    address === "198.51.100.1"
      ? { name: "example.org", source: "tls", alternatives: [] }
      : undefined,
  faults: 0,
};

/** Even last bytes are in Norway, odd ones nobody knows. */
function networkOf(address: Uint8Array): NetworkOf {
  const known = (address[15] ?? 0) % 2 === 0;
  const bare = NETWORKS_WITHOUT_FILE.networkOf(address);
  if (address[12] !== 198 || !known)
    return { ...bare, kind: address[12] === 198 ? "public" : bare.kind };
  return { kind: "public", country: "NO", asn: 64_500, organisation: "Example Net" };
}

function open(reverse?: Reverse) {
  const sampler = withNames(createSampler({ intervalMs: 1000, now: () => 0 }), {
    names: NAMES,
    networks: { networkOf },
    reverse,
  });
  const flow = (index: number, remote: number[], rxDeviceBytes: number) => {
    return { index, process: 1, interface: 2, protocol: 6, remote, remotePort: 443, rxDeviceBytes };
  };
  sampler.take(
    snapshotOf({
      atMs: 1000,
      processes: [processOf(1)],
      interfaces: [interfaceOf(2)],
      flows: [
        flow(1, [198, 51, 100, 1], 1),
        flow(2, [198, 51, 100, 2], 10),
        flow(3, [198, 51, 100, 4], 100),
        flow(4, [192, 168, 1, 1], 1000),
        { index: 5, kind: "kernel", interface: 2, txDeviceBytes: 7 },
      ],
    }),
  );
  return sampler;
}

const bytes = (rows: readonly GroupRow[]) =>
  Object.fromEntries(rows.map(({ name, total }) => [name, total.rxBytes + total.txBytes]));

test("remotes have their names, countries and organisations their sums, and nothing is lost", () => {
  const sampler = open();
  assert.equal(bytes(sampler.groups("remote"))["example.org"], 1);
  assert.deepEqual(bytes(sampler.groups("country")), {
    private: 1000,
    NO: 110,
    kernel: 7,
    unknown: 1,
  });
  assert.deepEqual(bytes(sampler.groups("organisation")), {
    private: 1000,
    "Example Net": 110,
    kernel: 7,
    unknown: 1,
  });
});

test("connections and programs are filtered by where their other ends are", () => {
  const sampler = open();
  const counts = (filter: string) => [
    sampler.connections({ filter }).count,
    sampler.ps({ filter }).length,
    sampler.ps({ by: "process", filter }).length,
  ];
  assert.deepEqual(counts("country:no"), [2, 1, 1]);
  assert.deepEqual(counts("country:norway asn:64500 org:example"), [2, 1, 1]);
  assert.deepEqual(counts("country:private"), [1, 1, 1]);
  assert.deepEqual(counts("country:unknown"), [1, 1, 1]);
  assert.deepEqual(counts("country:SE"), [0, 0, 0]);
  assert.deepEqual(counts("remote:198.51.100.1"), [1, 1, 1], "an end that is not shown");
});

test("reverse look-ups name what nothing else names, and only public addresses unless told otherwise", () => {
  const answered = (of: "public" | "all") => {
    const asked = new Set<string>();
    const sampler = open({
      of,
      names: {
        bounds: [],
        ask: () => {},
        nameOf(address) {
          asked.add(address);
          return {
            name: `host-${address.split(".").at(-1)}.test`,
            source: "reverse",
            alternatives: [],
          };
        },
      },
    });
    const { connections } = sampler.connections({ sort: "remote" });
    return { asked: [...asked].sort(), hosts: connections.map(({ host }) => host?.name), sampler };
  };
  const { asked, hosts, sampler } = answered("public");
  assert.deepEqual(asked, ["198.51.100.1", "198.51.100.2", "198.51.100.4"]);
  assert.deepEqual(hosts, [undefined, "host-1.test", "host-2.test", "host-4.test"]);
  assert.equal(sampler.connections({ filter: "host:host-2.test" }).count, 1);
  assert.deepEqual(answered("all").hosts[0], "host-1.test");
  const remotes = sampler.groups("remote").map(({ name }) => name);
  assert.ok(remotes.includes("example.org"), "a name that a program asked for comes first");
});

test("programs say who they mostly talk to", () => {
  const [row] = open().ps();
  assert.deepEqual(
    row?.ends.map(({ address, network, rxBytes }) => [address, network?.country, rxBytes]),
    [
      ["192.168.1.1", undefined, 1000],
      ["198.51.100.4", "NO", 100],
      ["198.51.100.2", "NO", 10],
    ],
  );
});

test("connections say where their other end is", () => {
  const { connections } = open().connections({ filter: "remote:198.51.100.4" });
  assert.deepEqual(
    [connections[0]?.network?.country, connections[0]?.network?.organisation],
    ["NO", "Example Net"],
  );
});
