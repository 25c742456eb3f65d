/** The first view: what this machine does on the network now, and who does it. */

import { MirrorChart } from "../../charts/mirror-chart.tsx";
import { Header } from "../../parts/header.tsx";
import { Link } from "../../router/router.tsx";
import { useStore } from "../../store/create-store.ts";
import { largest } from "../../store/largest.ts";
import { past, shown } from "../../store/live.ts";
import type { AppRow } from "../../store/rows.ts";
import { scopeLabel } from "../../store/scope.ts";
import { scope } from "../../store/settings.ts";
import { useStatus } from "../../store/status.ts";
import { useRows } from "../../store/use-rows.ts";
import { AppTable } from "../applications/app-table.tsx";
import { Figures } from "./figures.tsx";
import { FirstStart } from "./first-start.tsx";
import { QuotaLines } from "./quota-lines.tsx";
import { Shares } from "./shares.tsx";

/** The busiest; the others are in their own view. */
const SHOWN = 8;

export function Overview() {
  return (
    <>
      <Header title="Overview" windowTitle="" withScope withSpan />
      <Now />
    </>
  );
}

const NONE: readonly AppRow[] = [];

/** What changes with each tick. */
function Now() {
  const rows = useRows();
  const tick = useStore(shown);
  const chosen = useStore(scope);
  const status = useStatus().data;
  // Asked for once: there may be thousands.
  const busyness = new Map(rows?.map((row) => [row, past.busyness(row.key)]));
  const isQuiet = rows !== undefined && rows.length === 0;
  return (
    <>
      <Figures tick={tick} rows={rows ?? NONE} busyness={busyness} status={status} />
      <QuotaLines />
      <div className="grid">
        <section className="card" aria-label="Traffic over time">
          <MirrorChart subject={scopeLabel(chosen)} read={past.machine} />
        </section>
        <Shares rows={rows ?? NONE} />
      </div>
      {isQuiet ? <FirstStart sinceMs={status?.startedAtMs} scope={chosen} /> : null}
      {rows === undefined || isQuiet ? null : <Busiest rows={rows} busyness={busyness} />}
    </>
  );
}

interface BusiestProps {
  readonly rows: readonly AppRow[];
  readonly busyness: ReadonlyMap<AppRow, number>;
}

function Busiest({ rows, busyness }: BusiestProps) {
  const total = (row: AppRow) => row.rxBytes + row.txBytes;
  const isLately = (row: AppRow) => Math.round(busyness.get(row) ?? 0) > 0;
  const lately = largest(rows.filter(isLately), SHOWN, (row) => busyness.get(row) ?? 0);
  // Then who has done nothing lately, by what there is of it in all.
  const others = rows.filter((row) => !isLately(row));
  const busiest = [...lately, ...largest(others, SHOWN - lately.length, total)];
  const mostBytes = rows.reduce((most, row) => Math.max(most, total(row)), 0);
  const left = rows.length - SHOWN;
  return (
    <section className="card table" aria-label="Busiest applications">
      <AppTable rows={busiest} mostBytes={mostBytes} />
      {left > 0 ? (
        <p className="more">
          <Link href="/applications">
            {left === 1 ? "One more application" : `${left} more applications`}
          </Link>
        </p>
      ) : null}
    </section>
  );
}
