/** What watching costs. */

import { formatBytes, formatDuration } from "../../../model/format.ts";
import type { Status } from "../../../model/monitauri.ts";
import { momentText } from "../../look/quantity.ts";
import { BigVolume } from "../../parts/figures.tsx";

export function OwnFigures({ status }: { readonly status: Status }) {
  const { own, collector, startedAtMs, atMs, version, pid, intervalMs } = status;
  const upMs = Math.max(1, atMs - startedAtMs);
  return (
    <section className="nums" aria-label="The daemon itself">
      <div>
        <h2>Processor</h2>
        <strong>
          <span className="digits">{((own.cpuMs / upMs) * 100).toFixed(2)}</span>
          <small>% of one core</small>
        </strong>
        <p>
          last reading took {own.lastTickMs === undefined ? "–" : `${own.lastTickMs.toFixed(1)} ms`}{" "}
          of {formatDuration(intervalMs)}
        </p>
      </div>
      <div>
        <h2>Memory</h2>
        <BigVolume bytes={own.residentBytes} />
        <p>
          {collector === undefined ? "" : `and ${formatBytes(collector.kernelBytes)} in the kernel`}
        </p>
      </div>
      <div>
        <h2>Running for</h2>
        <strong>
          <span className="words">{formatDuration(upMs)}</span>
        </strong>
        <p>
          since {momentText(startedAtMs, atMs)} · pid {pid}
        </p>
      </div>
      <div>
        <h2>Counting</h2>
        <strong>
          <span className="words">{collector?.source ?? "not now"}</span>
        </strong>
        <p title={collector?.level}>
          {collector?.level ?? "the collector does not run"} · {version}
        </p>
      </div>
    </section>
  );
}
