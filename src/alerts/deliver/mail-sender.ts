/** Sends alerts as mails: one connection for as many as wait, one attempt bounded in time. */

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import type { AlertMessage } from "../../model/alert.ts";
import type { MailTarget } from "../../model/alert-channel.ts";
import type { Secrets } from "./channel-file.ts";
import { explainMail } from "./mail-explain.ts";
import { composeMail } from "./mail-message.ts";
import {
  MAIL_TIMING,
  MailFault,
  type MailReceipt,
  type MailSession,
  type MailTiming,
  openMailSession,
} from "./mail-session.ts";
import { createTokenSource } from "./oauth-token.ts";
import { createRedactor } from "./redact.ts";
import type { Clock, Sender, SendOptions, SendOutcome } from "./sender.ts";

/** Servers end a session after so many messages. */
const MESSAGES_A_SESSION = 50;
/** Of one attempt; a server that answers a little at a time does not hold the queue for ever. */
const DEADLINE_MS = 180_000;
/** A bundle of all authorities there are is a quarter of it. */
const MAX_CA_BYTES = 1024 * 1024;

export interface MailSenderOptions {
  readonly target: MailTarget;
  readonly secrets: Secrets;
  readonly channel: string;
  /** Name of this computer. */
  readonly host: string;
  readonly clock: Clock;
  /** Of the channel as it is now. */
  readonly refreshToken?: () => string | undefined;
  readonly onRefreshToken: (token: string, old: string) => void;
  readonly timing?: MailTiming;
  readonly deadlineMs?: number;
}

export function createMailSender(options: MailSenderOptions): Sender {
  const { target, secrets, channel, host, clock, timing = MAIL_TIMING } = options;
  const redact = createRedactor(secrets, target.user);
  let session: MailSession | undefined;
  let sent = 0;
  let trust: { context: SecureContext; ca: string } | undefined;
  let token: ((renew: boolean) => Promise<string>) | undefined;

  async function readySession({ signal, transcript }: SendOptions): Promise<MailSession> {
    if (session?.isOpen() && sent < MESSAGES_A_SESSION) return session;
    rest();
    if (target.caFile !== null) trust ??= await readTrust(target.caFile);
    token ??= createTokenSource({
      ...options,
      ...(trust === undefined ? {} : { trust: trust.ca }),
    });
    session = await openMailSession({
      target,
      secrets,
      trust: trust?.context,
      accessToken: token,
      timing,
      signal,
      transcript: transcript === undefined ? undefined : (line) => transcript(redact(line)),
    });
    sent = 0;
    return session;
  }

  function rest(): void {
    session?.close();
    session = undefined;
  }

  async function attempt(message: AlertMessage, sending: SendOptions): Promise<MailReceipt> {
    const raw = await composeMail(message, target, { host, channel, atMs: clock.now() });
    const { recipients = target.to, begin } = sending;
    const { signal } = sending;
    const to = { from: target.from, recipients, begin, signal };
    const reused = session?.isOpen() === true;
    try {
      return await (await readySession(sending)).send(raw, to);
    } catch (error) {
      // A server may have closed the connection that was kept: that is no failure of the message.
      const isStale =
        reused && error instanceof MailFault && error.stage === "envelope" && error.answer === "";
      if (!isStale || sending.signal.aborted) throw error;
      rest();
      return await (await readySession(sending)).send(raw, to);
    }
  }

  return {
    rest,
    async send(message, given) {
      const limit = AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS);
      const sending = { ...given, signal: AbortSignal.any([given.signal, limit]) };
      try {
        const receipt = await attempt(message, sending);
        sent += 1;
        return outcomeOf(receipt, target, redact);
      } catch (error) {
        rest();
        const fault = error instanceof MailFault ? error : new MailFault("envelope", error);
        given.transcript?.(redact(`* ${fault.answer || fault.message}`));
        if (error instanceof CaFault) return caOutcome(error);
        const outcome = explainMail(fault, target, redact);
        const { deferred } = fault;
        return outcome.kind === "later" && deferred.length > 0
          ? { ...outcome, recipients: deferred }
          : outcome;
      }
    },
  };
}

function outcomeOf(
  { answer, rejected }: MailReceipt,
  { host }: MailTarget,
  redact: (text: string) => string,
): SendOutcome {
  const refusals = rejected.map((each) => `${each.recipient}: ${each.answer}`).join("; ");
  const trouble = {
    said: redact(`${host} refused some recipients: ${refusals}`),
    remedy: "check the recipients' addresses",
  };
  const deferred = rejected.filter(({ isFinal }) => !isFinal).map(({ recipient }) => recipient);
  if (deferred.length > 0) return { kind: "later", trouble, unknown: false, recipients: deferred };
  const said = redact(`accepted by ${host}: ${answer}`);
  return rejected.length > 0 ? { kind: "delivered", said, trouble } : { kind: "delivered", said };
}

class CaFault extends Error {
  override readonly name = "CaFault";
  readonly path: string;

  constructor(path: string, state: string) {
    super(state);
    this.path = path;
  }
}

function caOutcome({ path, message }: CaFault): SendOutcome {
  const trouble = {
    said: `the CA file ${path} cannot be used: ${message}`,
    remedy: "give a file with certificates in PEM form; without it nothing is sent",
  };
  return { kind: "later", trouble, unknown: false };
}

/** The usual authorities and those of the file. Its text is never shown: any file could be named. */
async function readTrust(path: string): Promise<{ context: SecureContext; ca: string }> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile() || found.size > MAX_CA_BYTES)
        throw new CaFault(path, "it is no such file");
      const ca = await file.readFile("utf8");
      if (!ca.includes("-----BEGIN CERTIFICATE-----"))
        throw new CaFault(path, "it has no certificate");
      return { context: createSecureContext({ ca: [...rootCertificates, ca] }), ca };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof CaFault) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new CaFault(path, code === "ENOENT" ? "there is none" : `it cannot be read (${code})`);
  }
}
