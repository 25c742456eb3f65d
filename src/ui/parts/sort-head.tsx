/** A column's head that sorts: once by it, again the other way round. */

import type { Sorting } from "../store/order.ts";

export interface SortHeadProps<T extends string> {
  readonly text: string;
  readonly order: T;
  readonly sorting: Sorting<T>;
  readonly onSort: (sorting: Sorting<T>) => void;
  readonly className?: string;
  /** Says more than the head has room for. */
  readonly title?: string;
  /** Names go up first, numbers down. */
  readonly upwards?: boolean;
}

export function SortHead<T extends string>(props: SortHeadProps<T>) {
  const { text, order, sorting, onSort, className, title, upwards = false } = props;
  const isChosen = sorting.by === order;
  const isUp = upwards !== sorting.reverse;
  return (
    <th
      scope="col"
      className={className}
      aria-sort={isChosen ? (isUp ? "ascending" : "descending") : undefined}
    >
      <button
        type="button"
        className="sort"
        title={title}
        onClick={() => onSort({ by: order, reverse: isChosen && !sorting.reverse })}
      >
        {text}
        <i aria-hidden="true">{isChosen ? (isUp ? "↑" : "↓") : ""}</i>
      </button>
    </th>
  );
}
