/** Errors as answers: the one place where they become statuses. What is no answer to the caller is not told. */

import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, MonitauriError } from "../model/error.ts";

const STATUSES: Record<ErrorCode, ContentfulStatusCode> = {
  unsupported: 501,
  unauthorized: 401,
  forbidden: 403,
  busy: 503,
  invalid: 400,
  "not-found": 404,
  unreachable: 503,
  failed: 500,
};

export interface ErrorAnswer {
  readonly status: ContentfulStatusCode;
  readonly body: { readonly error: { readonly code: ErrorCode; readonly message: string } };
}

export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof MonitauriError) {
    const { code, message } = error;
    return { status: STATUSES[code], body: { error: { code, message } } };
  }
  if (isCallersMistake(error)) {
    const { status, message } = error;
    return { status, body: { error: { code: "invalid", message } } };
  }
  const message = "Something went wrong. The daemon's log says what";
  return { status: 500, body: { error: { code: "failed", message } } };
}

/** Whether this is a mistake in the program, for its log. */
export function isBug(error: unknown): boolean {
  return !(error instanceof MonitauriError) && !isCallersMistake(error);
}

/** What the framework finds wrong with a request, a body that is no JSON for instance. */
function isCallersMistake(error: unknown): error is HTTPException {
  return error instanceof HTTPException && error.status < 500;
}
