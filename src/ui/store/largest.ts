/** The few largest of many, largest first (pure). Sorting all of them costs ten times as much, at every tick. */

export function largest<T>(all: Iterable<T>, count: number, sizeOf: (one: T) => number): T[] {
  const found: { one: T; size: number }[] = [];
  for (const one of all) {
    const size = sizeOf(one);
    const least = found.at(-1);
    if (found.length === count && least !== undefined && size <= least.size) continue;
    // Behind those of the same size: who came first stays first.
    const at = found.findLastIndex((other) => other.size >= size) + 1;
    found.splice(at, 0, { one, size });
    if (found.length > count) found.pop();
  }
  return found.map(({ one }) => one);
}
