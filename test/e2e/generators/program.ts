// A program under another name: a copy, since a link would still be the same executable.
import { chmodSync, copyFileSync, realpathSync } from "node:fs";

/** Its path. */
export function copyProgram(from: string, to: string): string {
  copyFileSync(realpathSync(from), to);
  chmodSync(to, 0o755);
  return to;
}
