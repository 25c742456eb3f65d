/** Whether who answers is the daemon that gave the token: another user's program may have taken the port while the daemon was
 * away. It is asked before the token is sent, and again each time that nobody was there for a moment. */

import { MonitauriError } from "../../model/error.ts";
import { NONCE_DIGITS, proofText, sessionIdText } from "../../model/session-proof.ts";

const LONGEST_ANSWER_MS = 5_000;

export interface Trust {
  /** @throws MonitauriError "unreachable" where nobody or somebody else answers; "unauthorized" where the session is over. */
  check(token: string): Promise<void>;
  /** Somebody may have come in the daemon's place. */
  doubt(): void;
}

export function createTrust(ask: typeof fetch = (...args) => fetch(...args)): Trust {
  let checked: string | undefined;
  let asking: { readonly token: string; readonly answer: Promise<void> } | undefined;

  async function prove(token: string): Promise<void> {
    const hash = await sha256(token);
    const nonce = hex(crypto.getRandomValues(new Uint8Array(NONCE_DIGITS / 2)));
    const answer = await ask("/api/v1/sessions/proof", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id: await sha256(sessionIdText(hash)), nonce }),
      cache: "no-store",
      signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
    }).catch((cause: unknown) => {
      throw new MonitauriError("unreachable", "The daemon does not answer", { cause });
    });
    if (answer.status === 404) throw new MonitauriError("unauthorized", "This session is over");
    const { proof } = (await answer.json().catch(() => ({}))) as { proof?: unknown };
    if (proof !== (await sha256(proofText(hash, nonce)))) {
      throw new MonitauriError(
        "unreachable",
        "Another program answers in the daemon's place at this address. Start Monitauri again, then: monitauri open",
      );
    }
  }

  return {
    check(token) {
      if (checked === token) return Promise.resolve();
      if (asking?.token === token) return asking.answer;
      const answer = prove(token).then(() => {
        if (asking?.answer === answer) checked = token;
      });
      const mine = { token, answer };
      asking = mine;
      const over = () => {
        if (asking === mine) asking = undefined;
      };
      answer.then(over, over);
      return answer;
    },
    doubt() {
      checked = undefined;
      asking = undefined;
    },
  };
}

async function sha256(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
