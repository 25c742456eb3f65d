/** What the kernel counts for a TCP socket: the fields of struct tcp_info (linux/tcp.h) that are used here. Pure. */

import { readUInt64 } from "../../native/netlink-message.ts";

export interface TcpInfo {
  readonly state: number;
  /** Both sides send the timestamp option, 12 bytes of every header. */
  readonly timestamps: boolean;
  /** Smoothed round-trip time, microseconds. */
  readonly rttUs: number;
  /** Segments sent again since the start. */
  readonly totalRetrans: number;
  /** Acknowledged by the peer: counts the SYN of the side that connected and the FIN as a byte each. */
  readonly bytesAcked: number;
  /** In order from the peer, its FIN counted as a byte. */
  readonly bytesReceived: number;
  /** 32 bits wide: these go round. */
  readonly segsOut: number;
  readonly segsIn: number;
  /** All data bytes sent, those sent again included; undefined before Linux 4.19. */
  readonly bytesSent: number | undefined;
  readonly bytesRetrans: number | undefined;
}

/** undefined when the kernel's struct is too short to have byte counters (before Linux 4.2). */
export function readTcpInfo(part: Buffer, at: number, end: number): TcpInfo | undefined {
  const length = end - at;
  if (length < SEGMENTS_END) return undefined;
  const hasBytesSent = length >= BYTES_SENT_END;
  return {
    state: part.readUInt8(at),
    timestamps: (part.readUInt8(at + 5) & TCPI_OPT_TIMESTAMPS) !== 0,
    rttUs: part.readUInt32LE(at + 68),
    totalRetrans: part.readUInt32LE(at + 100),
    bytesAcked: readUInt64(part, at + 120),
    bytesReceived: readUInt64(part, at + 128),
    segsOut: part.readUInt32LE(at + 136),
    segsIn: part.readUInt32LE(at + 140),
    bytesSent: hasBytesSent ? readUInt64(part, at + 200) : undefined,
    bytesRetrans: hasBytesSent ? readUInt64(part, at + 208) : undefined,
  };
}

const TCPI_OPT_TIMESTAMPS = 1;
const SEGMENTS_END = 144;
const BYTES_SENT_END = 216;
