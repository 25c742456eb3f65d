/** What delivery needs of the operating system. The daemon gives it: only `native` runs commands and opens such
 * sockets. */

export interface RunOptions {
  /** A user's name; undefined: ours. */
  readonly user?: string;
  /** What the program reads. */
  readonly input: string;
  /** All its variables besides PATH and LC_ALL. */
  readonly env: Readonly<Record<string, string>>;
  /** It and all it started are killed after this long. */
  readonly timeoutMs: number;
  /** Of each of its outputs; the rest is thrown away. */
  readonly maxOutputChars: number;
  /** Kills it and all it started at once. */
  readonly signal: AbortSignal;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody who is logged in at a screen. */
export interface DesktopSession {
  readonly user: string;
  /** Variables that a program needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
}

export interface DeliverySystem {
  /** Any exit code is an answer. @throws MonitauriError "unsupported" where there is no such program or user,
   * "forbidden" where it may not be run like that, "failed" where it did not end by itself. */
  run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult>;
  /** @throws MonitauriError what run() would say of such a program and user. */
  checkCommand(program: string, user: string | undefined): void;
  /** @throws Error with `code` where nobody listens or its buffer is full. */
  sendDatagram(path: string, bytes: Uint8Array): void;
  exists(path: string): boolean;
  /** Whose desktop a channel means by this name; "" where it is our own alone. @throws MonitauriError "invalid" where it
   * would be everybody's. */
  desktopUser(name: string): string;
  /** Of all users where we are root, else our own. */
  desktops(): readonly DesktopSession[];
  /** Shows a note as the session's user, until the signal at the latest. @throws as run(). */
  notify(session: DesktopSession, note: DesktopNote, signal: AbortSignal): Promise<RunResult>;
}

export interface DesktopNote {
  readonly title: string;
  readonly text: string;
  readonly urgency: "low" | "normal" | "critical";
}
