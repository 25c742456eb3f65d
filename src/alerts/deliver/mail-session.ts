/** One conversation with a mail server: connect, TLS, login, then any number of messages. Certificates are verified, and
 * there is no way to switch that off. */

import { connect as connectTcp, type Socket } from "node:net";
import { hostname } from "node:os";
import { Readable } from "node:stream";
import type { SecureContext } from "node:tls";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import XOAuth2 from "nodemailer/lib/xoauth2";
import type { MailTarget } from "../../model/alert-channel.ts";
import type { Secrets } from "./channel-file.ts";

export type MailStage = "connect" | "greeting" | "login" | "envelope" | "content";

/** How far it got and what the library or the system said; mail-explain.ts makes words of it. */
export class MailFault extends Error {
  override readonly name = "MailFault";
  readonly stage: MailStage;
  /** ECONNREFUSED, CERT_HAS_EXPIRED, EAUTH, ...; "" where there is none. */
  readonly code: string;
  /** The server's answer, such as "535 5.7.8 Error"; "" where it said nothing. */
  readonly answer: string;
  /** Recipients that the server would take later. */
  readonly deferred: readonly string[];

  constructor(stage: MailStage, cause: unknown) {
    const error = cause as Partial<SmtpError>;
    super(error.message ?? String(cause), { cause });
    this.stage = stage;
    this.code = error.originalCode ?? error.code ?? "";
    this.answer = typeof error.response === "string" ? error.response : "";
    this.deferred = (error.rejectedErrors ?? [])
      .filter(({ responseCode = 0 }) => responseCode < 500)
      .map(({ recipient = "" }) => recipient);
  }
}

interface SmtpError extends Error {
  readonly code: string;
  readonly originalCode: string;
  readonly response: string | false;
  readonly responseCode: number;
  readonly recipient: string;
  readonly rejectedErrors: readonly Partial<SmtpError>[];
}

/** Who got the message. */
export interface MailReceipt {
  readonly answer: string;
  readonly rejected: readonly { recipient: string; answer: string; isFinal: boolean }[];
}

export interface MailSending {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly begin: () => Promise<void>;
  /** Ends the session too: what is half said cannot be taken back. */
  readonly signal: AbortSignal;
}

export interface MailSession {
  /** `begin` is awaited between the server's leave and the first byte of the message. @throws MailFault */
  send(raw: Buffer, how: MailSending): Promise<MailReceipt>;
  /** Whether the server still listens. */
  isOpen(): boolean;
  close(): void;
}

export interface MailTiming {
  readonly connectMs: number;
  /** Of silence, in every later stage. */
  readonly silenceMs: number;
}

export const MAIL_TIMING: MailTiming = { connectMs: 20_000, silenceMs: 60_000 };
/** No server has that much to say. */
const MAX_ANSWER_BYTES = 16 * 1024;

export interface SessionOptions {
  readonly target: MailTarget;
  readonly secrets: Secrets;
  /** Whom to trust; undefined: the authorities that everybody trusts. */
  readonly trust: SecureContext | undefined;
  /** Of "xoauth2". `renew`: the one before was refused. */
  readonly accessToken: (renew: boolean) => Promise<string>;
  readonly timing: MailTiming;
  /** Of the opening. */
  readonly signal: AbortSignal;
  readonly transcript?: ((line: string) => void) | undefined;
}

/** Up to a server that is ready for a message. @throws MailFault */
export async function openMailSession(options: SessionOptions): Promise<MailSession> {
  const { target, timing, signal, transcript } = options;
  const socket = await staged("connect", () => openSocket(options));
  transcript?.(`* connected to ${socket.remoteAddress} port ${target.port}`);
  const smtp = new SMTPConnection({
    connection: socket,
    host: target.host,
    port: target.port,
    secure: target.security === "tls",
    requireTLS: target.security === "starttls",
    ignoreTLS: target.security === "none",
    name: greetingName(),
    connectionTimeout: timing.connectMs + timing.silenceMs,
    greetingTimeout: timing.silenceMs,
    socketTimeout: timing.silenceMs,
    socketCloseTimeout: 1_000,
    maxResponseSize: MAX_ANSWER_BYTES,
    // An environment variable of Node can switch this off for everybody; here it is said.
    tls: {
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      ...(options.trust === undefined ? {} : { secureContext: options.trust }),
    },
    ...(transcript === undefined ? {} : { logger: logInto(transcript), transactionLog: true }),
  });
  // Also while nothing is asked: an error that nobody hears would end the process.
  smtp.on("error", () => {});
  using _stop = closesOn(signal, smtp);
  try {
    await staged("greeting", () =>
      asked<void>(smtp, (done) => smtp.connect((error) => done(error))),
    );
    if (smtp.secure) transcript?.("* the connection is encrypted, the certificate fits");
    if (target.login !== "none") await staged("login", () => logIn(smtp, options));
  } catch (error) {
    smtp.close();
    throw error;
  }
  return {
    send: (raw, how) => sendOver(smtp, raw, how),
    isOpen: () => !smtp.destroyed,
    close() {
      if (!smtp.destroyed) smtp.quit();
      // A server that does not answer QUIT must not keep the connection.
      setTimeout(() => smtp.close(), 1_000).unref();
    },
  };
}

/** For one step: a session outlives the time limit of the message that it was opened for. */
function closesOn(signal: AbortSignal, smtp: SMTPConnection): Disposable {
  const close = () => smtp.close();
  if (signal.aborted) close();
  signal.addEventListener("abort", close, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", close) };
}

async function staged<T>(stage: MailStage, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof MailFault ? error : new MailFault(stage, error);
  }
}

/** By ourselves: the system's way of finding addresses (/etc/hosts too), and the reason where none of them answers. */
function openSocket({ target, timing, signal }: SessionOptions): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const { host, port } = target;
  // Without the signal: the socket would obey it for ever, and is used for other messages too.
  const socket = connectTcp({ host, port });
  const stop = () => socket.destroy(new Error("stopped"));
  signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" }));
  }, timing.connectMs);
  socket.once("connect", () => {
    socket.off("error", fail);
    resolve(socket);
  });
  socket.once("error", fail);
  if (signal.aborted) stop();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });

  function fail(error: Error & { errors?: Error[] }): void {
    // Of several addresses each has its reason; the first one is as good as any.
    reject(error.errors?.[0] ?? error);
  }
}

/** Ends with the answer, or with the connection. */
function asked<T>(
  smtp: SMTPConnection,
  ask: (done: (error?: Error | null, value?: T) => void) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const closed = () => reject(Object.assign(new Error("connection closed"), { code: "ECLOSED" }));
  // The library reports an error and then the end of the connection: the first one counts.
  smtp.once("error", reject);
  smtp.once("end", closed);
  ask((error, value) => (error ? reject(error) : resolve(value as T)));
  return promise.finally(() => {
    smtp.removeListener("error", reject);
    smtp.removeListener("end", closed);
  });
}

async function logIn(smtp: SMTPConnection, { target, secrets, accessToken }: SessionOptions) {
  if (!smtp.allowsAuth) {
    throw Object.assign(new Error("the server offers no login"), { code: "ENOLOGIN" });
  }
  const { user, login } = target;
  if (login !== "xoauth2") {
    const auth = { user, pass: secrets.password ?? "", method: login.toUpperCase() };
    await asked(smtp, (done) => smtp.login(auth, done));
    return;
  }
  const oauth2 = new XOAuth2({
    user,
    provisionCallback(_user, renew, done) {
      accessToken(renew).then(
        (token) => done(null, token),
        (error: Error) => done(Object.assign(error, { code: "ETOKEN" })),
      );
    },
  });
  await asked(smtp, (done) => smtp.login({ user, oauth2, method: "XOAUTH2" }, done));
}

async function sendOver(
  smtp: SMTPConnection,
  raw: Buffer,
  { from, recipients, begin, signal }: MailSending,
): Promise<MailReceipt> {
  using _stop = closesOn(signal, smtp);
  let stage: MailStage = "envelope";
  // The library reads the message only after the server's 354.
  async function* message(): AsyncGenerator<Buffer> {
    await begin();
    stage = "content";
    yield raw;
  }
  const content = Readable.from(message(), { objectMode: false });
  const envelope = { from, to: [...recipients], size: raw.length };
  try {
    const info = await asked<SMTPConnection.SentMessageInfo>(smtp, (done) =>
      smtp.send(envelope, content, done),
    );
    const rejected = (info.rejectedErrors ?? []) as readonly Partial<SmtpError>[];
    return {
      answer: info.response,
      rejected: rejected.map(({ recipient = "", response, responseCode = 0 }) => ({
        recipient,
        answer: response || "",
        isFinal: responseCode >= 500,
      })),
    };
  } catch (error) {
    smtp.close();
    throw new MailFault(stage, error);
  } finally {
    content.destroy();
  }
}

/** A name that servers take: they refuse one without a dot. */
function greetingName(): string {
  const name = hostname().toLowerCase();
  return /^[a-z\d-]+(\.[a-z\d-]+)+$/.test(name) ? name : "[127.0.0.1]";
}

type Entry = { readonly tnx?: string };

function logInto(transcript: (line: string) => void) {
  const log = (entry: Entry, text: string) => {
    const arrow = entry.tnx === "client" ? ">" : entry.tnx === "server" ? "<" : undefined;
    if (arrow !== undefined) for (const line of text.split(/\r?\n/)) transcript(`${arrow} ${line}`);
  };
  const ignore = () => {};
  return {
    level: ignore,
    trace: ignore,
    debug: log,
    info: ignore,
    warn: ignore,
    error: ignore,
    fatal: ignore,
  };
}
