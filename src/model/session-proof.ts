/** How the daemon shows a page that it is the one which gave the page its token, without either telling the token.
 *
 * While a daemon is away any program may take its port. The page asks with what only both can reckon, SHA-256 of texts
 * that hold the token's hash, before it sends the token itself. All values are hexadecimal digits. */

/** Digits of a question that is asked once. */
export const NONCE_DIGITS = 64;

/** SHA-256 of it says which session is meant. */
export function sessionIdText(tokenHash: string): string {
  return `monitauri session ${tokenHash}`;
}

/** SHA-256 of it is the answer. */
export function proofText(tokenHash: string, nonce: string): string {
  return `monitauri proof ${tokenHash} ${nonce}`;
}
