/** The routes of access: invitations and tokens, which only the Unix socket gives, and sessions of pages. */

import { getConnInfo } from "@hono/node-server/conninfo";
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { MonitauriError } from "../model/error.ts";
import type { Monitauri } from "../model/monitauri.ts";
import { type Access, TooManyAttempts } from "./access.ts";
import { errorAnswer } from "./errors.ts";
import type { Door } from "./guard.ts";
import { bodyRoute, plain, route } from "./route.ts";
import { invitationSchema, newTokenSchema, sessionSchema, tokenSchema } from "./schemas.ts";

export const SESSIONS_PATH = "/api/v1/sessions";
/** Asked before a token is sent. */
export const PROOF_PATH = `${SESSIONS_PATH}/proof`;

export interface AccessRoutes {
  readonly monitauri: Monitauri;
  /** undefined: nobody signs in here. */
  readonly access: Access | undefined;
  /** undefined: the Unix socket; whoever may open it may let others in. */
  readonly door: Door | undefined;
}

export function addAccessRoutes(app: OpenAPIHono, options: AccessRoutes): void {
  const { monitauri, access, door } = options;
  const onlyInviters = () => {
    if (door === undefined) return;
    throw new MonitauriError(
      "forbidden",
      "Only the command line lets somebody in: monitauri open, or monitauri token",
    );
  };
  app.openapi(invite, async (context) => {
    onlyInviters();
    return context.json(plain(await monitauri.invite()), 200);
  });
  app.openapi(listTokens, async (context) => {
    onlyInviters();
    return context.json(plain(await monitauri.tokens()), 200);
  });
  app.openapi(addToken, async (context) => {
    onlyInviters();
    return context.json(plain(await monitauri.addToken(context.req.valid("json").name)), 200);
  });
  app.openapi(removeToken, async (context) => {
    onlyInviters();
    await monitauri.removeToken(context.req.valid("param").name);
    return context.json({}, 200);
  });
  app.openapi(signIn, (context) => {
    checkPeer(context, door);
    try {
      return context.json(reached(access).redeem(context.req.valid("json").code), 200);
    } catch (error) {
      if (!(error instanceof TooManyAttempts)) throw error;
      return context.json(errorAnswer(error).body, 429);
    }
  });
  app.openapi(prove, (context) => {
    const { id, nonce } = context.req.valid("json");
    return context.json({ proof: reached(access).prove(id, nonce) }, 200);
  });
  app.openapi(signOut, (context) => {
    reached(access).signOut(bearerOf(context) ?? "");
    return context.json({}, 200);
  });
}

/** Before the code is looked at: it stays good for the one it is meant for. */
function checkPeer(context: Context, door: Door | undefined): void {
  if (door?.maySignIn === undefined) return;
  const { address, port } = getConnInfo(context).remote;
  if (address !== undefined && port !== undefined && door.maySignIn({ address, port })) return;
  throw new MonitauriError(
    "forbidden",
    "Cannot sign in: this browser runs as another user. Use the browser of the user who started Monitauri, or join " +
      "the group monitauri",
  );
}

/** The secret of an Authorization header (RFC 6750, section 2.1); undefined where there is none. */
export function bearerOf(context: Context): string | undefined {
  return /^Bearer +([\w.~+/-]{1,256}=*) *$/i.exec(context.req.header("authorization") ?? "")?.[1];
}

const invite = route("post", "/invitations", {
  answer: invitationSchema,
  description: "The page's address with a code that works once, for a minute. Unix socket only.",
});
const listTokens = route("get", "/tokens", {
  answer: z.array(tokenSchema),
  description: "Tokens of programs. Unix socket only.",
});
const addToken = bodyRoute("/tokens", {
  answer: newTokenSchema,
  body: z.object({ name: z.string() }),
  description: "Makes a token for a program. Unix socket only.",
});
const removeToken = route("delete", "/tokens/{name}", {
  answer: z.object({}),
  params: z.object({ name: z.string() }),
  description: "Unix socket only.",
});
const signIn = bodyRoute("/sessions", {
  answer: sessionSchema,
  body: z.object({ code: z.string().max(256) }),
  description: "Exchanges a one-time code for a token, which goes into the Authorization header.",
});
const digits = z.string().regex(/^[\da-f]{64}$/);
const prove = bodyRoute("/sessions/proof", {
  answer: z.object({ proof: digits }),
  body: z.object({ id: digits, nonce: digits }),
  description:
    "Shows a page, before it sends its token, that this is the daemon which gave it. With hash = SHA-256 of the token in hexadecimal " +
    'digits, id is SHA-256 of "monitauri session " + hash, and proof that of "monitauri proof " + hash + " " + nonce.',
});
const signOut = route("delete", "/sessions/current", {
  answer: z.object({}),
  description: "Makes the token of this request worthless.",
});

function reached(access: Access | undefined): Access {
  if (access !== undefined) return access;
  throw new MonitauriError("unsupported", "Nobody signs in here: no page is served");
}
