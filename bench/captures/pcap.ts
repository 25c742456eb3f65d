// Reads pcap and pcapng files as far as a measurement needs: packets with their link type, in order.

export interface Packet {
  /** LINKTYPE_ of its interface: 1 Ethernet, 101 IP, 113 Linux cooked, 276 its second version. */
  readonly link: number;
  readonly bytes: Buffer;
}

const MAX_PACKET_BYTES = 262_144;

/** Stops quietly where the file is cut or broken. */
export function* packetsOf(file: Buffer): Generator<Packet> {
  if (file.length < 24) return;
  const magic = file.readUInt32LE(0);
  if (magic === 0x0a0d0d0a) yield* pcapng(file);
  else if (magic === 0xa1b2c3d4 || magic === 0xa1b23c4d) yield* pcap(file, false);
  else if (magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1) yield* pcap(file, true);
}

function* pcap(file: Buffer, isBig: boolean): Generator<Packet> {
  const u32 = (at: number) => (isBig ? file.readUInt32BE(at) : file.readUInt32LE(at));
  const link = u32(20) & 0xffff;
  for (let at = 24; at + 16 <= file.length; ) {
    const length = u32(at + 8);
    if (length > MAX_PACKET_BYTES || at + 16 + length > file.length) return;
    yield { link, bytes: file.subarray(at + 16, at + 16 + length) };
    at += 16 + length;
  }
}

function* pcapng(file: Buffer): Generator<Packet> {
  let isBig = false;
  let links: number[] = [];
  const u32 = (at: number) => (isBig ? file.readUInt32BE(at) : file.readUInt32LE(at));
  const u16 = (at: number) => (isBig ? file.readUInt16BE(at) : file.readUInt16LE(at));
  for (let at = 0; at + 12 <= file.length; ) {
    const type = file.readUInt32LE(at);
    if (type === 0x0a0d0d0a) {
      isBig = file.readUInt32BE(at + 8) === 0x1a2b3c4d;
      links = [];
    }
    const length = u32(at + 4);
    if (length < 12 || length % 4 !== 0 || at + length > file.length) return;
    const kind = u32(at);
    if (kind === 1) links.push(u16(at + 8));
    if (kind === 6) {
      const bytes = file.subarray(at + 28, Math.min(at + 28 + u32(at + 20), at + length - 4));
      yield { link: links[u32(at + 8)] ?? 1, bytes };
    }
    if (kind === 3) {
      yield { link: links[0] ?? 1, bytes: file.subarray(at + 12, at + length - 4) };
    }
    at += length;
  }
}
