// One suite for both who implement `Monitauri`: the daemon's object, and the client over the API on a real socket.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { listenOnSocket } from "../src/api/listen.ts";
import { createApp } from "../src/api/routes.ts";
import { connectDaemon } from "../src/cli/connect.ts";
import { createMonitauri, type MonitauriParts } from "../src/daemon/monitauri.ts";
import { createTotals } from "../src/daemon/totals.ts";
import { MonitauriError } from "../src/model/error.ts";
import type { Monitauri } from "../src/model/monitauri.ts";
import { GROUPINGS } from "../src/model/sample.ts";
import { createMadeUpSampler } from "./fixtures/sampled.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const socket = join(folder, "daemon.sock");
const bugs: unknown[] = [];
const inProcess = createMonitauri(madeUpParts());
const app = createApp(inProcess, { version: "0.0.0-test", onBug: (error) => bugs.push(error) });
const implementations: Record<string, Monitauri> = {
  "in process": inProcess,
  "over the socket": connectDaemon([join(folder, "none.sock"), socket]),
};
let listener: AsyncDisposable;

before(async () => {
  listener = await listenOnSocket((asked) => app.fetch(asked), {
    path: socket,
    gid: process.getgid?.(),
  });
});
after(async () => {
  await listener[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

for (const [name, monitauri] of Object.entries(implementations)) {
  describe(`Monitauri ${name}`, () => {
    test("status() has totals, coverage and threads", async () => {
      const status = await monitauri.status();
      assert.equal(status.total.rxBytes, 1000);
      assert.equal(status.collector?.source, "scripted");
      assert.equal(status.interfaces[0]?.rxCoverage, 1);
      assert.equal(status.interfaces[0]?.txCoverage, undefined);
      assert.deepEqual(status.threads[0]?.state, "running");
      assert.deepEqual(status.gaps, []);
    });

    test("ps() goes by application unless told otherwise", async () => {
      assert.deepEqual(await monitauri.ps(), await monitauri.ps({ by: "application" }));
      assert.deepEqual((await monitauri.ps())[0]?.pids, [7, 8]);
      assert.equal((await monitauri.ps({ by: "process" })).length, 2);
    });

    test("connections() keeps to the limit and says how many there are", async () => {
      assert.equal((await monitauri.connections()).connections.length, 3);
      const { connections, count } = await monitauri.connections({ limit: 1 });
      assert.deepEqual([connections.length, count], [1, 3]);
      assert.equal(connections[0]?.container, undefined);
    });

    test("groups() knows every grouping", async () => {
      for (const by of GROUPINGS) assert.equal((await monitauri.groups(by))[0]?.key, `${by}:1`);
    });

    test("doctor() has findings, bounds and what is missing", async () => {
      const { findings, bounds, missing } = await monitauri.doctor();
      assert.deepEqual(
        findings.map(({ feature, state }) => [feature, state]),
        [
          ["kernel", "ok"],
          ["sampling thread", "ok"],
          ["completeness", "limited"],
        ],
      );
      assert.equal(
        findings[2]?.detail,
        "1.50 kB without a row of their own; 2 sockets without an owner",
      );
      assert.equal(bounds[0]?.limit, 100);
      assert.equal(missing[0]?.feature, "eBPF collector");
    });

    test("an error keeps its code and message", async () => {
      await assert.rejects(monitauri.connections({ limit: 9999 }), {
        name: "MonitauriError",
        code: "unsupported",
        message: "not with 9999",
      });
    });
  });
}

describe("the API", () => {
  test("refuses what makes no sense with a reason", async () => {
    for (const path of [
      "/ps?by=planet",
      "/connections?limit=0",
      "/connections?limit=x",
      "/groups",
    ]) {
      const { status, body } = await get(`/api/v1${path}`);
      assert.equal(status, 400, path);
      assert.equal(body.error?.code, "invalid");
      assert.match(body.error?.message ?? "", /^(by|limit): /);
    }
    const { status, body } = await get("/api/v1/nothing");
    assert.deepEqual([status, body.error?.code], [404, "not-found"]);
  });

  test("tells the caller nothing about a mistake in the program, and the log everything", async () => {
    const { status, body } = await get("/api/v1/connections?limit=9998");
    assert.equal(status, 500);
    assert.doesNotMatch(body.error?.message ?? "", /secret/);
    assert.match(String(bugs[0]), /secret/);
  });

  test("describes itself", async () => {
    const { body } = await get("/api/v1/openapi.json");
    assert.deepEqual(Object.keys(body.paths ?? {}).sort(), [
      "/api/v1/connections",
      "/api/v1/doctor",
      "/api/v1/groups",
      "/api/v1/ps",
      "/api/v1/status",
    ]);
  });

  test("refuses large headers", async () => {
    const { status } = await get("/api/v1/status", { "X-Large": "x".repeat(20_000) });
    assert.equal(status, 431);
  });

  test("is open to owner and group only", () => {
    assert.equal(statSync(socket).mode & 0o777, 0o660);
  });

  test("does not take a socket that is served", async () => {
    const again = listenOnSocket((asked) => app.fetch(asked), { path: socket, gid: undefined });
    await assert.rejects(again, { code: "busy", message: /another Monitauri serves it/ });
  });

  test("says that a path is too long for a socket", async () => {
    const path = join(folder, "x".repeat(100));
    const listening = listenOnSocket((asked) => app.fetch(asked), { path, gid: undefined });
    await assert.rejects(listening, { code: "invalid", message: /shorter --data/ });
  });
});

function madeUpParts(): MonitauriParts {
  const sampler = createMadeUpSampler();
  const taken = sampler.take({ atMs: 1_000_000 });
  const sample = {
    ...taken,
    health: { ...taken.health, overflowTxBytes: 1500, socketOverflow: 2 },
  };
  const totals = createTotals();
  totals.add(sample);
  const answers = {
    ps: sampler.ps,
    groups: sampler.groups,
    connections(limit: number) {
      if (limit === 9999) throw new MonitauriError("unsupported", "not with 9999");
      if (limit === 9998) throw new TypeError("a secret mistake");
      return sampler.connections(limit);
    },
  };
  return {
    sampling: {
      latest: () => sample,
      totals,
      thread: () => ({ name: "sampling", state: "running", restarts: 0, lastError: undefined }),
      intervalMs: () => 1000,
      passedOver: () => [
        { unavailable: true, feature: "eBPF collector", reason: "no root", remedy: "sudo" },
      ],
      ask: async (topic, what) => answers[topic](what as never) as never,
    },
    version: "0.0.0-test",
    privileged: false,
    startedAtMs: 0,
    findings: () => [{ feature: "kernel", state: "ok", detail: "Linux", remedy: undefined }],
  };
}

interface Body {
  error?: { code: string; message: string };
  paths?: Record<string, unknown>;
}

function get(path: string, headers = {}): Promise<{ status: number | undefined; body: Body }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number | undefined;
    body: Body;
  }>();
  const asked = request({ socketPath: socket, path, headers, agent: false }, (response) => {
    let text = "";
    response.on("data", (chunk) => {
      text += chunk;
    });
    response.on("end", () => {
      resolve({ status: response.statusCode, body: text === "" ? {} : JSON.parse(text) });
    });
  });
  asked.on("error", reject);
  asked.end();
  return promise;
}
