/** What one recogniser is: a name and a test of first bytes that is strict enough to stand without the port. */

import type { FirstBytes } from "./first-bytes.ts";

export interface Recogniser {
  /** Lower case and stable: it is stored and filtered by. */
  readonly name: string;
  readonly over: "tcp" | "udp" | "both";
  /** true, or what runs inside where the bytes say so ("nfs" in "rpc"); false: it is not. */
  readonly test: (flow: FirstBytes) => boolean | string;
}
