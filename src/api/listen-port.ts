/** Binds the loopback port for browsers: 127.0.0.1 and, where there is one, ::1. Nothing beyond this machine reaches it. */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { MonitauriError } from "../model/error.ts";
import type { Bound } from "../model/snapshot.ts";
import { type ClientEnd, createFairShare, type StrangerAt } from "./fair-share.ts";
import {
  closeServer,
  createHttpServer,
  type Fetch,
  type HttpServerOptions,
} from "./http-server.ts";

export const DEFAULT_PORT = 8473;
/** Where nobody asked for a port and the default one is taken, this many are tried. */
const TRIED = 10;

export interface PortOptions extends HttpServerOptions {
  /** undefined: the default one or one of those after it. 0: any that is free. */
  readonly port: number | undefined;
  /** Who somebody at this end of a connection to `port` is. Where not given, connections are anybody's. */
  readonly strangerAt?: (end: ClientEnd, port: number) => ReturnType<StrangerAt>;
}

export interface PortListener extends AsyncDisposable {
  readonly port: number;
  /** How full it is; for `doctor`. */
  bounds(): Bound[];
  /** The usual port was taken, so that it is another. */
  readonly moved: boolean;
}

/**
 * `serve` makes the answers, once the port is known.
 * @throws MonitauriError "busy" where the port is taken, "forbidden" where it may not be used; nothing is left behind.
 */
export async function listenOnPort(
  serve: (port: number) => Fetch,
  options: PortOptions,
): Promise<PortListener> {
  let fetch: Fetch | undefined;
  const answer: Fetch = (request, env) =>
    fetch?.(request, env) ?? new Response(null, { status: 503 });
  const servers = await bindAny(() => createHttpServer(answer, options), options.port);
  const port = portOf(servers.ipv4);
  fetch = serve(port);
  const share = createFairShare((end) => options.strangerAt?.(end, port));
  for (const server of [servers.ipv4, servers.ipv6]) if (server) share.guard(server);
  return {
    port,
    bounds: share.bounds,
    moved: options.port === undefined && port !== DEFAULT_PORT,
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [servers.ipv4, servers.ipv6].map((server) => server && closeServer(server)),
      );
    },
  };
}

interface Servers {
  readonly ipv4: Server;
  readonly ipv6: Server | undefined;
}

async function bindAny(create: () => Server, port: number | undefined): Promise<Servers> {
  const ports =
    port === undefined ? Array.from({ length: TRIED }, (_, i) => DEFAULT_PORT + i) : [port];
  let last: unknown;
  for (const each of ports) {
    try {
      return await bindBoth(create, each);
    } catch (error) {
      last = error;
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") break;
    }
  }
  throw cannotListen(last, port);
}

/** A port that somebody else has on one of the two would answer half of the time with something else: taken. */
async function bindBoth(create: () => Server, port: number): Promise<Servers> {
  const ipv4 = create();
  await bind(ipv4, port, "127.0.0.1");
  const ipv6 = create();
  try {
    await bind(ipv6, portOf(ipv4), "::1");
    return { ipv4, ipv6 };
  } catch (error) {
    if (NO_IPV6.has((error as NodeJS.ErrnoException).code ?? "")) return { ipv4, ipv6: undefined };
    await closeServer(ipv4);
    throw error;
  }
}

const NO_IPV6 = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);

async function bind(server: Server, port: number, host: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port, host, ipv6Only: host === "::1" }, resolve);
  await promise;
  server.off("error", reject);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function cannotListen(cause: unknown, port: number | undefined): MonitauriError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const which = port ?? `${DEFAULT_PORT} to ${DEFAULT_PORT + TRIED - 1}`;
  const other = "Choose another with --port or in config.toml, or serve no page: page = false";
  if (code === "EADDRINUSE") {
    return new MonitauriError(
      "busy",
      `Cannot serve the page on port ${which}: another program has it (ss -lntp shows which). ${other}`,
      { cause },
    );
  }
  if (code === "EACCES") {
    return new MonitauriError(
      "forbidden",
      `Cannot serve the page on port ${which}: ports below 1024 need root. ${other}`,
      { cause },
    );
  }
  return new MonitauriError(
    "failed",
    `Cannot serve the page on port ${which}: ${message}. ${other}`,
    {
      cause,
    },
  );
}
