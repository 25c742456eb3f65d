/** What the command line is given by the entry point, because it may not load it itself. */

import type { SessionPath } from "../model/limit.ts";
import type { Finding } from "../model/monitauri.ts";

export interface StartChoices {
  readonly data: string | undefined;
  readonly intervalMs: number | undefined;
  /** The page's; 0: any that is free. */
  readonly port: number | undefined;
  /** Open the page in a browser where that is possible. */
  readonly open: boolean;
}

export interface CliHost {
  readonly version: string;
  /** Paths of the sockets where a daemon may answer, in the order to try. `data`: the folder given with --data. */
  sockets(data: string | undefined): readonly string[];
  /** Runs the daemon in the foreground; resolves to its exit code. */
  start(choices: StartChoices): Promise<number>;
  /** What this machine can do, without a daemon. */
  diagnose(data: string | undefined): Promise<readonly Finding[]>;
  /** The connection from another machine that this command runs in; undefined: none is known. */
  session(): SessionPath | undefined;
  /** Takes limits away where no daemon answers: rules in the book, and what is left in the kernel. */
  clearLimits(
    data: string | undefined,
  ): Promise<{ readonly count: number; readonly leftovers: boolean }>;
  /** As the user at the keyboard, never as root; false: there is no display, no browser, or nobody but root. */
  openBrowser(url: string): Promise<boolean>;
}
