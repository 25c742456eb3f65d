/** The large numbers. */

import { formatBytes, formatDuration } from "../../../model/format.ts";
import type { Status } from "../../../model/monitauri.ts";
import { peakOf } from "../../charts/columns.ts";
import { rateText } from "../../look/quantity.ts";
import { BigRate, BigVolume } from "../../parts/figures.tsx";
import { Mark } from "../../parts/mark.tsx";
import { Link } from "../../router/router.tsx";
import { applicationPath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { largest } from "../../store/largest.ts";
import { past } from "../../store/live.ts";
import type { AppRow } from "../../store/rows.ts";
import { span, units } from "../../store/settings.ts";
import type { Tick } from "../../stream/messages.ts";

export interface FiguresProps {
  readonly tick: Tick | undefined;
  readonly rows: readonly AppRow[];
  /** What each did lately. */
  readonly busyness: ReadonlyMap<AppRow, number>;
  readonly status: Status | undefined;
}

export function Figures({ tick, rows, busyness, status }: FiguresProps) {
  const unit = useStore(units);
  const minutes = useStore(span);
  const seconds = (tick?.intervalMs ?? 0) / 1000;
  const perSecond = (bytes: number | undefined) => (seconds > 0 ? (bytes ?? 0) / seconds : 0);
  const toMs = tick?.atMs ?? 0;
  const { rx, tx } = past.machine(toMs - minutes * 60_000, toMs);
  const rxTotal = tick?.rxTotalBytes ?? sum(rows, (row) => row.rxBytes);
  const txTotal = tick?.txTotalBytes ?? sum(rows, (row) => row.txBytes);
  const peak = (values: readonly (number | null)[]) => (
    <>
      peak {rateText(peakOf(values), unit)}
      <span className="wide-only"> in {minutes} min</span>
    </>
  );
  return (
    <section className="nums" aria-label="Now and since the start">
      <div>
        <h2>
          <i className="dot d" aria-hidden="true" />
          Download
        </h2>
        <BigRate bytesPerSecond={perSecond(tick?.rxBytes)} units={unit} />
        <p>{peak(rx)}</p>
      </div>
      <div>
        <h2>
          <i className="dot u" aria-hidden="true" />
          Upload
        </h2>
        <BigRate bytesPerSecond={perSecond(tick?.txBytes)} units={unit} />
        <p>{peak(tx)}</p>
      </div>
      <div>
        <h2>
          Since start
          {status === undefined ? null : (
            <small>{formatDuration(status.atMs - status.startedAtMs)}</small>
          )}
        </h2>
        <BigVolume bytes={rxTotal + txTotal} />
        <p>
          down {formatBytes(rxTotal)} · up {formatBytes(txTotal)}
        </p>
      </div>
      <Busiest rows={rows} busyness={busyness} />
    </section>
  );
}

/** The answer to "what is it just now?" */
function Busiest({ rows, busyness }: Pick<FiguresProps, "rows" | "busyness">) {
  const of = (row: AppRow) => busyness.get(row) ?? 0;
  const active = rows.filter((row) => row.rxBytesPerSecond + row.txBytesPerSecond > 0);
  const [first] = largest(active, 1, of);
  const all = sum(rows, of);
  const connections = sum(rows, (row) => row.connections);
  return (
    <div>
      <h2>Busiest now</h2>
      {first === undefined ? (
        <strong className="who none">Nobody</strong>
      ) : (
        <strong className="who">
          <Mark appKey={first.key} name={first.name} />
          <Link
            href={applicationPath(first.key)}
            title={`${first.name}, beside it its share of the last half minute`}
          >
            <bdi>{first.name}</bdi>
          </Link>
          <small>{Math.round((of(first) / Math.max(1, all)) * 100)} %</small>
        </strong>
      )}
      <p>
        {active.length} active · {connections} {connections === 1 ? "connection" : "connections"}
      </p>
    </div>
  );
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
