/** The latest live samples as text, bounded in number and in bytes: the oldest go first. */

export interface LiveText {
  readonly id: number;
  /** A LiveSample as JSON. */
  readonly text: string;
}

export interface LiveRing {
  /** Ids grow by one. */
  add(entry: LiveText): void;
  /** The oldest one that is newer; undefined where there is none. */
  after(id: number): LiveText | undefined;
  readonly bytes: number;
  readonly length: number;
  /** Keeps fewer from now on, or more. */
  setLimit(count: number): void;
}

export interface RingLimits {
  readonly count: number;
  readonly bytes: number;
}

export function createLiveRing(limits: RingLimits): LiveRing {
  let maxCount = limits.count;
  let entries: (LiveText | undefined)[] = [];
  /** Before this one everything is gone. */
  let first = 0;
  let bytes = 0;

  function drop(): void {
    bytes -= sizeOf(entries[first]);
    entries[first] = undefined;
    first += 1;
    // Moves the rest once in a while, not with each sample.
    if (first > entries.length / 2) {
      entries = entries.slice(first);
      first = 0;
    }
  }

  function trim(): void {
    while (entries.length - first > maxCount || bytes > limits.bytes) drop();
  }

  return {
    add(entry) {
      entries.push(entry);
      bytes += sizeOf(entry);
      trim();
    },
    after(id) {
      const oldest = entries[first]?.id ?? 0;
      return entries[first + Math.max(0, id + 1 - oldest)];
    },
    get bytes() {
      return bytes;
    },
    get length() {
      return entries.length - first;
    },
    setLimit(count) {
      maxCount = count;
      trim();
    },
  };
}

/** In memory it is as much where all is Latin-1, and at most twice as much where not. */
function sizeOf(entry: LiveText | undefined): number {
  return entry === undefined ? 0 : Buffer.byteLength(entry.text);
}
