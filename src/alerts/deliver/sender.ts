/** What every way of sending has in common: one message in, an outcome out, never an exception. */

import type { AlertMessage } from "../../model/alert.ts";

/** What went wrong, and what a person can do. Neither holds a secret. */
export interface Trouble {
  /** The state that was found, as a sentence without a full stop: "mail.example.org refused the password: 535 ...". */
  readonly said: string;
  readonly remedy: string;
}

export type SendOutcome =
  | {
      readonly kind: "delivered";
      /** "accepted by mail.example.org: 250 2.0.0 Ok: queued as 4F2" */
      readonly said: string;
      /** Some of the recipients will never get it. */
      readonly trouble?: Trouble;
    }
  | {
      readonly kind: "later";
      readonly trouble: Trouble;
      /** The message was handed over and the answer is missing: it may have arrived. */
      readonly unknown: boolean;
      /** Those who have not got it, where others have. */
      readonly recipients?: readonly string[];
      /** What the other side asked for. */
      readonly retryAfterMs?: number;
    }
  /** Trying again with the same message would end the same. */
  | { readonly kind: "failed"; readonly trouble: Trouble };

export interface SendOptions {
  /** Where not given: all of the channel. */
  readonly recipients?: readonly string[];
  /** Awaited right before the message itself leaves; after it, only an answer tells whether it arrived. */
  begin(): Promise<void>;
  /** Ends the attempt at once. */
  readonly signal: AbortSignal;
  /** What is said between the two sides, a line at a time, for a test; secrets are left out. */
  readonly transcript?: (line: string) => void;
}

export interface Sender {
  send(message: AlertMessage, options: SendOptions): Promise<SendOutcome>;
  /** Nothing more to send for now: connections are let go. */
  rest(): void;
}

/** The wall clock, and timers that a clock which is set does not move. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** @returns what cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
