/** Filter expressions that mean one application and no other (pure). */

/** undefined: its key has signs that an expression cannot hold. */
export function keyTerm(key: string): string | undefined {
  return /[",]/.test(key) || key.length > 900 ? undefined : `app:"=${key}"`;
}

/** Where the key cannot be said, its processes can, as many as fit. */
export function applicationTerm(key: string, pids: readonly number[]): string {
  return keyTerm(key) ?? `pid:${pids.slice(0, 80).join(",") || "0"}`;
}
