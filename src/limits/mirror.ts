/** A kernel map of which this program is the only writer: keeps what is in it, and writes the difference. */

import type { BpfObject } from "../native/bpf-object.ts";

export interface Mirror {
  /** Makes the map hold exactly this; how many entries changed. `full`: entries that found no room. */
  set(entries: Iterable<readonly [key: Buffer, value: Buffer]>): { changed: number; full: number };
  /** The other way round: first adds and changes, and removes when the returned function is called. */
  setLater(entries: Iterable<readonly [key: Buffer, value: Buffer]>): {
    changed: number;
    full: number;
    removeOld(): void;
  };
}

export function createMirror(object: BpfObject, map: string): Mirror {
  const held = new Map<string, string>();

  function setLater(entries: Iterable<readonly [Buffer, Buffer]>) {
    const wanted = new Set<string>();
    let changed = 0;
    let full = 0;
    for (const [key, value] of entries) {
      const name = key.toString("latin1");
      const text = value.toString("latin1");
      wanted.add(name);
      if (held.get(name) === text) continue;
      changed += 1;
      if (object.update(map, key, value)) held.set(name, text);
      else full += 1;
    }
    const old = [...held.keys()].filter((name) => !wanted.has(name));
    const removeOld = () => {
      for (const name of old) {
        object.remove(map, Buffer.from(name, "latin1"));
        held.delete(name);
      }
    };
    return { changed: changed + old.length, full, removeOld };
  }

  return {
    setLater,
    set(entries) {
      const { changed, full, removeOld } = setLater(entries);
      removeOld();
      return { changed, full };
    },
  };
}
