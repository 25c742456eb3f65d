/** One process. The stream has no rows of processes: its chart begins when the page is opened. */

import { useCallback, useEffect, useMemo } from "react";
import { MirrorChart } from "../../charts/mirror-chart.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Header } from "../../parts/header.tsx";
import { Link } from "../../router/router.tsx";
import { applicationPath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { client, shown } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { bytesIn } from "../../store/scope.ts";
import { createPast } from "../../store/series.ts";
import { scope } from "../../store/settings.ts";
import { connectionsText } from "../connections/connections-text.ts";
import { ListenerTable } from "../connections/listening.tsx";
import { Named } from "./application.tsx";
import { ConnectionList, RemoteList, SHOWN_CONNECTIONS } from "./connection-list.tsx";
import { Facts } from "./facts.tsx";
import { ProgramFigures } from "./program-figures.tsx";
import { ratesIn } from "./rates.ts";
import { remotesOf } from "./remotes.ts";

const EVERY_MS = 1_000;
const LISTENERS_MS = 5_000;
const MAX_CONNECTIONS = 1_000;
const NOBODY = { keys: [], numbers: new Float64Array(), width: 1 } as const;

export function ProcessView({ appKey, pid }: { readonly appKey: string; readonly pid: number }) {
  const tick = useStore(shown);
  const chosen = useStore(scope);
  const filter = `pid:${pid}`;
  const processes = usePoll(`process ${pid}`, EVERY_MS, () => client.ps({ by: "process", filter }));
  const connections = usePoll(`connections of ${pid}`, EVERY_MS, () =>
    client.connections({ filter, limit: MAX_CONNECTIONS }),
  );
  const listeners = usePoll("listeners", LISTENERS_MS, () => client.listeners());
  const found = (processes.data ?? []).filter((row) => row.pid === pid);
  // A pid is used again: the one of this application, the latest.
  const row = found.findLast(({ key }) => key === appKey) ?? found.at(-1);
  const own = useMemo(() => createPast(), [pid, chosen]);
  useEffect(() => {
    if (row === undefined || tick === undefined) return;
    const [rxBytes, txBytes] = ratesIn(chosen, row);
    own.add({ atMs: tick.atMs, intervalMs: 1_000, gap: null, rxBytes, txBytes }, NOBODY);
  }, [processes.data]);
  const read = useCallback((fromMs: number, toMs: number) => own.machine(fromMs, toMs), [own]);
  const trail = (
    <>
      <Link href="/applications">Applications</Link> /{" "}
      <Link href={applicationPath(row?.key ?? appKey)}>
        <bdi>{row?.application ?? "application"}</bdi>
      </Link>
    </>
  );
  if (row === undefined) {
    return (
      <>
        <Header title={`Process ${pid}`} windowTitle={`Process ${pid}`} trail={trail} />
        <p className="card quiet">
          {processes.data === undefined
            ? (processes.error ?? "Asking the daemon …")
            : `No process ${pid} has used the network since Monitauri started.`}
        </p>
      </>
    );
  }
  const rows = connections.data?.connections ?? [];
  const listening = (listeners.data ?? []).filter((one) => one.pid === pid);
  const [rxBytes, txBytes] = bytesIn(chosen, row);
  const [rx, tx] = ratesIn(chosen, row);
  const nowMs = tick?.atMs ?? 0;
  return (
    <>
      <Header
        windowTitle={`${row.application}, process ${pid}`}
        trail={trail}
        title={<Named appKey={row.key} name={`${row.application} · ${pid}`} />}
        withScope
        withSpan
      >
        <CopyButton text={() => connectionsText(rows)} />
      </Header>
      <ProgramFigures
        rxBytesPerSecond={rx}
        txBytesPerSecond={tx}
        rxBytes={rxBytes}
        txBytes={txBytes}
        rxPayloadBytes={row.rxPayloadBytes}
        txPayloadBytes={row.txPayloadBytes}
        connections={row.connections}
        listening={listening.length}
      />
      <div className="grid">
        <section className="card" aria-label="Traffic over time">
          <MirrorChart subject={`Process ${pid}`} read={read} />
          <p className="note">One process is watched from the moment that this page is opened.</p>
        </section>
        <section className="card" aria-label="What it is">
          <Facts row={row} nowMs={nowMs} />
        </section>
      </div>
      <RemoteList remotes={remotesOf(rows)} />
      <ConnectionList
        connections={rows.slice(0, SHOWN_CONNECTIONS)}
        count={rows.length}
        nowMs={nowMs}
        allHref={`/connections?filter=${encodeURIComponent(filter)}`}
      />
      {listening.length === 0 ? null : (
        <section className="card table" aria-label="Listening">
          <ListenerTable rows={listening} />
        </section>
      )}
    </>
  );
}
