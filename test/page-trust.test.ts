// Who gets a token: whoever can show that it gave it, and nobody else.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createAccess } from "../src/api/access.ts";
import { createTrust } from "../src/ui/session/trust.ts";

function daemon() {
  const access = createAccess({ saved: { sessions: [], tokens: [] }, save() {} });
  const { token } = access.redeem(access.makeCode().code);
  let asked = 0;
  const ask = (async (_path: string, { body }: RequestInit) => {
    asked += 1;
    const { id, nonce } = JSON.parse(String(body));
    assert.ok(!String(body).includes(token), "the token is not told");
    try {
      return Response.json({ proof: access.prove(id, nonce) });
    } catch {
      return new Response(null, { status: 404 });
    }
  }) as typeof fetch;
  return { access, token, ask, asked: () => asked };
}

test("check() asks once until somebody doubts", async () => {
  const { token, ask, asked } = daemon();
  const trust = createTrust(ask);
  await Promise.all([trust.check(token), trust.check(token)]);
  await trust.check(token);
  assert.equal(asked(), 1);
  trust.doubt();
  await trust.check(token);
  assert.equal(asked(), 2);
});

test("check() refuses who cannot prove it, whatever it answers", async () => {
  const { token } = daemon();
  const guess = createHash("sha256").update("guess").digest("hex");
  for (const answer of [
    () => Response.json({ proof: guess }),
    () => Response.json({ proof: undefined }),
    () => new Response("<!doctype html>"),
    () => new Response(null, { status: 500 }),
  ]) {
    const trust = createTrust((async () => answer()) as typeof fetch);
    await assert.rejects(trust.check(token), { code: "unreachable", message: /Another program/ });
  }
  const silent = createTrust((async () => {
    throw new TypeError("refused");
  }) as typeof fetch);
  await assert.rejects(silent.check(token), { code: "unreachable" });
});

test("check() says when the session is over", async () => {
  const { access, token, ask } = daemon();
  access.endSessions();
  await assert.rejects(createTrust(ask).check(token), { code: "unauthorized" });
});

test("check() believes no answer to a question from before a doubt", async () => {
  const { token, ask, asked } = daemon();
  const trust = createTrust(ask);
  const before = trust.check(token);
  trust.doubt();
  await before;
  await trust.check(token);
  assert.equal(asked(), 2);
});
