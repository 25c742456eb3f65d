/** What the command line is given by the entry point, because it may not load it itself. */

import type { Finding } from "../model/monitauri.ts";

export interface CliHost {
  readonly version: string;
  /** Paths of the sockets where a daemon may answer, in the order to try. `data`: the folder given with --data. */
  sockets(data: string | undefined): readonly string[];
  /** Runs the daemon in the foreground; resolves to its exit code. */
  start(options: { data: string | undefined; intervalMs: number | undefined }): Promise<number>;
  /** What this machine can do, without a daemon. */
  diagnose(data: string | undefined): Promise<readonly Finding[]>;
}
