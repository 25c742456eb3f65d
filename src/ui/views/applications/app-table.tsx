/** The table of applications: the same on Overview, where it is short, and in its own view. */

import { memo, type PointerEvent, useLayoutEffect, useRef } from "react";
import { programOf } from "../../../model/limit-match.ts";
import { Spark, sparkEnd } from "../../charts/spark.tsx";
import { LimitButton, LimitMark } from "../../parts/limit-button.tsx";
import { Mark } from "../../parts/mark.tsx";
import { SortHead } from "../../parts/sort-head.tsx";
import { useVirtualRows } from "../../parts/virtual-rows.ts";
import { follow, Link } from "../../router/router.tsx";
import { applicationPath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { shown } from "../../store/live.ts";
import type { AppOrder, Sorting } from "../../store/order.ts";
import type { AppRow } from "../../store/rows.ts";
import { units } from "../../store/settings.ts";
import { exactText, writeFigures } from "./row-figures.ts";

/** As in the style sheet. */
const ROW_HEIGHT = 54;

export interface AppTableProps {
  readonly rows: readonly AppRow[];
  /** What the shares in "since start" are of. */
  readonly mostBytes: number;
  readonly sorting?: Sorting<AppOrder> | undefined;
  readonly onSort?: ((sorting: Sorting<AppOrder>) => void) | undefined;
}

export function AppTable({ rows, mostBytes, sorting, onSort }: AppTableProps) {
  const { body, indexes, before, after, isSeen } = useVirtualRows(rows.length, ROW_HEIGHT);
  const unit = useStore(units);
  const nowMs = useStore(shown)?.atMs ?? 0;
  const written = useRef(new WeakSet<Element>());
  useLayoutEffect(() => {
    for (const element of body.current?.rows ?? []) {
      const index = Number(element.dataset.row);
      const row = rows[index];
      // Those out of view have figures too, which need not be the last.
      if (row === undefined || (written.current.has(element) && !isSeen(index))) continue;
      writeFigures(element, { row, mostBytes, units: unit });
      written.current.add(element);
    }
  });
  /** Written to every number at every tick it would cost more than the numbers themselves. */
  const sayExactly = ({ target }: PointerEvent<HTMLElement>) => {
    const figure = target instanceof Element ? target.closest<HTMLElement>(".figure") : null;
    const cell = figure?.closest("td");
    const row = rows[Number(cell?.closest("tr")?.dataset.row)];
    if (!figure || !cell || row === undefined) return;
    figure.title = exactText(cell.cellIndex, { row, units: unit }) ?? "";
  };
  return (
    <table className="rows apps">
      <AppHead sorting={sorting} onSort={onSort} />
      <tbody ref={body} onPointerOver={sayExactly}>
        {before > 0 ? <tr className="space" style={{ height: `${before}px` }} /> : null}
        {indexes.map((index) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <AppTableRow
              key={row.key}
              index={index}
              row={row}
              isSeen={isSeen(index)}
              sparkToMs={sparkEnd(nowMs, index)}
            />
          );
        })}
        {after > 0 ? <tr className="space" style={{ height: `${after}px` }} /> : null}
      </tbody>
    </table>
  );
}

const AppHead = memo(function AppHead({
  sorting,
  onSort,
}: Pick<AppTableProps, "sorting" | "onSort">) {
  const head = (order: AppOrder, text: string, className: string) =>
    sorting === undefined || onSort === undefined ? (
      <th scope="col" className={className}>
        {text}
      </th>
    ) : (
      <SortHead
        order={order}
        text={text}
        className={className}
        sorting={sorting}
        onSort={onSort}
        upwards={order === "name"}
      />
    );
  return (
    <thead>
      <tr>
        {head("name", "Application", "c-name")}
        <th scope="col" className="c-spark">
          Last 2 min
        </th>
        {head("rx", "Download", "c-rate n")}
        {head("tx", "Upload", "c-rate n")}
        {head("total", "Since start", "c-total n")}
        {head("connections", "Connections", "c-count n")}
        <th scope="col" className="c-limit">
          <span className="unseen">Limit</span>
        </th>
      </tr>
    </thead>
  );
});

interface RowProps {
  readonly index: number;
  readonly row: AppRow;
  readonly isSeen: boolean;
  readonly sparkToMs: number;
}

/** Its figures are written into it when it is there. */
const AppTableRow = memo(function AppTableRow({ index, row, sparkToMs }: RowProps) {
  const href = applicationPath(row.key);
  return (
    <tr
      data-row={index}
      className={row.running ? undefined : "ended"}
      onClick={(event) => getSelection()?.isCollapsed !== false && follow(event, href)}
    >
      <AppName appKey={row.key} name={row.name} detail={row.detail} />
      <td className="c-spark">
        <Spark appKey={row.key} toMs={sparkToMs} />
      </td>
      <FigureCells />
      <LimitCell appKey={row.key} name={row.name} path={row.ps?.path ?? undefined} />
    </tr>
  );
}, isSameRow);

/** Nothing of them is compared again: what stands in them is not the page's library's. */
const FigureCells = memo(function FigureCells() {
  return (
    <>
      <td className="c-rate n d" translate="no">
        <span className="figure nothing">
          –<small />
        </span>
      </td>
      <td className="c-rate n u" translate="no">
        <span className="figure nothing">
          –<small />
        </span>
      </td>
      <td className="c-total n" translate="no">
        <span className="figure volume">
          –<small />
        </span>
        <span className="bar share" aria-hidden="true" />
      </td>
      <td className="c-count n" translate="no" />
    </>
  );
});

interface NameProps {
  readonly appKey: string;
  readonly name: string;
  readonly detail: string;
}

/** Apart from the numbers, which change with each tick. */
const AppName = memo(function AppName({ appKey, name, detail }: NameProps) {
  return (
    <td className="c-name">
      <span className="app">
        <Mark appKey={appKey} name={name} />
        <span className="names">
          <Link href={applicationPath(appKey)} title={name}>
            <bdi>{name}</bdi>
          </Link>
          <small>
            <LimitMark program={programOf(appKey, name)} />
            <bdi>{detail}</bdi>
          </small>
        </span>
      </span>
    </td>
  );
});

interface LimitCellProps {
  readonly appKey: string;
  readonly name: string;
  readonly path: string | undefined;
}

const LimitCell = memo(function LimitCell({ appKey, name, path }: LimitCellProps) {
  return (
    <td className="c-limit">
      {appKey.startsWith("remainder:") ? null : (
        <LimitButton program={{ key: appKey, name, path }} />
      )}
    </td>
  );
});

function isSameRow(a: RowProps, b: RowProps): boolean {
  return (
    a.index === b.index &&
    a.row.key === b.row.key &&
    a.row.name === b.row.name &&
    a.row.detail === b.row.detail &&
    a.row.running === b.row.running &&
    a.row.ps?.path === b.row.ps?.path &&
    (!b.isSeen || a.sparkToMs === b.sparkToMs)
  );
}
