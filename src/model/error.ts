/** The one error that operations throw; the tick and the API routes are the two places that catch it. */

export type ErrorCode =
  | "unsupported" // this machine or build cannot do it
  | "unauthorized" // who asks has not said who it is, or no longer may
  | "forbidden" // the user may not
  | "busy" // somebody else holds it: a port, a data folder
  | "invalid" // the request makes no sense
  | "not-found"
  | "unreachable" // no daemon answers
  | "failed"; // everything else that went wrong while doing it

/** A message says the action, the state found and the remedy: "Cannot X: Y. Do Z". */
export class MonitauriError extends Error {
  override readonly name = "MonitauriError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
