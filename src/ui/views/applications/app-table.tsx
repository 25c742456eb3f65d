/** The table of applications: the same on Overview, where it is short, and in its own view. */

import { memo } from "react";
import { programOf } from "../../../model/limit-match.ts";
import { Spark, sparkEnd } from "../../charts/spark.tsx";
import { Rate, Share, Volume } from "../../parts/figures.tsx";
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
import { type Units, units } from "../../store/settings.ts";

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
  return (
    <table className="rows apps">
      <AppHead sorting={sorting} onSort={onSort} />
      <tbody ref={body}>
        {before > 0 ? <tr className="space" style={{ height: `${before}px` }} /> : null}
        {indexes.map((index) => {
          const row = rows[index];
          if (row === undefined) return null;
          const share = mostBytes > 0 ? (row.rxBytes + row.txBytes) / mostBytes : 0;
          return (
            <AppTableRow
              key={row.key}
              index={index}
              row={row}
              isSeen={isSeen(index)}
              share={Math.round(share * 100) / 100}
              sparkToMs={sparkEnd(nowMs, index)}
              units={unit}
            />
          );
        })}
        {after > 0 ? <tr className="space" style={{ height: `${after}px` }} /> : null}
      </tbody>
    </table>
  );
}

function AppHead({ sorting, onSort }: Pick<AppTableProps, "sorting" | "onSort">) {
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
}

interface RowProps {
  readonly index: number;
  readonly row: AppRow;
  readonly isSeen: boolean;
  /** To the percent: a smaller change is not seen. */
  readonly share: number;
  readonly sparkToMs: number;
  readonly units: Units;
}

const AppTableRow = memo(function AppTableRow({
  index,
  row,
  share,
  sparkToMs,
  units: unit,
}: RowProps) {
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
      <td className="c-rate n d">
        <Rate bytesPerSecond={row.rxBytesPerSecond} units={unit} />
      </td>
      <td className="c-rate n u">
        <Rate bytesPerSecond={row.txBytesPerSecond} units={unit} />
      </td>
      <td className="c-total n">
        <Volume bytes={row.rxBytes + row.txBytes} />
        <Share share={share} />
      </td>
      <td className="c-count n">{row.connections === 0 ? "–" : row.connections}</td>
      <td className="c-limit">
        {row.key.startsWith("remainder:") ? null : (
          <LimitButton
            program={{ key: row.key, name: row.name, path: row.ps?.path ?? undefined }}
          />
        )}
      </td>
    </tr>
  );
}, isSameRow);

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

function isSameRow(a: RowProps, b: RowProps): boolean {
  return (
    a.index === b.index &&
    a.units === b.units &&
    a.row.key === b.row.key &&
    a.row.name === b.row.name &&
    a.row.detail === b.row.detail &&
    a.row.running === b.row.running &&
    (!b.isSeen || isSameNow(a, b))
  );
}

/** What a tick changes. */
function isSameNow(a: RowProps, b: RowProps): boolean {
  return (
    a.share === b.share &&
    a.sparkToMs === b.sparkToMs &&
    a.row.rxBytesPerSecond === b.row.rxBytesPerSecond &&
    a.row.txBytesPerSecond === b.row.txBytesPerSecond &&
    a.row.rxBytes === b.row.rxBytes &&
    a.row.txBytes === b.row.txBytes &&
    a.row.connections === b.row.connections
  );
}
