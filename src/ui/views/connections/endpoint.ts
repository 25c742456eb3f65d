/** Ends and states of connections as people read them (pure). */

/** "203.0.113.7:443", "[2001:db8::1]:443". */
export function endpoint(address: string, port: number | undefined): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return port === undefined || port === 0 ? address : `${host}:${port}`;
}

/** "ESTABLISHED" as "established", "TIME_WAIT" as "time wait"; "–" where there is none. */
export function stateText(state: string | undefined): string {
  return state === undefined ? "–" : state.toLowerCase().replaceAll(/[_-]/g, " ");
}
