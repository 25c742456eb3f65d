// Who may change limits over TCP: a page that is signed in, and nobody else.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Face, openFace } from "./fixtures/face.ts";

const WISH = { target: { kind: "application", pattern: "curl" }, rxBytesPerSecond: 625_000 };

describe("limits over TCP", () => {
  let face: Face;
  let session: string;
  let program: string;
  before(async () => {
    face = await openFace();
    session = face.signIn();
    program = face.access.addToken("prometheus").token;
  });
  after(() => face[Symbol.asyncDispose]());

  const ask = (
    path: string,
    method: string,
    options: { token?: string; body?: unknown; headers?: object } = {},
  ) =>
    fetch(`${face.origin}/api/v1/${path}`, {
      method,
      headers: {
        ...(options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined ? {} : { "Content-Type": "application/json" }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  const codeOf = async (answer: Response) =>
    ((await answer.json()) as { error?: { code: string } }).error?.code;

  test("a page that is signed in adds, changes and removes", async () => {
    const added = await ask("limits", "POST", { token: session, body: WISH });
    assert.equal(added.status, 200);
    const { rule, confirmByMs } = (await added.json()) as {
      rule: { id: string };
      confirmByMs: null;
    };
    assert.equal(confirmByMs, null, "it came over this machine's own loopback");
    const path = `limits/${rule.id}`;
    assert.equal((await ask(path, "PATCH", { token: session, body: { priority: 1 } })).status, 200);
    assert.equal((await ask(path, "DELETE", { token: session })).status, 200);
    assert.equal((await ask(path, "DELETE", { token: session })).status, 404);
  });

  test("a program's token reads and changes nothing", async () => {
    assert.equal((await ask("limits", "GET", { token: program })).status, 200);
    for (const [path, method, body] of [
      ["limits", "POST", WISH],
      ["limits/preview", "POST", WISH],
      ["limits/l1", "PATCH", { enabled: false }],
      ["limits/l1", "DELETE", undefined],
      ["limits", "DELETE", undefined],
      ["limits/l1/confirm", "POST", undefined],
      ["quotas", "POST", { target: { kind: "machine" }, bytes: 1e9 }],
      ["quotas/q1", "PATCH", { bytes: 1e9 }],
      ["quotas/q1", "DELETE", undefined],
    ] as const) {
      const answer = await ask(path, method, { token: program, body });
      assert.deepEqual(
        [answer.status, await codeOf(answer)],
        [403, "forbidden"],
        `${method} ${path}`,
      );
    }
  });

  test("nobody without a token, and no other site on a user's behalf", async () => {
    assert.equal((await ask("limits", "GET")).status, 401);
    assert.equal((await ask("limits", "POST", { body: WISH })).status, 401);
    const foreign = { Origin: "http://evil.example" };
    assert.equal(
      (await ask("limits", "POST", { token: session, body: WISH, headers: foreign })).status,
      403,
    );
    const simple = await fetch(`${face.origin}/api/v1/limits`, {
      method: "POST",
      headers: { "Content-Type": "text/plain", Cookie: `token=${session}` },
      body: JSON.stringify(WISH),
    });
    assert.equal(simple.status, 401, "what a form of another site can send");
  });

  test("what makes no sense is refused with a reason, a session of somebody else's naming too", async () => {
    for (const body of [
      { ...WISH, rxBytesPerSecond: "5mbit" },
      { ...WISH, target: { kind: "planet" } },
      { ...WISH, surprise: true },
      { ...WISH, rxBytesPerSecond: 1 },
      {
        ...WISH,
        via: { remoteAddress: "nowhere", remotePort: 1, localAddress: "::1", localPort: 2 },
      },
      {},
    ]) {
      const answer = await ask("limits", "POST", { token: session, body });
      assert.deepEqual(
        [answer.status, await codeOf(answer)],
        [400, "invalid"],
        JSON.stringify(body),
      );
    }
    const large = { ...WISH, target: { kind: "application", pattern: "x".repeat(20_000) } };
    assert.equal((await ask("limits", "POST", { token: session, body: large })).status, 413);
    assert.deepEqual(face.bugs, []);
  });
});
