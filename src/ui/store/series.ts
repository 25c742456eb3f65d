/** What the charts draw: a bounded past of the machine and of the busiest applications (pure). */

/** Samples kept: fifteen minutes at one a second. */
export const CAPACITY = 900;
/** Applications with a past of their own; of more, the ones idle longest lose theirs. */
export const MAX_APPLICATIONS = 400;
/** Only an application that was idle for so many samples makes room for another. */
const IDLE_SAMPLES = 30;
/** A hole of more than so many intervals between two samples is a gap, whoever was away. */
const HOLE_INTERVALS = 2.5;

export interface Moment {
  readonly atMs: number;
  /** 0: unknown, there are no rates. */
  readonly intervalMs: number;
  readonly gap: string | null;
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** Bytes per second at each time; null: nothing is known, a gap. */
export interface Columns {
  readonly atMs: number[];
  readonly rx: (number | null)[];
  readonly tx: (number | null)[];
}

export interface Past {
  /** `each` is called with the index of every application that is active in it, by `keys`. */
  add(moment: Moment, activity: Activity): void;
  clear(): void;
  machine(fromMs: number, toMs: number): Columns;
  application(key: string, span: { fromMs: number; toMs: number }): Columns;
  hasApplication(key: string): boolean;
  /** Grows with what an application did lately, halves in half a minute: a calm order for the busiest. */
  busyness(key: string): number;
  readonly applications: number;
}

export interface Activity {
  readonly keys: readonly string[];
  /** `width` numbers for each key, the interval's rx and tx bytes first. */
  readonly numbers: Float64Array;
  readonly width: number;
}

interface Own {
  readonly rx: Float32Array;
  readonly tx: Float32Array;
  /** Number of the last moment that was written; later ones are zero. */
  last: number;
  busyness: number;
}

export function createPast(): Past {
  const times = new Float64Array(CAPACITY);
  const rx = new Float64Array(CAPACITY);
  const tx = new Float64Array(CAPACITY);
  const own = new Map<string, Own>();
  let count = 0;
  let intervalMs = 0;

  function append(atMs: number, rates: readonly [number, number]): void {
    const at = count % CAPACITY;
    times[at] = atMs;
    [rx[at], tx[at]] = rates as [number, number];
    count += 1;
  }

  function read(span: { fromMs: number; toMs: number }, of: (number: number) => Pair): Columns {
    const found: Columns = { atMs: [], rx: [], tx: [] };
    let first = count;
    while (first > Math.max(0, count - CAPACITY) && timeOf(first - 1) >= span.fromMs) first -= 1;
    for (let number = first; number < count && timeOf(number) <= span.toMs; number += 1) {
      const isGap = Number.isNaN(rx[number % CAPACITY]);
      const [down, up] = isGap ? [null, null] : of(number);
      found.atMs.push(timeOf(number));
      found.rx.push(down);
      found.tx.push(up);
    }
    return found;
  }

  function timeOf(number: number): number {
    return times[number % CAPACITY] ?? 0;
  }

  return {
    add(moment, activity) {
      const before = times[(count - 1) % CAPACITY] ?? 0;
      const seconds = moment.intervalMs / 1000;
      const isUnknown = moment.gap !== null || seconds <= 0;
      if (count > 0 && intervalMs > 0 && moment.atMs - before > HOLE_INTERVALS * intervalMs) {
        append(before + 1, [Number.NaN, Number.NaN]);
      }
      if (!isUnknown) intervalMs = moment.intervalMs;
      append(
        moment.atMs,
        isUnknown ? [Number.NaN, Number.NaN] : [moment.rxBytes / seconds, moment.txBytes / seconds],
      );
      if (!isUnknown) addOwn(own, activity, { number: count - 1, seconds });
    },
    clear() {
      own.clear();
      count = 0;
      intervalMs = 0;
    },
    machine: (fromMs, toMs) =>
      read({ fromMs, toMs }, (number) => [rx[number % CAPACITY] ?? 0, tx[number % CAPACITY] ?? 0]),
    application(key, span) {
      const one = own.get(key);
      return read(span, (number) => {
        if (one === undefined || number > one.last) return [0, 0];
        return [one.rx[number % CAPACITY] ?? 0, one.tx[number % CAPACITY] ?? 0];
      });
    },
    hasApplication: (key) => own.has(key),
    busyness(key) {
      const one = own.get(key);
      return one === undefined ? 0 : one.busyness * DECAY ** (count - 1 - one.last);
    },
    get applications() {
      return own.size;
    },
  };
}

/** Per sample: one half is left after thirty. */
const DECAY = 0.977;

type Pair = readonly [number, number];

function addOwn(
  own: Map<string, Own>,
  { keys, numbers, width }: Activity,
  { number, seconds }: { number: number; seconds: number },
): void {
  let idle: string[] | undefined;
  for (let row = 0; row < keys.length; row += 1) {
    const key = keys[row] ?? "";
    let one = own.get(key);
    if (one === undefined) {
      if (own.size >= MAX_APPLICATIONS) {
        idle ??= longestIdle(own, number);
        const victim = idle.pop();
        if (victim === undefined) continue;
        own.delete(victim);
      }
      one = {
        rx: new Float32Array(CAPACITY),
        tx: new Float32Array(CAPACITY),
        last: number - 1,
        busyness: 0,
      };
      own.set(key, one);
    }
    for (let zero = Math.max(one.last + 1, number - CAPACITY); zero < number; zero += 1) {
      one.rx[zero % CAPACITY] = 0;
      one.tx[zero % CAPACITY] = 0;
    }
    one.rx[number % CAPACITY] = (numbers[row * width] ?? 0) / seconds;
    one.tx[number % CAPACITY] = (numbers[row * width + 1] ?? 0) / seconds;
    const bytes = (numbers[row * width] ?? 0) + (numbers[row * width + 1] ?? 0);
    one.busyness = one.busyness * DECAY ** (number - one.last) + bytes;
    one.last = number;
  }
}

/** The one that is idle longest comes last. */
function longestIdle(own: Map<string, Own>, number: number): string[] {
  return [...own]
    .filter(([, { last }]) => number - last > IDLE_SAMPLES)
    .sort(([, a], [, b]) => b.last - a.last)
    .map(([key]) => key);
}
