/** Reads one name of a DNS message, with its compression: RFC 1035 sections 3.1 and 4.1.4. */

import { nameLetter } from "./host-name.ts";

/** RFC 1035 section 2.3.4: 255 bytes with all length bytes; 63 a label. */
const WIRE_LIMIT = 255;
const LABEL_LIMIT = 63;
const POINTER = 0xc0;
const DOT = 0x2e;

export interface DnsName {
  /** Lower case without the last dot; "" is the root. Undefined: it holds bytes that no host name has. */
  readonly name: string | undefined;
  /** Where reading goes on behind it. */
  readonly next: number;
}

const scratch = Buffer.alloc(WIRE_LIMIT);

/** The name at `at`; undefined where it is broken. A pointer must lead before the part it is in, so none can circle. */
export function readDnsName(bytes: Uint8Array, at: number): DnsName | undefined {
  let next = -1;
  let before = at;
  let length = 0;
  let isClean = true;
  for (;;) {
    const size = bytes[at];
    if (size === undefined) return undefined;
    if (size >= POINTER) {
      const target = (size - POINTER) * 0x100 + (bytes[at + 1] ?? before);
      if (target >= before) return undefined;
      if (next < 0) next = at + 2;
      before = target;
      at = target;
      continue;
    }
    if (size === 0) {
      const name = scratch.toString("latin1", 0, Math.max(0, length - 1));
      return { name: isClean ? name : undefined, next: next < 0 ? at + 1 : next };
    }
    if (size > LABEL_LIMIT || length + size + 2 > WIRE_LIMIT) return undefined;
    if (at + size >= bytes.length) return undefined;
    for (const end = at + size; at < end; length++) {
      const letter = nameLetter(bytes[++at] as number);
      isClean &&= letter !== 0;
      scratch[length] = letter;
    }
    scratch[length++] = DOT;
    at++;
  }
}
