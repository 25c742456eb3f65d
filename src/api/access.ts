/** Who may ask over TCP: one-time codes, sessions of pages, tokens of programs. Of secrets only hashes are kept. */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { MonitauriError } from "../model/error.ts";
import type { NewToken, Token } from "../model/monitauri.ts";
import { proofText, sessionIdText } from "../model/session-proof.ts";
import type { Bound } from "../model/snapshot.ts";

export const CODE_VALID_MS = 60_000;
/** Codes not yet used; of more, the oldest is worthless. */
export const MAX_CODES = 16;
/** Of more, the one that was used least recently is signed out. */
export const MAX_SESSIONS = 256;
export const SESSION_IDLE_MS = 30 * 86_400_000;
export const MAX_TOKENS = 64;
/** Wrong codes answered within WRONG_WINDOW_MS; more are only told to wait. A right one always works: guessing one of
 * 192 bits is hopeless, and a neighbour that guesses must not lock anybody out. */
export const MAX_WRONG = 20;
const WRONG_WINDOW_MS = 60_000;
/** The times of last use on disk may be this old. */
const SAVE_USE_MS = 3_600_000;
const CODE_BYTES = 24;
const SECRET_BYTES = 32;

export interface Code {
  readonly code: string;
  readonly expiresAtMs: number;
}

export interface Session {
  readonly token: string;
  /** Where it is not used until then. */
  readonly expiresAtMs: number;
}

export interface Access {
  makeCode(): Code;
  /** A code works once. @throws MonitauriError "unauthorized", or TooManyAttempts. */
  redeem(code: string): Session;
  /** Whether somebody with this secret may ask; notes the use. */
  admits(secret: string): boolean;
  /** Shows a page that this daemon gave it its token: model/session-proof.ts. @throws MonitauriError "not-found". */
  prove(id: string, nonce: string): string;
  /** @throws MonitauriError "not-found" where the secret is no session's. */
  signOut(secret: string): void;
  tokens(): Token[];
  /** @throws MonitauriError */
  addToken(name: string): NewToken;
  /** @throws MonitauriError "not-found". */
  removeToken(name: string): void;
  /** How full it is; for `doctor`. */
  bounds(): Bound[];
  /** What may outlive the daemon, as it is now. */
  saved(): SavedAccess;
  /** Signs all pages out. */
  endSessions(): void;
}

/** What outlives the daemon. */
export interface SavedAccess {
  readonly sessions: readonly SavedSecret[];
  readonly tokens: readonly (SavedSecret & { readonly name: string })[];
}

export interface SavedSecret {
  /** SHA-256 in hexadecimal digits. */
  readonly hash: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
}

export interface AccessOptions {
  readonly saved: SavedAccess;
  /** Keeps tokens that were made or taken away. @throws MonitauriError "failed"; then they are not. */
  readonly save: (access: SavedAccess) => void;
  /** Keeps the rest, as far as it can. Where not given, as `save`. */
  readonly note?: (access: SavedAccess) => void;
  readonly now?: () => number;
}

/** More wrong codes than a person can type: told apart from other errors for its status. */
export class TooManyAttempts extends MonitauriError {
  constructor() {
    super("busy", "Cannot sign in: too many wrong codes. Wait a minute, then try again");
  }
}

export function createAccess(options: AccessOptions): Access {
  const { saved, save, note = save, now = Date.now } = options;
  let codes: { readonly hash: Buffer; readonly expiresAtMs: number }[] = [];
  let sessions = saved.sessions.map(restored);
  let tokens = saved.tokens.map((token) => ({ ...restored(token), name: token.name }));
  let wrongAtMs: number[] = [];
  let savedAtMs = now();

  function store(): void {
    savedAtMs = now();
    note(all());
  }

  /** Kept before it holds: a token that was taken away must not be good again after a restart. */
  function setTokens(next: typeof tokens): void {
    const before = tokens;
    tokens = next;
    try {
      save(all());
    } catch (cause) {
      tokens = before;
      const state = cause instanceof Error ? cause.message : String(cause);
      throw new MonitauriError(
        "failed",
        `Cannot change the tokens: ${state}. They are as before; make room or repair it, and try again`,
        { cause },
      );
    }
  }

  function all(): SavedAccess {
    return {
      sessions: sessions.map(storable),
      tokens: tokens.map((token) => ({ ...storable(token), name: token.name })),
    };
  }

  function prove(id: string, nonce: string): string {
    const wanted = Buffer.from(id, "hex");
    const nowMs = now();
    for (const session of sessions) {
      const hash = session.hash.toString("hex");
      if (isIdle(session, nowMs) || !hashOf(sessionIdText(hash)).equals(wanted)) continue;
      return hashOf(proofText(hash, nonce)).toString("hex");
    }
    throw new MonitauriError("not-found", "There is no such session. Sign in: monitauri open");
  }

  function redeem(code: string): Session {
    const hash = hashOf(code);
    const nowMs = now();
    const found = findEqual(codes, hash);
    codes = codes.filter((one) => one !== found);
    if (found === undefined || found.expiresAtMs <= nowMs) throw refusal(nowMs);
    const token = secret("mts_");
    sessions = sessions.filter((session) => !isIdle(session, nowMs));
    while (sessions.length >= MAX_SESSIONS) dropLeastUsed();
    sessions.push({ hash: hashOf(token), createdAtMs: nowMs, lastUsedAtMs: nowMs });
    store();
    return { token, expiresAtMs: nowMs + SESSION_IDLE_MS };
  }

  function refusal(nowMs: number): MonitauriError {
    wrongAtMs = wrongAtMs.filter((atMs) => nowMs - atMs < WRONG_WINDOW_MS);
    if (wrongAtMs.length >= MAX_WRONG) return new TooManyAttempts();
    wrongAtMs.push(nowMs);
    return new MonitauriError(
      "unauthorized",
      "Cannot sign in: the code is unknown, used or older than a minute. Get a new one: monitauri open",
    );
  }

  function dropLeastUsed(): void {
    const least = sessions.reduce((a, b) => (usedAtMs(b) < usedAtMs(a) ? b : a));
    sessions = sessions.filter((session) => session !== least);
  }

  function admits(given: string): boolean {
    const nowMs = now();
    const hash = hashOf(given);
    const session = findEqual(sessions, hash);
    const found = findEqual(tokens, hash) ?? session;
    if (found === undefined || (found === session && isIdle(found, nowMs))) return false;
    found.lastUsedAtMs = nowMs;
    if (nowMs - savedAtMs >= SAVE_USE_MS) store();
    return true;
  }

  function signOut(given: string): void {
    const found = findEqual(sessions, hashOf(given));
    if (found === undefined) throw new MonitauriError("not-found", "There is no such session");
    sessions = sessions.filter((session) => session !== found);
    store();
  }

  function addToken(name: string): NewToken {
    if (!/^[\w.-]{1,64}$/.test(name)) {
      throw new MonitauriError(
        "invalid",
        'Cannot make a token: its name has letters, digits, "-", "_" and ".", 64 at most',
      );
    }
    if (tokens.some((token) => token.name === name)) {
      throw new MonitauriError(
        "invalid",
        `Cannot make a token: there is one of the name ${name}. Remove it first, or choose another name`,
      );
    }
    if (tokens.length >= MAX_TOKENS) {
      throw new MonitauriError("busy", `Cannot make a token: there are ${MAX_TOKENS}. Remove one`);
    }
    const token = secret(PROGRAM_TOKEN);
    const made = { name, hash: hashOf(token), createdAtMs: now(), lastUsedAtMs: null };
    setTokens([...tokens, made]);
    return { name, token };
  }

  function removeToken(name: string): void {
    const left = tokens.filter((token) => token.name !== name);
    if (left.length === tokens.length) {
      throw new MonitauriError("not-found", `Cannot remove the token ${name}: there is none`);
    }
    setTokens(left);
  }

  return {
    makeCode() {
      const code = randomBytes(CODE_BYTES).toString("base64url");
      const expiresAtMs = now() + CODE_VALID_MS;
      codes.push({ hash: hashOf(code), expiresAtMs });
      codes = codes.slice(-MAX_CODES);
      return { code, expiresAtMs };
    },
    redeem,
    admits,
    prove,
    signOut,
    tokens: () =>
      tokens.map(({ name, createdAtMs, lastUsedAtMs }) => ({ name, createdAtMs, lastUsedAtMs })),
    addToken,
    removeToken,
    bounds: () => [
      {
        name: "signed-in pages",
        used: sessions.length,
        limit: MAX_SESSIONS,
        whenFull: "the one used least recently is signed out",
      },
      {
        name: "tokens of programs",
        used: tokens.length,
        limit: MAX_TOKENS,
        whenFull: "no more are made",
      },
    ],
    saved: all,
    endSessions() {
      sessions = [];
    },
  };
}

/** Whether an admitted secret is a program's, which only reads. */
export function isProgramToken(secret: string): boolean {
  return secret.startsWith(PROGRAM_TOKEN);
}

const PROGRAM_TOKEN = "mtt_";

interface Secret {
  readonly hash: Buffer;
  readonly createdAtMs: number;
  lastUsedAtMs: number | null;
}

/** Looks at all of them in the same time, wherever the right one stands. */
function findEqual<T extends { readonly hash: Buffer }>(
  all: readonly T[],
  hash: Buffer,
): T | undefined {
  let found: T | undefined;
  for (const one of all) if (timingSafeEqual(one.hash, hash)) found = one;
  return found;
}

function isIdle(session: Secret, nowMs: number): boolean {
  return nowMs - usedAtMs(session) > SESSION_IDLE_MS;
}

function usedAtMs({ lastUsedAtMs, createdAtMs }: Secret): number {
  return lastUsedAtMs ?? createdAtMs;
}

function secret(prefix: string): string {
  return prefix + randomBytes(SECRET_BYTES).toString("base64url");
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function restored({ hash, createdAtMs, lastUsedAtMs }: SavedSecret): Secret {
  return { hash: Buffer.from(hash, "hex"), createdAtMs, lastUsedAtMs };
}

function storable({ hash, createdAtMs, lastUsedAtMs }: Secret): SavedSecret {
  return { hash: hash.toString("hex"), createdAtMs, lastUsedAtMs };
}
