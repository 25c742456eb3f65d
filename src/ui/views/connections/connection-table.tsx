/** The table of connections, as long as it may be. */

import { useEffect, useState } from "react";
import type { ConnectionOrder } from "../../../model/monitauri.ts";
import { SortHead } from "../../parts/sort-head.tsx";
import { useVirtualRows } from "../../parts/virtual-rows.ts";
import { useStore } from "../../store/create-store.ts";
import { shown } from "../../store/live.ts";
import type { Sorting } from "../../store/order.ts";
import { units } from "../../store/settings.ts";
import { ConnectionRow } from "./connection-row.tsx";
import { type ConnectionWindow, useConnectionWindow } from "./connection-window.ts";

/** As in the style sheet. */
const ROW_HEIGHT = 48;

export interface ConnectionTableProps {
  readonly filter: string;
  readonly sorting: Sorting<ConnectionOrder>;
  readonly onSort: (sorting: Sorting<ConnectionOrder>) => void;
  readonly onCount: (window: ConnectionWindow) => void;
}

export function ConnectionTable({ filter, sorting, onSort, onCount }: ConnectionTableProps) {
  const [count, setCount] = useState(0);
  const { body, indexes, before, after } = useVirtualRows(count, ROW_HEIGHT);
  const window = useConnectionWindow({
    filter,
    sorting,
    from: indexes[0] ?? 0,
    to: indexes.at(-1) ?? 30,
  });
  const unit = useStore(units);
  const nowMs = useStore(shown)?.atMs ?? 0;
  useEffect(() => {
    setCount(window.count ?? 0);
    onCount(window);
  }, [window.count, window.total, window.error, onCount]);
  return (
    <table className="rows connections">
      <ConnectionHead sorting={sorting} onSort={onSort} />
      <tbody ref={body}>
        {before > 0 ? <tr className="space" style={{ height: `${before}px` }} /> : null}
        {indexes.map((index) => {
          const row = window.row(index);
          if (row === undefined) return <Waiting key={`at ${index}`} index={index} />;
          return <ConnectionRow key={row.id} index={index} row={row} nowMs={nowMs} units={unit} />;
        })}
        {after > 0 ? <tr className="space" style={{ height: `${after}px` }} /> : null}
      </tbody>
    </table>
  );
}

function Waiting({ index }: { readonly index: number }) {
  return (
    <tr data-waiting={index}>
      <td colSpan={11} className="quiet">
        …
      </td>
    </tr>
  );
}

function ConnectionHead({ sorting, onSort }: Pick<ConnectionTableProps, "sorting" | "onSort">) {
  const head = (order: ConnectionOrder, text: string, className: string, title?: string) => (
    <SortHead
      order={order}
      text={text}
      className={className}
      sorting={sorting}
      onSort={onSort}
      upwards={order === "application" || order === "remote" || order === "state"}
      {...(title === undefined ? {} : { title })}
    />
  );
  return (
    <thead>
      <tr>
        {head("application", "Application", "c-name")}
        {head("remote", "Remote", "c-remote")}
        <th
          scope="col"
          className="c-proto"
          title="What is spoken; in italics with a ? it is a guess by the port"
        >
          Protocol
        </th>
        <th
          scope="col"
          className="c-place"
          title="Country of the address and whose network it is in"
        >
          Where
        </th>
        {head("state", "State", "c-state")}
        {head("rx", "Download", "c-rate n")}
        {head("tx", "Upload", "c-rate n")}
        {head("rxTotal", "In all", "c-total n", "Bytes since it began, sorted by download")}
        {head("rtt", "RTT", "c-rtt n", "Round-trip time: how long a packet and its answer take")}
        {head("retransmits", "Resent", "c-resent n", "Packets that had to be sent again")}
        {head("opened", "Since", "c-since n")}
      </tr>
    </thead>
  );
}
