/** Which rows of a long table are drawn: those in view and a few around them. The page itself scrolls. All rows are
 * equally high, so that nothing of them needs to be measured. */

import { type RefObject, useLayoutEffect, useRef, useState } from "react";

export interface VirtualRows {
  /** Goes onto the table's body. */
  readonly body: RefObject<HTMLTableSectionElement | null>;
  readonly indexes: readonly number[];
  /** Height of what is left out above and below, CSS pixels. */
  readonly before: number;
  readonly after: number;
  /** Whether this row is in view, not only near it: the others need not follow each tick. */
  readonly isSeen: (index: number) => boolean;
}

/** Rows beyond what is seen, at each end: scrolling shows none that is missing. */
const AROUND = 8;
/** Rows come and go in groups, so that not each line of scrolling draws anew. */
const GROUP = 2;

export function useVirtualRows(count: number, rowHeight: number): VirtualRows {
  const body = useRef<HTMLTableSectionElement>(null);
  const [view, setView] = useState({ first: 0, last: 20 });
  useLayoutEffect(() => {
    let top = 0;
    const look = () => {
      const group = rowHeight * GROUP;
      const first = Math.floor((scrollY - top) / group) * GROUP;
      const last = Math.ceil((scrollY - top + innerHeight) / group) * GROUP;
      setView((old) => (old.first === first && old.last === last ? old : { first, last }));
    };
    // Measured when something changed its size, not with each tick: measuring makes the browser lay out at once.
    const measure = () => {
      top = (body.current?.getBoundingClientRect().top ?? 0) + scrollY;
      look();
    };
    const watch = new ResizeObserver(measure);
    measure();
    watch.observe(document.body);
    for (const one of document.querySelectorAll("main > *")) watch.observe(one);
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      watch.disconnect();
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [rowHeight]);
  const first = Math.min(Math.max(0, view.first - AROUND), Math.max(0, count - 1));
  const end = Math.min(count, Math.max(first, view.last + AROUND));
  return {
    body,
    indexes: Array.from({ length: end - first }, (_, at) => first + at),
    before: first * rowHeight,
    after: (count - end) * rowHeight,
    isSeen: (index) => index >= view.first && index < view.last,
  };
}
