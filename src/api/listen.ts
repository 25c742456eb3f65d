/** Serves the API on a Unix socket: who may open the socket may ask. */

import { lchownSync, lstatSync, unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";
import { MonitauriError } from "../model/error.ts";
import { closeServer, createHttpServer, type Fetch } from "./http-server.ts";

/** sun_path holds 108 bytes with the closing zero on Linux, 104 on macOS (unix(7)). */
const MAX_SOCKET_PATH_BYTES = 103;
/** Everybody but owner and group is kept out from the moment that the socket exists. */
const UMASK = 0o117;

export interface SocketOptions {
  readonly path: string;
  /** Group that may use the socket; undefined: whatever group it is made with. */
  readonly gid: number | undefined;
}

/**
 * Disposing stops serving, ends what is under way and removes the socket.
 * @throws MonitauriError "busy" where somebody serves there already, "invalid" or "failed" where it cannot be made.
 */
export async function listenOnSocket(
  fetch: Fetch,
  options: SocketOptions,
): Promise<AsyncDisposable> {
  const { path, gid } = options;
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new MonitauriError(
      "invalid",
      `Cannot make the socket ${path}: its path has more than ${MAX_SOCKET_PATH_BYTES} bytes. Choose a shorter --data`,
    );
  }
  await removeStale(path);
  const server = createHttpServer(fetch);
  await bind(server, path);
  // The socket itself and never what a link of that name points to.
  if (gid !== undefined) lchownSync(path, -1, gid);
  return { [Symbol.asyncDispose]: () => closeServer(server) };
}

/** A socket that nobody answers on was left by a daemon that was killed. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new MonitauriError(
      "failed",
      `Cannot make the socket ${path}: there is another file of that name. Remove it`,
    );
  }
  if (await isServed(path)) {
    throw new MonitauriError(
      "busy",
      `Cannot make the socket ${path}: another Monitauri serves it. Stop it first`,
    );
  }
  unlinkSync(path);
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (served: boolean) => {
      socket.destroy();
      resolve(served);
    };
    socket.on("connect", () => end(true));
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code !== "ECONNREFUSED"));
  });
}

// Node binds a Unix socket before listen() returns, so the mask holds for exactly that call.
async function bind(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  const umask = process.umask(UMASK);
  try {
    server.listen(path, resolve);
  } finally {
    process.umask(umask);
  }
  try {
    await promise;
  } catch (cause) {
    throw new MonitauriError(
      "failed",
      `Cannot make the socket ${path}: ${(cause as Error).message}`,
      { cause },
    );
  }
}
