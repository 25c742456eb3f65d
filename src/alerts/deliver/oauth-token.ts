/** Makes access tokens of a refresh token (RFC 6749 section 6), and keeps each for as long as it holds. */

import { rootCertificates } from "node:tls";
import type { MailTarget } from "../../model/alert-channel.ts";
import { providerOfHost } from "../../model/mail-providers.ts";
import type { Secrets } from "./channel-file.ts";
import { requestHttp } from "./http-request.ts";
import type { Clock } from "./sender.ts";

/** Renewed this long before it ends: the clocks differ, and a login takes time. */
const SPARE_MS = 60_000;
/** Where the server does not say how long it holds. */
const USUAL_SECONDS = 3_600;
/** Renewed faster than the disk can keep them. */
const MAX_RENEWED = 10;

export interface TokenOptions {
  readonly target: MailTarget;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** The one of `secrets` may have been replaced meanwhile, also through another sender of the same channel. */
  readonly refreshToken?: () => string | undefined;
  /** The server gave a new refresh token for `old`, which may not work any more. */
  readonly onRefreshToken: (token: string, old: string) => void;
  /** A further authority, PEM. */
  readonly trust?: string;
}

/** @returns a function for the current token; `renew` asks for a new one. It throws Error in words, without secrets. */
export function createTokenSource(options: TokenOptions): (renew: boolean) => Promise<string> {
  const { target, secrets, clock } = options;
  /** New ones by the old ones; a new one is only kept after it was written. */
  const renewed = new Map<string, string>();
  let last = secrets.refreshToken ?? "";
  let held: { token: string; untilMs: number } | undefined;

  return async (renew) => {
    if (!renew && held !== undefined && clock.now() < held.untilMs) return held.token;
    const url = target.tokenUrl || providerOfHost(target.host)?.tokenUrl || "";
    if (url === "") throw new Error(`it is not known where ${target.host} gives tokens`);
    const { clientId = "", clientSecret } = secrets;
    const refreshToken = newest(options.refreshToken?.() ?? last, renewed);
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: clientId,
      refresh_token: refreshToken,
      ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
    });
    const { status, text } = await requestHttp({
      url: new URL(url),
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: form.toString(),
      // The schema takes https only, and plain http on this machine alone.
      allowInternal: true,
      ca: options.trust === undefined ? undefined : [...rootCertificates, options.trust],
    });
    const answer = parsed(text);
    const token = answer.access_token;
    if (status !== 200 || typeof token !== "string" || token === "") {
      const said = `${new URL(url).host} answered ${status} ${reasonOf(answer)}`.trim();
      throw new Error(refreshToken === "" ? said : said.replaceAll(refreshToken, "[secret]"));
    }
    const seconds = Number(answer.expires_in) || USUAL_SECONDS;
    held = { token, untilMs: clock.now() + seconds * 1000 - SPARE_MS };
    if (typeof answer.refresh_token === "string" && answer.refresh_token !== refreshToken) {
      last = answer.refresh_token;
      renewed.set(refreshToken, last);
      for (const old of renewed.keys()) if (renewed.size > MAX_RENEWED) renewed.delete(old);
      options.onRefreshToken(last, refreshToken);
    }
    return token;
  };
}

function newest(token: string, renewed: ReadonlyMap<string, string>): string {
  let found = token;
  // A server may give one again that it gave before.
  for (let steps = 0; steps < renewed.size; steps += 1) found = renewed.get(found) ?? found;
  return found;
}

type TokenAnswer = Readonly<Record<string, unknown>>;

function parsed(text: string): TokenAnswer {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as TokenAnswer) : {};
  } catch {
    return {};
  }
}

/** "invalid_grant: Token has been revoked" */
function reasonOf({ error, error_description: description }: TokenAnswer): string {
  return [error, description].filter((part) => typeof part === "string").join(": ");
}
