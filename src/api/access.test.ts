// Codes, sessions and tokens, with time as an argument.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { proofText, sessionIdText } from "../model/session-proof.ts";
import {
  CODE_VALID_MS,
  createAccess,
  MAX_CODES,
  MAX_SESSIONS,
  MAX_TOKENS,
  MAX_WRONG,
  type SavedAccess,
  SESSION_IDLE_MS,
  TooManyAttempts,
} from "./access.ts";

test("redeem() takes a code once, within its time", () => {
  const { access, clock } = start();
  const { code } = access.makeCode();
  const { token } = access.redeem(code);
  assert.ok(access.admits(token));
  assert.throws(() => access.redeem(code), { code: "unauthorized" });
  const late = access.makeCode();
  clock.nowMs += CODE_VALID_MS;
  assert.throws(() => access.redeem(late.code), { code: "unauthorized" });
});

test("makeCode() keeps so many codes, the latest", () => {
  const { access } = start();
  const codes = Array.from({ length: MAX_CODES + 1 }, () => access.makeCode().code);
  assert.throws(() => access.redeem(codes[0] ?? ""), { code: "unauthorized" });
  for (const code of codes.slice(1)) access.redeem(code);
});

test("redeem() tells who guesses to wait, but never keeps out who knows", () => {
  const { access, clock } = start();
  for (let i = 0; i < MAX_WRONG; i += 1) {
    assert.throws(() => access.redeem(`guess${i}`), { code: "unauthorized" });
  }
  assert.throws(() => access.redeem("one more"), TooManyAttempts);
  access.redeem(access.makeCode().code);
  clock.nowMs += 60_000;
  assert.throws(() => access.redeem("later"), { code: "unauthorized" });
});

test("admits() forgets sessions that nobody uses, and the least used of too many", () => {
  const { access, clock } = start();
  const idle = access.redeem(access.makeCode().code).token;
  clock.nowMs += SESSION_IDLE_MS / 2;
  assert.ok(access.admits(idle));
  clock.nowMs += SESSION_IDLE_MS / 2 + 1;
  assert.ok(access.admits(idle), "its use counts");
  clock.nowMs += SESSION_IDLE_MS + 1;
  assert.ok(!access.admits(idle));
  const first = access.redeem(access.makeCode().code).token;
  const second = access.redeem(access.makeCode().code).token;
  clock.nowMs += 1;
  access.admits(first);
  for (let i = 0; i < MAX_SESSIONS - 1; i += 1) access.redeem(access.makeCode().code);
  assert.ok(access.admits(first));
  assert.ok(!access.admits(second));
});

test("signOut() makes a session worthless, and no token", () => {
  const { access } = start();
  const { token } = access.redeem(access.makeCode().code);
  access.signOut(token);
  assert.ok(!access.admits(token));
  const program = access.addToken("prometheus").token;
  assert.throws(() => access.signOut(program), { code: "not-found" });
  assert.ok(access.admits(program));
});

test("prove() answers for a session, and only for the nonce that was asked", () => {
  const { access } = start();
  const { token } = access.redeem(access.makeCode().code);
  const hash = sha256(token);
  const id = sha256(sessionIdText(hash));
  const nonce = "0".repeat(64);
  assert.equal(access.prove(id, nonce), sha256(proofText(hash, nonce)));
  assert.notEqual(access.prove(id, "1".repeat(64)), access.prove(id, nonce));
  const program = access.addToken("prometheus").token;
  const programId = sha256(sessionIdText(sha256(program)));
  assert.throws(() => access.prove(programId, nonce), { code: "not-found" });
  access.endSessions();
  assert.throws(() => access.prove(id, nonce), { code: "not-found" });
  assert.ok(!access.admits(token) && access.admits(program));
});

test("addToken() has bounds and names", () => {
  const { access, clock } = start();
  for (let i = 0; i < MAX_TOKENS; i += 1) access.addToken(`t${i}`);
  assert.throws(() => access.addToken("more"), { code: "busy" });
  assert.throws(() => access.addToken("a b"), { code: "invalid" });
  clock.nowMs += 100 * SESSION_IDLE_MS;
  access.removeToken("t0");
  assert.ok(access.admits(access.addToken("again").token), "tokens do not grow old");
});

test("addToken() and removeToken() change nothing that cannot be kept; signing in needs no disk", () => {
  let isFull = false;
  const saved: SavedAccess[] = [];
  const access = createAccess({
    saved: { sessions: [], tokens: [] },
    save(now) {
      if (isFull) throw new Error("no space left on device");
      saved.push(now);
    },
    note() {},
  });
  const { token } = access.addToken("kept");
  isFull = true;
  const refused = { code: "failed", message: /^Cannot change the tokens: no space.*as before/ };
  assert.throws(() => access.addToken("more"), refused);
  assert.throws(() => access.removeToken("kept"), refused);
  assert.deepEqual(
    access.tokens().map(({ name }) => name),
    ["kept"],
  );
  assert.ok(access.admits(token));
  assert.ok(access.admits(access.redeem(access.makeCode().code).token));
  isFull = false;
  access.removeToken("kept");
  assert.ok(!access.admits(token));
  assert.deepEqual(saved.at(-1)?.tokens, []);
});

test("createAccess() goes on with what was saved, and saves no secret", () => {
  const { access, clock, saved } = start();
  const { token } = access.redeem(access.makeCode().code);
  const program = access.addToken("prometheus").token;
  const text = JSON.stringify(saved());
  assert.ok(!text.includes(token) && !text.includes(program));
  const next = createAccess({ saved: saved(), save() {}, now: () => clock.nowMs });
  assert.ok(next.admits(token) && next.admits(program));
  assert.ok(!next.admits("mts_wrong"));
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function start() {
  const clock = { nowMs: 1_000_000 };
  let saved: SavedAccess = { sessions: [], tokens: [] };
  const access = createAccess({
    saved,
    save(next) {
      saved = next;
    },
    now: () => clock.nowMs,
  });
  return { access, clock, saved: () => saved };
}
