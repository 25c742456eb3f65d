/** A map that holds a number of entries at most: the one that was set or read longest ago goes. */

export class RecentMap<Key, Value> {
  readonly #map = new Map<Key, Value>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#map.size;
  }

  /** The value, which counts as used now. */
  get(key: Key): Value | undefined {
    const value = this.#map.get(key);
    if (value === undefined) return undefined;
    this.#map.delete(key);
    this.#map.set(key, value);
    return value;
  }

  /** The value without using it. */
  peek(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  set(key: Key, value: Value): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size > this.#limit) this.dropOldest();
  }

  delete(key: Key): Value | undefined {
    const value = this.#map.get(key);
    this.#map.delete(key);
    return value;
  }

  /** Removes the entry that was used longest ago and returns what it held. */
  dropOldest(): Value | undefined {
    for (const key of this.#map.keys()) return this.delete(key);
    return undefined;
  }
}
