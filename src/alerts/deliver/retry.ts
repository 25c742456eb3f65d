/** When a message that was not accepted is tried again: pure, and the same every time. */

const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 15 * 60_000;

/** About five days at the longest delay, as mail servers do (RFC 5321 section 4.5.4.1). Counted in tries and not by the
 * clock: a clock that is set forward must not throw away what waits. */
export const MAX_ATTEMPTS = 490;

/** Time from the end of the `attempts`-th try to the next one. No chance in it: one machine asks one server.
 * `retryAfterMs` is what the server asked for; it is kept where it is longer, up to an hour. */
export function retryDelayMs(attempts: number, retryAfterMs = 0): number {
  const doubled = FIRST_DELAY_MS * 2 ** Math.min(Math.max(attempts - 1, 0), 20);
  return Math.max(Math.min(doubled, LONGEST_DELAY_MS), Math.min(retryAfterMs, LONGEST_WISH_MS));
}

const LONGEST_WISH_MS = 3_600_000;
