// A disk with a volatile write cache, served to QEMU over NBD: what was written is lasting only after the guest has asked
// for a flush, as with a real disk that loses power. https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
import { createServer, type Server, type Socket } from "node:net";

/** What a disk writes as a whole; a larger write may be torn between them. */
const BLOCK = 4_096;
const OPTION = 0x49484156454f5054n;
const OPTION_REPLY = 0x3e889045565a9n;
const REQUEST = 0x25609513;
const REPLY = 0x67446698;
const UNSUPPORTED = 0x80000001;
const EXPORT_NAME = 1;
const FIXED_NEWSTYLE = 1;
/** There are flags; flush and FUA are obeyed. */
const ABILITIES = 1 | 4 | 8;
const FUA = 1;
const READ = 0;
const WRITE = 1;
const DISCONNECT = 2;
const FLUSH = 3;
const REQUEST_BYTES = 28;

export interface VolatileDisk extends AsyncDisposable {
  readonly address: string;
  /** Blocks that were written and not flushed. */
  pendingBlocks(): number;
  flushes(): number;
  /** Stops answering in the middle of the work, after so many more writes, and says so. */
  failAfter(writes: number, failed: () => void): void;
  /** The power fails: of what was not flushed each block is there or not, in whatever order. */
  losePower(chance: () => number): { kept: number; lost: number };
}

export interface DiskOptions {
  /** A Unix socket's path. */
  readonly address: string;
  /** What the disk holds; changed in place. */
  readonly content: Buffer;
  /** Says that it flushed and did not, as bad disks do: to see that the test notices. */
  readonly lies?: boolean;
}

export async function serveDisk({
  address,
  content,
  lies = false,
}: DiskOptions): Promise<VolatileDisk> {
  let lasting = Buffer.from(content);
  /** By block: each state it was written in since the last flush, the oldest first. */
  let pending = new Map<number, Buffer[]>();
  let flushes = 0;
  let failure: { writes: number; failed: () => void } | undefined;
  let isDead = false;

  function note(offset: number, length: number): void {
    const last = Math.floor((offset + length - 1) / BLOCK);
    for (let block = Math.floor(offset / BLOCK); block <= last; block += 1) {
      const states = pending.get(block) ?? [];
      states.push(Buffer.from(content.subarray(block * BLOCK, (block + 1) * BLOCK)));
      pending.set(block, states);
    }
  }

  function settle(blocks: Iterable<number>): void {
    if (lies) return;
    for (const block of blocks) {
      pending
        .get(block)
        ?.at(-1)
        ?.copy(lasting, block * BLOCK);
      pending.delete(block);
    }
  }

  function obey(socket: Socket, request: Buffer, data: Buffer): void {
    const flags = request.readUInt16BE(4);
    const type = request.readUInt16BE(6);
    const offset = Number(request.readBigUInt64BE(16));
    const length = request.readUInt32BE(24);
    if (isDead) return;
    const head = Buffer.alloc(16);
    head.writeUInt32BE(REPLY, 0);
    request.copy(head, 8, 8, 16);
    if (type === WRITE) {
      data.copy(content, offset);
      note(offset, length);
      if (failure !== undefined && (failure.writes -= 1) <= 0) {
        isDead = true;
        failure.failed();
        return;
      }
      if ((flags & FUA) !== 0) {
        const first = Math.floor(offset / BLOCK);
        const count = Math.floor((offset + length - 1) / BLOCK) - first + 1;
        settle(Array.from({ length: count }, (_, n) => first + n));
      }
    } else if (type === FLUSH) {
      flushes += 1;
      settle([...pending.keys()]);
    } else if (type === DISCONNECT) {
      socket.end();
      return;
    }
    socket.write(
      type === READ ? Buffer.concat([head, content.subarray(offset, offset + length)]) : head,
    );
  }

  const server = createServer((socket) => {
    socket.on("error", () => {}); // QEMU is killed in the middle.
    greet(socket, content.length);
    talk(socket, content.length, obey);
  });
  await listen(server, address);
  return {
    address,
    pendingBlocks: () => pending.size,
    flushes: () => flushes,
    failAfter(writes, failed) {
      failure = { writes, failed };
    },
    losePower(chance) {
      failure = undefined;
      isDead = false;
      let [kept, lost] = [0, 0];
      for (const [block, states] of pending) {
        const state = states[Math.floor(chance() * (states.length + 1)) - 1];
        if (state === undefined) lost += 1;
        else {
          state.copy(lasting, block * BLOCK);
          kept += 1;
        }
      }
      pending = new Map();
      lasting.copy(content);
      lasting = Buffer.from(content);
      return { kept, lost };
    },
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, resolve);
  });
}

function greet(socket: Socket, size: number): void {
  if (size % BLOCK !== 0) throw new RangeError("A disk is whole blocks");
  const hello = Buffer.alloc(18);
  hello.write("NBDMAGIC", 0, "latin1");
  hello.writeBigUInt64BE(OPTION, 8);
  hello.writeUInt16BE(FIXED_NEWSTYLE, 16);
  socket.write(hello);
}

/** First the client's flags, then options, then requests: each is read when all of it is there. */
function talk(
  socket: Socket,
  size: number,
  obey: (socket: Socket, request: Buffer, data: Buffer) => void,
): void {
  let stage: "flags" | "options" | "requests" = "flags";
  let chunks: Buffer[] = [];
  let have = 0;
  let wanted = 4;

  function next(all: Buffer): number {
    switch (stage) {
      case "flags":
        stage = "options";
        return 4;
      case "options": {
        const length = all.length < 16 ? 0 : all.readUInt32BE(12);
        wanted = 16 + length;
        if (all.length < wanted) return 0;
        const option = all.readUInt32BE(8);
        if (option === EXPORT_NAME) {
          // With 124 bytes of nothing, unless the client has said that it can do without.
          const answer = Buffer.alloc(10 + 124);
          answer.writeBigUInt64BE(BigInt(size), 0);
          answer.writeUInt16BE(ABILITIES, 8);
          socket.write(answer);
          stage = "requests";
        } else {
          const answer = Buffer.alloc(20);
          answer.writeBigUInt64BE(OPTION_REPLY, 0);
          answer.writeUInt32BE(option, 8);
          answer.writeUInt32BE(UNSUPPORTED, 12);
          socket.write(answer);
        }
        return wanted;
      }
      case "requests": {
        const isWrite = all.length >= REQUEST_BYTES && all.readUInt16BE(6) === WRITE;
        wanted = REQUEST_BYTES + (isWrite ? all.readUInt32BE(24) : 0);
        if (all.length < wanted) return 0;
        if (all.readUInt32BE(0) !== REQUEST) {
          socket.destroy();
          return all.length;
        }
        obey(socket, all, all.subarray(REQUEST_BYTES, wanted));
        return wanted;
      }
    }
  }

  socket.on("data", (chunk) => {
    chunks.push(chunk);
    have += chunk.length;
    if (have < wanted) return;
    let all = Buffer.concat(chunks);
    for (;;) {
      const least = stage === "flags" ? 4 : stage === "options" ? 16 : REQUEST_BYTES;
      if (all.length < least) {
        wanted = least;
        break;
      }
      const used = next(all);
      if (used === 0) break;
      all = all.subarray(used);
    }
    chunks = all.length === 0 ? [] : [all];
    have = all.length;
  });
}
