/** All applications: sortable, with a filter. */

import { useMemo, useRef } from "react";
import { CopyButton } from "../../parts/copy-button.tsx";
import { FilterBox, parsed } from "../../parts/filter-box.tsx";
import { Header } from "../../parts/header.tsx";
import { setQuery, useQuery } from "../../router/router.tsx";
import { APP_ORDERS, type AppOrder, type Sorting, sortRows } from "../../store/order.ts";
import { type AppRow, filterRows } from "../../store/rows.ts";
import { useRows } from "../../store/use-rows.ts";
import { AppTable } from "./app-table.tsx";

export function Applications() {
  const [expression, setExpression] = useQuery("filter");
  const sorting = useSorting();
  const all = useRows();
  const filter = useMemo(() => parsed(expression), [expression]);
  const rows = useMemo(
    () => sortRows(expression === "" ? (all ?? []) : filterRows(all ?? [], filter.fits), sorting),
    [all, filter, sorting.by, sorting.reverse],
  );
  const mostBytes = rows.reduce((most, row) => Math.max(most, row.rxBytes + row.txBytes), 0);
  const latest = useRef(rows);
  latest.current = rows;
  // Kept as they are: no tick changes them.
  const header = useMemo(
    () => (
      <Header title="Applications" windowTitle="Applications" withScope>
        <CopyButton text={() => tableText(latest.current)} />
      </Header>
    ),
    [],
  );
  const filterBox = useMemo(
    () => (
      <FilterBox
        value={expression}
        onChange={setExpression}
        error={filter.error}
        placeholder="Filter: firefox user:ada rate:>1mbit"
      />
    ),
    [expression, filter],
  );
  return (
    <>
      {header}
      <div className="above">
        {filterBox}
        <p className="count">{countText(rows.length, all?.length)}</p>
      </div>
      <section className="card table" aria-label="Applications">
        {all === undefined ? (
          <p className="quiet">Asking the daemon …</p>
        ) : rows.length === 0 ? (
          <p className="quiet">
            {all.length === 0
              ? "Nothing has used this network yet. Open any web page: its program shows up within a second."
              : "No application fits this filter."}
          </p>
        ) : (
          <AppTable rows={rows} mostBytes={mostBytes} sorting={sorting} onSort={keepSorting} />
        )}
      </section>
    </>
  );
}

function useSorting(): Sorting<AppOrder> {
  const [by] = useQuery("sort");
  const [reverse] = useQuery("reverse");
  return { by: APP_ORDERS.find((order) => order === by) ?? "total", reverse: reverse === "1" };
}

function keepSorting({ by, reverse }: Sorting<AppOrder>): void {
  setQuery({ sort: by, reverse: reverse ? "1" : "" });
}

function countText(shown: number, all: number | undefined): string {
  if (all === undefined) return "";
  return shown === all ? `${all} in all` : `${shown} of ${all}`;
}

function tableText(rows: readonly AppRow[]) {
  return [
    [
      "application",
      "rxBytesPerSecond",
      "txBytesPerSecond",
      "rxBytes",
      "txBytes",
      "connections",
      "path",
    ],
    ...rows.map((row) => [
      row.name,
      Math.round(row.rxBytesPerSecond),
      Math.round(row.txBytesPerSecond),
      row.rxBytes,
      row.txBytes,
      row.connections,
      row.ps?.path ?? "",
    ]),
  ];
}
