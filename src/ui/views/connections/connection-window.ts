/** The rows in view of a list that the daemon keeps: only those are asked for, once a tick. */

import { useEffect, useReducer, useRef } from "react";
import type { ConnectionOrder } from "../../../model/monitauri.ts";
import type { Connection } from "../../../model/sample.ts";
import { useStore } from "../../store/create-store.ts";
import { client, link, pausedAtMs } from "../../store/live.ts";
import type { Sorting } from "../../store/order.ts";

export interface WindowQuery {
  readonly filter: string;
  readonly sorting: Sorting<ConnectionOrder>;
  readonly from: number;
  readonly to: number;
}

export interface ConnectionWindow {
  /** undefined: not asked for yet. */
  row(index: number): Connection | undefined;
  /** How many fit the filter; undefined until the first answer. */
  readonly count: number | undefined;
  readonly total: number;
  readonly error: string | undefined;
}

interface Held {
  readonly filter: string;
  readonly offset: number;
  readonly rows: readonly Connection[];
  readonly count: number | undefined;
  readonly total: number;
  readonly error: string | undefined;
}

const EVERY_MS = 1_000;
/** Scrolling rests so long before it is asked for. */
const REST_MS = 50;
/** Rows asked for above and below, so that small steps need no answer. */
const AROUND = 25;
const NOTHING: Held = {
  filter: "",
  offset: 0,
  rows: [],
  count: undefined,
  total: 0,
  error: undefined,
};

export function useConnectionWindow({ filter, sorting, from, to }: WindowQuery): ConnectionWindow {
  const held = useRef(NOTHING);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { by, reverse } = sorting;
  const isLive = useStore(link).state === "live";
  // In steps, so that each scrolled row is not another question.
  const first = Math.max(0, Math.floor(from / AROUND) * AROUND - AROUND);
  const last = Math.ceil(to / AROUND) * AROUND + AROUND;
  useEffect(() => {
    let isOver = false;
    let timer = setTimeout(() => void ask(), held.current === NOTHING ? 0 : REST_MS);
    async function ask(): Promise<void> {
      const isStill =
        pausedAtMs.get() !== undefined && covers(held.current, { filter, first, last });
      if (!document.hidden && !isStill) {
        const query = { filter, sort: by, reverse, offset: first, limit: last - first };
        const next = await client.connections(query).then(
          ({ connections, count, total }): Held => {
            return { filter, offset: first, rows: connections, count, total, error: undefined };
          },
          (error: unknown): Held => ({
            ...held.current,
            error: error instanceof Error ? error.message : String(error),
          }),
        );
        if (isOver) return;
        held.current = next;
        redraw();
      }
      timer = setTimeout(() => void ask(), EVERY_MS);
    }
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [filter, by, reverse, first, last, isLive]);
  const { offset, rows, count, total, error } = held.current;
  return { row: (index) => rows[index - offset], count, total, error };
}

function covers(
  held: Held,
  { filter, first, last }: { filter: string; first: number; last: number },
) {
  const end = Math.min(last, held.count ?? 0);
  return held.filter === filter && held.offset <= first && held.offset + held.rows.length >= end;
}
