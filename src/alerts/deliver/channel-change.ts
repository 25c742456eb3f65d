/** What setting a channel makes of the one that was there: pure. */

import type { AlertChannelDraft, AlertSecretName, AlertTarget } from "../../model/alert-channel.ts";
import { SECRETS_OF_KIND } from "../../model/alert-channel.ts";
import { MonitauriError } from "../../model/error.ts";
import type { KeptChannel, Secrets } from "./channel-file.ts";

/**
 * The channel with the draft's settings and secrets. Secrets that are not given stay, but only for where they went so
 * far: who may set channels but cannot read secrets must not have them sent to a server of their own.
 * @throws MonitauriError "invalid" where a secret would go elsewhere or is missing.
 */
export function changedChannel(
  before: KeptChannel | undefined,
  { name, enabled, target, secrets: given = {} }: AlertChannelDraft,
): KeptChannel {
  const kept = before?.secrets ?? {};
  const staying = namesOf(kept).filter((secret) => given[secret] === undefined);
  if (before !== undefined && staying.length > 0 && isElsewhere(before, target, given)) {
    throw new MonitauriError(
      "invalid",
      `Cannot change where ${name} sends to and keep its ${staying.join(", ")}: give ` +
        `${staying.length === 1 ? "it" : "them"} again, or "" to remove`,
    );
  }
  const merged = { ...kept, ...given };
  const known: readonly AlertSecretName[] = SECRETS_OF_KIND[target.kind];
  const secrets = Object.fromEntries(
    Object.entries(merged).filter(
      ([secret, value]) => value !== "" && known.includes(secret as AlertSecretName),
    ),
  );
  checkSecrets(name, target, secrets);
  return { name, enabled: enabled ?? before?.enabled ?? true, target, secrets };
}

/** Names of the secrets that are set. */
export function namesOf(secrets: Secrets): AlertSecretName[] {
  return (Object.keys(secrets) as AlertSecretName[]).filter((name) => secrets[name] !== undefined);
}

function isElsewhere(before: KeptChannel, target: AlertTarget, given: Secrets): boolean {
  if (destination(before.target) !== destination(target)) return true;
  return given.url !== undefined && given.url !== before.secrets.url;
}

/** Whatever decides who sees the secrets. */
function destination(target: AlertTarget): string {
  switch (target.kind) {
    case "mail": {
      const { host, port, security, caFile, tokenUrl } = target;
      return JSON.stringify(["mail", host, port, security, caFile, tokenUrl]);
    }
    case "webhook":
      return JSON.stringify(["webhook", target.format]);
    default:
      return target.kind;
  }
}

function checkSecrets(name: string, target: AlertTarget, secrets: Secrets): void {
  const missing = neededSecrets(target).filter((secret) => secrets[secret] === undefined);
  if (missing.length > 0) {
    throw new MonitauriError(
      "invalid",
      `Cannot use channel ${name} without: ${missing.join(", ")}`,
    );
  }
}

function neededSecrets(target: AlertTarget): readonly AlertSecretName[] {
  if (target.kind === "mail") {
    if (target.login === "none") return [];
    return target.login === "xoauth2" ? ["clientId", "refreshToken"] : ["password"];
  }
  if (target.kind !== "webhook") return [];
  return target.format === "telegram" ? ["token"] : ["url"];
}
