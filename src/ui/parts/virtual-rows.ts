/** Which rows of a long table are drawn: those in view and a few around them. The page itself scrolls. */

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useLayoutEffect, useRef, useState } from "react";

export interface VirtualRows {
  /** Goes onto the table's body. */
  readonly body: RefObject<HTMLTableSectionElement | null>;
  readonly indexes: readonly number[];
  /** Height of what is left out above and below, CSS pixels. */
  readonly before: number;
  readonly after: number;
}

export function useVirtualRows(count: number, rowHeight: number): VirtualRows {
  const body = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    // Measured when something changed its size, not with each tick: measuring makes the browser lay out at once.
    const measure = () => setTop((body.current?.getBoundingClientRect().top ?? 0) + scrollY);
    const watch = new ResizeObserver(measure);
    measure();
    watch.observe(document.body);
    for (const one of document.querySelectorAll("main > *")) watch.observe(one);
    return () => watch.disconnect();
  }, []);
  const rows = useWindowVirtualizer({
    count,
    estimateSize: () => rowHeight,
    overscan: 10,
    scrollMargin: top,
  });
  const items = rows.getVirtualItems();
  const first = items[0];
  const last = items.at(-1);
  return {
    body,
    indexes: items.map(({ index }) => index),
    before: first === undefined ? 0 : first.start - top,
    after: last === undefined ? 0 : rows.getTotalSize() - (last.end - top),
  };
}
