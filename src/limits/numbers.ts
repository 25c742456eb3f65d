/** Small numbers that stand for things in kernel maps: stable while a thing is in use, and not given again at once. */

export interface Numbers {
  /** The number of a thing, new where it has none; 0 where all are in use. */
  of(name: string): number;
  /** Frees the numbers of all things but these. */
  keepOnly(names: ReadonlySet<string>): void;
}

export function createNumbers(limit: number): Numbers {
  const numbers = new Map<string, number>();
  const taken = new Set<number>();
  let last = 0;
  return {
    of(name) {
      const known = numbers.get(name);
      if (known !== undefined) return known;
      if (taken.size >= limit) return 0;
      do last = (last % limit) + 1;
      while (taken.has(last));
      taken.add(last);
      numbers.set(name, last);
      return last;
    },
    keepOnly(names) {
      for (const [name, number] of numbers) {
        if (names.has(name)) continue;
        numbers.delete(name);
        taken.delete(number);
      }
    },
  };
}
