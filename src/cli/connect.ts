/** Finds the daemon that answers and makes a client of it. */

import { type IncomingMessage, request } from "node:http";
import { type Answer, type Ask, createClient, type RequestFunction } from "../client/client.ts";
import { redactedRequest } from "../client/redacted.ts";
import { MonitauriError } from "../model/error.ts";
import type { Monitauri } from "../model/monitauri.ts";
import type { Redactor } from "../model/redact.ts";

/** Longer than the daemon's own limit for an answer, so that its reason is what people read. */
const TIMEOUT_MS = 8_000;

/**
 * A client that tries these sockets in turn; with a redactor one whose answers are redacted.
 * Its questions throw MonitauriError "unreachable" where none answers, "forbidden" where one may not be used.
 */
export function connectDaemon(sockets: readonly string[], redactor?: Redactor): Monitauri {
  const request = firstAnswering(sockets);
  return createClient(redactor === undefined ? request : redactedRequest(request, redactor));
}

function firstAnswering(sockets: readonly string[]): RequestFunction {
  return async (path, ask = {}) => {
    const refused: string[] = [];
    for (const socket of sockets) {
      try {
        return answerFrom(await send(socket, path, ask), socket);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EACCES" || code === "EPERM") refused.push(socket);
        else if (code === undefined || !NOBODY_THERE.has(code))
          throw asMonitauriError(error, socket);
      }
    }
    throw refused[0] === undefined ? noDaemon(sockets) : noAccess(refused[0]);
  };
}

const NOBODY_THERE = new Set(["ENOENT", "ECONNREFUSED", "ENOTDIR", "ENOTSOCK", "EINVAL"]);

/** Resolves when the answer begins. */
function send(socketPath: string, path: string, ask: Ask): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { method = "GET", body, signal, patienceMs = TIMEOUT_MS } = ask;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const asked = request(
    {
      socketPath,
      path,
      method,
      agent: false,
      timeout: patienceMs,
      ...(signal === undefined ? {} : { signal }),
      headers: text === undefined ? {} : { "content-type": "application/json" },
    },
    resolve,
  );
  asked.on("timeout", () => {
    asked.destroy(new Error(`there was no answer within ${patienceMs / 1000} s`));
  });
  asked.on("error", reject);
  asked.end(text);
  return promise;
}

function answerFrom(response: IncomingMessage, socket: string): Answer {
  return {
    status: response.statusCode ?? 0,
    async json() {
      return JSON.parse(await readAll(response, socket)) as unknown;
    },
    pieces() {
      // A stream may be silent for as long as it likes.
      response.socket.setTimeout(0);
      return response;
    },
  };
}

async function readAll(response: IncomingMessage, socket: string): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  try {
    for await (const piece of response) text += piece;
  } catch (error) {
    throw asMonitauriError(error, socket);
  }
  return text;
}

function asMonitauriError(error: unknown, socket: string): MonitauriError {
  const reason = error instanceof Error ? error.message : String(error);
  return new MonitauriError("failed", `Cannot ask the daemon at ${socket}: ${reason}`, {
    cause: error,
  });
}

function noDaemon(sockets: readonly string[]): MonitauriError {
  return new MonitauriError(
    "unreachable",
    `No daemon is running: nothing answers at ${sockets.join(" or ")}. ` +
      "Start one: sudo monitauri start (in a checkout: sudo npm start). If it has its data elsewhere, say so with --data",
  );
}

function noAccess(socket: string): MonitauriError {
  return new MonitauriError(
    "forbidden",
    `Cannot use the daemon's socket ${socket}: permission denied. Use sudo, or join the group that it belongs to ` +
      "(monitauri, where that exists)",
  );
}
