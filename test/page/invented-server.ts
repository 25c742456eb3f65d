// Serves the built page with invented answers: the page's own code and policy, no daemon.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { PROOF_PATH } from "../../src/api/access-routes.ts";
import { proofText } from "../../src/model/session-proof.ts";
import {
  connections,
  DIAGNOSIS,
  groups,
  type Invented,
  psRows,
  sample,
  status,
} from "./invented.ts";

const TOKEN = "invented";
const UI = join(import.meta.dirname, "..", "..", "dist", "ui");
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
/** As the daemon's own. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'";

export interface InventedServer extends AsyncDisposable {
  readonly origin: string;
}

export interface InventedOptions extends Invented {
  /** Samples that the daemon remembers already. */
  readonly remembered: number;
  readonly intervalMs?: number;
  /** The built page; dist/ui where not given. */
  readonly ui?: string;
}

export async function serveInvented(options: InventedOptions): Promise<InventedServer> {
  let id = options.remembered;
  const readers = new Set<ServerResponse>();
  const timer = setInterval(() => {
    id += 1;
    const line = event(sample(id, options));
    for (const reader of readers) reader.write(line);
  }, options.intervalMs ?? 1000);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/api/v1/live") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      readers.add(response);
      response.on("close", () => readers.delete(response));
      const after = Number(searchParams.get("after") ?? id);
      for (let one = after + 1; one <= id; one += 1) {
        const past = sample(one, { ...options, active: Math.min(options.active, 50) });
        response.write(event({ ...past, atMs: Date.now() - (id - one) * 1000 }));
      }
      return;
    }
    if (pathname === PROOF_PATH) {
      void text(request).then((body) => answer(response, prove(JSON.parse(body))));
      return;
    }
    if (pathname.startsWith("/api/")) return answer(response, api(pathname, searchParams, options));
    const file = extname(pathname) === "" ? "index.html" : pathname;
    try {
      const body = readFileSync(join(options.ui ?? UI, file));
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "content-security-policy": POLICY });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** As the daemon would of this token. */
function prove({ nonce }: { nonce: string }): { proof: string } {
  return { proof: sha256(proofText(sha256(TOKEN), nonce)) };
}

function sha256(of: string): string {
  return createHash("sha256").update(of).digest("hex");
}

function api(path: string, query: URLSearchParams, options: Invented): unknown {
  switch (path) {
    case "/api/v1/sessions":
      return { token: TOKEN };
    case "/api/v1/status":
      return status(options);
    case "/api/v1/ps":
      return psRows(options);
    case "/api/v1/connections":
      return connections(query, options);
    case "/api/v1/groups":
      return groups(query.get("by") ?? "");
    case "/api/v1/doctor":
      return DIAGNOSIS;
    case "/api/v1/limits":
      return { atMs: Date.now(), capabilities: CAPABLE, limits: [], quotas: [], warnings: [] };
    case "/api/v1/listeners":
      return [];
    case "/api/v1/alerts/log":
      return { events: [], count: 0, unread: 0, ongoing: 0 };
    default:
      return undefined;
  }
}

const CAPABLE = { missing: null, notes: [], kinds: ["application", "machine"] };

function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** @param value undefined: there is nothing at this address, as in a daemon that is older than the page. */
function answer(response: ServerResponse, value: unknown): void {
  const body = value ?? { error: { code: "not-found", message: "Nothing is invented here" } };
  response.writeHead(value === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
