/** Where an export goes: a file that the browser writes piece by piece where it can, else its memory, with a bound. */

import { formatBytes } from "../../../model/format.ts";

/** A browser that cannot write pieces keeps all of it until the end. */
export const MAX_KEPT_BYTES = 512e6;
/** Pieces are put together, so that the browser may move them to the disk. */
const PACK_BYTES = 8e6;

export type Piece = string | Uint8Array;

export interface Sink {
  write(piece: Piece): Promise<void>;
  /** All of it is there. */
  close(): Promise<void>;
  /** Nothing is left of it. */
  abort(): Promise<void>;
}

export interface FileKind {
  readonly name: string;
  readonly type: string;
}

/** Asks where to; must be called right from a click. undefined: whoever was asked has thought better of it. */
export async function openSink(kind: FileKind): Promise<Sink | undefined> {
  const pick = (globalThis as { showSaveFilePicker?: PickFile }).showSaveFilePicker;
  if (pick === undefined) return keepAll(kind);
  try {
    const ending = kind.name.slice(kind.name.lastIndexOf("."));
    const handle = await pick({
      suggestedName: kind.name,
      types: [{ accept: { [kind.type]: [ending] } }],
    });
    const file = await handle.createWritable();
    return {
      write: (piece) => file.write(piece as FileSystemWriteChunkType),
      close: () => file.close(),
      abort: () => file.abort(),
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return undefined;
    throw error;
  }
}

/** Of the File System Access API, which not every browser has. */
type PickFile = (options: {
  suggestedName: string;
  types: { accept: Record<string, string[]> }[];
}) => Promise<FileSystemFileHandle>;

function keepAll({ name, type }: FileKind): Sink {
  let parts: Blob[] = [];
  let pack: Piece[] = [];
  let packBytes = 0;
  let bytes = 0;
  const flush = () => {
    parts.push(new Blob(pack as BlobPart[]));
    pack = [];
    packBytes = 0;
  };
  return {
    async write(piece) {
      pack.push(piece);
      packBytes += piece.length;
      bytes += piece.length;
      if (bytes > MAX_KEPT_BYTES) {
        throw new Error(
          `This browser must keep an export in its memory, and it is more than ${formatBytes(MAX_KEPT_BYTES)}. ` +
            "Choose a shorter time or longer steps, or use: monitauri export --output FILE",
        );
      }
      if (packBytes > PACK_BYTES) flush();
    },
    async close() {
      flush();
      const url = URL.createObjectURL(new Blob(parts, { type }));
      const link = document.createElement("a");
      link.href = url;
      link.download = name;
      link.click();
      // The browser has taken it by then.
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
    async abort() {
      parts = [];
      pack = [];
    },
  };
}
