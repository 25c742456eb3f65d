/** Which part of the traffic is looked at: all networks, one interface, or what never leaves this machine. */

/** "all", "loopback", or "if:" and the name of an interface. */
export type Scope = "all" | "loopback" | `if:${string}`;

export function interfaceOf(scope: Scope): string | undefined {
  return scope.startsWith("if:") ? scope.slice("if:".length) : undefined;
}

export function isScope(value: unknown): value is Scope {
  return (
    typeof value === "string" &&
    (value === "all" || value === "loopback" || (value.startsWith("if:") && value.length < 100))
  );
}

export function scopeLabel(scope: Scope): string {
  if (scope === "all") return "All networks";
  return scope === "loopback" ? "Loopback" : (interfaceOf(scope) ?? scope);
}

interface Owned {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxLoopbackBytes: number;
  readonly txLoopbackBytes: number;
  readonly interfaces?: readonly { name: string; rxBytes: number; txBytes: number }[];
}

/** The part of a row's bytes that lies in the scope. */
export function bytesIn(scope: Scope, row: Owned): readonly [rxBytes: number, txBytes: number] {
  if (scope === "all") {
    return [row.rxBytes - row.rxLoopbackBytes, row.txBytes - row.txLoopbackBytes];
  }
  if (scope === "loopback") return [row.rxLoopbackBytes, row.txLoopbackBytes];
  const name = interfaceOf(scope);
  const cell = row.interfaces?.find((one) => one.name === name);
  return [cell?.rxBytes ?? 0, cell?.txBytes ?? 0];
}

/** The term that narrows a filter expression for connections to the scope. */
export function scopeTerm(scope: Scope, loopback: readonly string[]): string {
  const names = loopback.length > 0 ? loopback : ["lo"];
  const exactly = (list: readonly string[]) => `if:${list.map((name) => `=${name}`).join(",")}`;
  if (scope === "all") return `-${exactly(names)}`;
  if (scope === "loopback") return exactly(names);
  return exactly([interfaceOf(scope) ?? ""]);
}
