// First payloads of each flow of a capture, as the collector would copy them.
import { packetsOf } from "./pcap.ts";

const CUT_BYTES = 2048;
const SYN = 0x02;

export interface CapturedFlow {
  readonly protocol: number;
  /** Who sent first (TCP: who sent the SYN, where it was seen). */
  readonly local: { address: string; port: number };
  readonly remote: { address: string; port: number };
  sent: Buffer | undefined;
  received: Buffer | undefined;
  sentPayloadBytes: number;
  receivedPayloadBytes: number;
}

/** In the order in which they begin; packets without a payload open no flow. */
export function flowsOf(file: Buffer): CapturedFlow[] {
  const flows = new Map<string, CapturedFlow>();
  const openers = new Map<string, string>();
  for (const { link, bytes } of packetsOf(file)) {
    const segment = segmentOf(link, bytes);
    if (segment === undefined) continue;
    const from = `${segment.source}:${segment.sourcePort}`;
    const to = `${segment.target}:${segment.targetPort}`;
    const key = `${segment.protocol} ${[from, to].sort().join(" ")}`;
    if ((segment.flags & SYN) !== 0 && !openers.has(key))
      openers.set(key, (segment.flags & 0x10) === 0 ? from : to);
    if (segment.payload.length === 0) continue;
    keep(flows, { ...segment, key, isOpener: (openers.get(key) ?? from) === from });
  }
  return [...flows.values()];
}

interface Segment {
  readonly protocol: number;
  readonly source: string;
  readonly target: string;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly flags: number;
  readonly payload: Buffer;
}

function keep(
  flows: Map<string, CapturedFlow>,
  segment: Segment & { key: string; isOpener: boolean },
): void {
  const source = { address: segment.source, port: segment.sourcePort };
  const target = { address: segment.target, port: segment.targetPort };
  const made: CapturedFlow = {
    protocol: segment.protocol,
    local: segment.isOpener ? source : target,
    remote: segment.isOpener ? target : source,
    sent: undefined,
    received: undefined,
    sentPayloadBytes: 0,
    receivedPayloadBytes: 0,
  };
  const flow = flows.get(segment.key) ?? made;
  flows.set(segment.key, flow);
  const isSent = flow.local.port === segment.sourcePort && flow.local.address === segment.source;
  const cut = segment.payload.subarray(0, CUT_BYTES);
  if (isSent && flow.sent === undefined) {
    flow.sent = cut;
    flow.sentPayloadBytes = segment.payload.length;
  } else if (!isSent && flow.received === undefined) {
    flow.received = cut;
    flow.receivedPayloadBytes = segment.payload.length;
  }
}

function segmentOf(link: number, frame: Buffer): Segment | undefined {
  let at = linkBytes(link, frame);
  if (at < 0 || frame.length < at + 20) return undefined;
  const version = (frame[at] ?? 0) >> 4;
  let protocol: number;
  let end: number;
  let source: string;
  let target: string;
  if (version === 4) {
    if ((frame.readUInt16BE(at + 6) & 0x1fff) !== 0) return undefined; // a later fragment
    protocol = frame[at + 9] ?? 0;
    const total = frame.readUInt16BE(at + 2);
    end = total === 0 ? frame.length : Math.min(frame.length, at + total);
    source = frame.subarray(at + 12, at + 16).join(".");
    target = frame.subarray(at + 16, at + 20).join(".");
    at += ((frame[at] ?? 0) & 15) * 4;
  } else if (version === 6 && frame.length >= at + 40) {
    protocol = frame[at + 6] ?? 0;
    end = Math.min(frame.length, at + 40 + frame.readUInt16BE(at + 4));
    source = frame.subarray(at + 8, at + 24).toString("hex");
    target = frame.subarray(at + 24, at + 40).toString("hex");
    at += 40;
  } else return undefined;
  if ((protocol !== 6 && protocol !== 17) || end < at + 8) return undefined;
  if (protocol === 6 && end < at + 20) return undefined;
  const header = protocol === 6 ? ((frame[at + 12] ?? 0) >> 4) * 4 : 8;
  const sourcePort = frame.readUInt16BE(at);
  const targetPort = frame.readUInt16BE(at + 2);
  const flags = protocol === 6 ? (frame[at + 13] ?? 0) : 0;
  const payload = frame.subarray(Math.min(end, at + header), end);
  return { protocol, source, target, sourcePort, targetPort, flags, payload };
}

/** Where IP begins; -1: nothing we read. */
function linkBytes(link: number, frame: Buffer): number {
  if (link === 101 || link === 12 || link === 228 || link === 229) return 0;
  if (link === 113) return 16;
  if (link === 276) return 20;
  if (link === 0) return 4;
  if (link === 9) return 4;
  if (link !== 1 || frame.length < 18) return -1;
  let at = 12;
  while (frame.length > at + 6 && [0x8100, 0x88a8].includes(frame.readUInt16BE(at))) at += 4;
  const type = frame.readUInt16BE(at);
  if (type === 0x8864) return at + 10; // PPPoE
  return type === 0x0800 || type === 0x86dd ? at + 2 : -1;
}
