/** All connections: filtered, sorted and cut to what is in view by the daemon. */

import { useCallback, useMemo, useState } from "react";
import { CONNECTION_ORDERS, type ConnectionOrder } from "../../../model/monitauri.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { FilterBox, parsed } from "../../parts/filter-box.tsx";
import { Header } from "../../parts/header.tsx";
import { setQuery, useQuery } from "../../router/router.tsx";
import { useStore } from "../../store/create-store.ts";
import { client, interfaces } from "../../store/live.ts";
import type { Sorting } from "../../store/order.ts";
import { scopeTerm } from "../../store/scope.ts";
import { scope } from "../../store/settings.ts";
import { ConnectionTable } from "./connection-table.tsx";
import type { ConnectionWindow } from "./connection-window.ts";
import { connectionsText } from "./connections-text.ts";
import { Tabs } from "./tabs.tsx";

export function Connections() {
  const [expression, setExpression] = useQuery("filter");
  const sorting = useSorting();
  const [window, setWindow] = useState<ConnectionWindow>();
  const { error } = useMemo(() => parsed(expression), [expression]);
  const chosen = useStore(scope);
  const loopback = useStore(interfaces).filter(({ kind }) => kind === "loopback");
  const term = scopeTerm(
    chosen,
    loopback.map(({ name }) => name),
  );
  const filter = error === undefined ? `${expression} ${term}`.trim() : term;
  const count = useCallback((next: ConnectionWindow) => setWindow(next), []);
  return (
    <>
      <Header title="Connections" windowTitle="Connections" withScope>
        <CopyButton
          text={async () => {
            const { by, reverse } = sorting;
            return connectionsText(
              (await client.connections({ filter, sort: by, reverse })).connections,
            );
          }}
        />
      </Header>
      <Tabs />
      <div className="above">
        <FilterBox
          value={expression}
          onChange={setExpression}
          error={error ?? window?.error}
          placeholder="Filter: firefox port:443 rate:>1mbit"
        />
        <p className="count">{countText(window, expression)}</p>
      </div>
      <section className="card table" aria-label="Connections">
        <ConnectionTable filter={filter} sorting={sorting} onSort={keepSorting} onCount={count} />
        {window?.count === 0 ? (
          <p className="quiet">
            {expression === "" ? "No connections here now." : "No connection fits this filter."}
          </p>
        ) : null}
      </section>
    </>
  );
}

function useSorting(): Sorting<ConnectionOrder> {
  const [by] = useQuery("sort");
  const [reverse] = useQuery("reverse");
  return {
    by: CONNECTION_ORDERS.find((order) => order === by) ?? "rate",
    reverse: reverse === "1",
  };
}

function keepSorting({ by, reverse }: Sorting<ConnectionOrder>): void {
  setQuery({ sort: by, reverse: reverse ? "1" : "" });
}

function countText(window: ConnectionWindow | undefined, expression: string): string {
  if (window?.count === undefined) return "";
  const count = window.count.toLocaleString("en-US");
  return expression === "" ? `${count} now` : `${count} fit`;
}
