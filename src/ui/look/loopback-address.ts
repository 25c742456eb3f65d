/** Addresses of this machine to itself (RFC 6890). */

export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
