// One suite for both who implement `Monitauri`: the daemon's object, and the client over the API on a real socket.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createAccess } from "../src/api/access.ts";
import { listenOnSocket } from "../src/api/listen.ts";
import { createApp } from "../src/api/routes.ts";
import { connectDaemon } from "../src/cli/connect.ts";
import { createAlerts } from "../src/daemon/alerts.ts";
import { type History, startHistory } from "../src/daemon/history.ts";
import { createLiveFeed, MAX_READERS } from "../src/daemon/live-feed.ts";
import { createLog } from "../src/daemon/log.ts";
import { createMonitauri, type MonitauriParts } from "../src/daemon/monitauri.ts";
import { createTotals } from "../src/daemon/totals.ts";
import { MonitauriError } from "../src/model/error.ts";
import { DEFAULT_HISTORY_SETTINGS } from "../src/model/history.ts";
import type { LiveSample } from "../src/model/live.ts";
import type { ConnectionsQuery, Monitauri } from "../src/model/monitauri.ts";
import { GROUPINGS } from "../src/model/sample.ts";
import { createScriptedLimiter, createTestLimits } from "./fixtures/limiting.ts";
import { createMadeUpSampler, LISTENERS } from "./fixtures/sampled.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const socket = join(folder, "daemon.sock");
const bugs: unknown[] = [];
const feed = createLiveFeed({ intervalMs: 1000, firstId: 1000 });
const history = startHistory({
  worker: new URL("../src/daemon/history-worker.ts", import.meta.url),
  path: join(folder, "history.db"),
  version: "0.0.0-test",
  settings: DEFAULT_HISTORY_SETTINGS,
  log: createLog((line) => bugs.push(line)),
});
const alerts = createAlerts({
  path: join(folder, "alerts.journal"),
  log: createLog((line) => bugs.push(line)),
});
const access = createAccess({ saved: { sessions: [], tokens: [] }, save() {} });
const inProcess = createMonitauri(madeUpParts());
const app = createApp(inProcess, {
  version: "0.0.0-test",
  onBug: (error) => bugs.push(error),
  liveTexts: feed.readTexts,
});
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
  assert.equal(await history.close(), true);
  await alerts.close();
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
      assert.deepEqual(
        status.threads.map(({ name, state }) => [name, state]),
        [
          ["sampling", "running"],
          ["history", "running"],
        ],
      );
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

    test("connections() sorts, turns round, leaves out and filters", async () => {
      const ids = async (query: ConnectionsQuery) =>
        (await monitauri.connections(query)).connections.map(({ id }) => id);
      assert.deepEqual(await ids({ sort: "retransmits" }), ["c", "b", "a"]);
      assert.deepEqual(await ids({ sort: "retransmits", reverse: true }), ["a", "b", "c"]);
      assert.deepEqual(await ids({ sort: "retransmits", offset: 1, limit: 1 }), ["b"]);
      const { connections, count, total } = await monitauri.connections({
        filter: "retransmits:>1 port:443",
        limit: 1,
      });
      assert.deepEqual([connections.length, count, total], [1, 2, 3]);
    });

    test("ps() filters, and says what is wrong with a filter", async () => {
      assert.equal((await monitauri.ps({ by: "process", filter: "pid:8" })).length, 1);
      assert.deepEqual(await monitauri.ps({ filter: "app:firefox" }), []);
      await assert.rejects(monitauri.ps({ filter: "color:red" }), {
        code: "invalid",
        message: /^Cannot filter by "color": it is no field\. Fields: app, /,
      });
      await assert.rejects(monitauri.connections({ filter: "rate:fast" }), { code: "invalid" });
    });

    test("listeners() has who waits for others", async () => {
      assert.deepEqual(await monitauri.listeners(), LISTENERS);
    });

    test("live() begins with the latest and goes on", async () => {
      publish();
      const newest = publish();
      const samples = monitauri.live()[Symbol.asyncIterator]();
      assert.equal((await samples.next()).value?.id, newest);
      const waiting = samples.next();
      const next = publish();
      const sample: LiveSample = (await waiting).value;
      assert.equal(sample.id, next);
      assert.deepEqual([sample.rxBytes, sample.rxTotalBytes], [1000, 1000]);
      assert.deepEqual(
        sample.applications.map(({ key }) => key),
        ["path:/usr/bin/curl"],
      );
      assert.equal(sample.attributedShare, 1);
      await samples.return?.();
    });

    test("live() goes on behind the sample that was seen last, of this daemon or an earlier one", async () => {
      const seen = publish();
      const missed = [publish(), publish()];
      assert.deepEqual(await take(monitauri.live({ after: seen }), 2), missed);
      const [first, second] = await take(monitauri.live({ after: 1 }), 2);
      assert.equal(second, (first ?? 0) + 1);
      assert.ok(first !== undefined && first < seen, "all that is remembered");
      const [again] = await take(monitauri.live({ after: Number.MAX_SAFE_INTEGER }), 1);
      assert.equal(again, first, "an id from the future is none");
    });

    test("live() ends when its reader returns, also while it waits", async () => {
      publish();
      await until(() => feed.statistics().readers === 0);
      const samples = monitauri.live()[Symbol.asyncIterator]();
      await samples.next();
      assert.equal(feed.statistics().readers, 1);
      const waiting = samples.next();
      await samples.return?.();
      assert.equal((await waiting).done, true);
      await until(() => feed.statistics().readers === 0);
    });

    test("live() refuses a reader too many with a reason", async () => {
      await until(() => feed.statistics().readers === 0);
      const all = Array.from({ length: MAX_READERS }, () => feed.read()[Symbol.asyncIterator]());
      await assert.rejects(take(monitauri.live(), 1), { code: "busy", message: /readers/ });
      for (const one of all) await one.return?.();
      assert.equal((await take(monitauri.live(), 1)).length, 1);
    });

    test("invite() gives an address with a code that works once", async () => {
      const { url, expiresAtMs } = await monitauri.invite();
      const [, code = ""] = /^http:\/\/127\.0\.0\.1:1\/#code=([\w-]{32})$/.exec(url) ?? [];
      assert.ok(expiresAtMs > Date.now());
      assert.match(access.redeem(code).token, /^mts_[\w-]{43}$/);
      assert.throws(() => access.redeem(code), { code: "unauthorized" });
    });

    test("tokens() lists what addToken() made and removeToken() took away", async () => {
      const { name, token } = await monitauri.addToken("prometheus");
      assert.equal(name, "prometheus");
      assert.equal(access.admits(token), true);
      const [listed] = await monitauri.tokens();
      assert.equal(listed?.name, "prometheus");
      assert.equal(typeof listed?.lastUsedAtMs, "number");
      await assert.rejects(monitauri.addToken("prometheus"), { code: "invalid" });
      await assert.rejects(monitauri.addToken("../x"), { code: "invalid" });
      await monitauri.removeToken("prometheus");
      assert.equal(access.admits(token), false);
      await assert.rejects(monitauri.removeToken("prometheus"), { code: "not-found" });
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
          ["history", "ok"],
          ["limits", "ok"],
          ["alerts", "ok"],
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
      "/connections?offset=-1",
      "/connections?sort=color",
      "/live?after=x",
      "/groups",
    ]) {
      const { status, body } = await get(`/api/v1${path}`);
      assert.equal(status, 400, path);
      assert.equal(body.error?.code, "invalid");
      assert.match(body.error?.message ?? "", /^(by|limit|offset|sort|after): /);
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
    const written = readFileSync(join(import.meta.dirname, "../docs/openapi.json"), "utf8");
    assert.deepEqual(Object.keys(body.paths ?? {}), Object.keys(JSON.parse(written).paths));
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

/** The id of a fresh sample. */
function publish(): number {
  const totals = createTotals();
  const sample = createMadeUpSampler().take({ atMs: Date.now() });
  totals.add(sample);
  feed.publish(sample, totals.sums());
  return feed.newestId();
}

async function take(samples: AsyncIterable<LiveSample>, count: number): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of samples) {
    ids.push(id);
    if (ids.length === count) break;
  }
  return ids;
}

/** What the other end of a socket does takes a moment. */
async function until(wanted: () => boolean): Promise<void> {
  while (!wanted()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function madeUpParts(recorded: History | undefined = history): MonitauriParts {
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
    listeners: () => LISTENERS,
    connections(query: ConnectionsQuery) {
      const { limit } = query;
      if (limit === 9999) throw new MonitauriError("unsupported", "not with 9999");
      if (limit === 9998) throw new TypeError("a secret mistake");
      return sampler.connections(query);
    },
  };
  const sampling: MonitauriParts["sampling"] = {
    latest: () => sample,
    totals,
    thread: () => ({ name: "sampling", state: "running", restarts: 0, lastError: undefined }),
    intervalMs: () => 1000,
    credits: () => [],
    passedOver: () => [
      { unavailable: true, feature: "eBPF collector", reason: "no root", remedy: "sudo" },
    ],
    ask: async (topic, what) => answers[topic](what as never) as never,
  };
  return {
    sampling,
    limits: createTestLimits({
      path: join(folder, "limits.json"),
      limiter: createScriptedLimiter(),
      sampling,
    }),
    feed,
    alerts,
    history: recorded,
    access,
    invite: () => {
      const { code, expiresAtMs } = access.makeCode();
      return { url: `http://127.0.0.1:1/#code=${code}`, expiresAtMs };
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
