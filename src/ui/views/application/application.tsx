/** One application: its traffic over time, its processes, its connections, who is at their other end. */

import { useCallback } from "react";
import { MirrorChart } from "../../charts/mirror-chart.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Header } from "../../parts/header.tsx";
import { LimitButton } from "../../parts/limit-button.tsx";
import { Mark } from "../../parts/mark.tsx";
import { Link } from "../../router/router.tsx";
import { historyPath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { client, past, shown } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { applicationRows } from "../../store/rows.ts";
import { scope } from "../../store/settings.ts";
import { useApplications } from "../../store/status.ts";
import { connectionsText } from "../connections/connections-text.ts";
import { ListenerTable } from "../connections/listening.tsx";
import { sortListeners } from "../connections/reach.ts";
import { ConnectionList, RemoteList, SHOWN_CONNECTIONS } from "./connection-list.tsx";
import { Facts } from "./facts.tsx";
import { applicationTerm } from "./filters.ts";
import { ProcessList } from "./process-list.tsx";
import { ProgramFigures } from "./program-figures.tsx";
import { remotesOf } from "./remotes.ts";

const EVERY_MS = 1_000;
const LISTENERS_MS = 5_000;
/** Connections that remotes are summed up from. */
const MAX_CONNECTIONS = 1_000;

export function ApplicationView({ appKey }: { readonly appKey: string }) {
  const tick = useStore(shown);
  const chosen = useStore(scope);
  const applications = useApplications();
  const ps = applications?.find(({ key }) => key === appKey);
  const [row] = applicationRows({ ps: ps === undefined ? [] : [ps], tick, scope: chosen }).filter(
    ({ key }) => key === appKey,
  );
  const read = useCallback(
    (fromMs: number, toMs: number) => past.application(appKey, { fromMs, toMs }),
    [appKey],
  );
  const filter = applicationTerm(appKey, ps?.pids ?? []);
  const processes = usePoll(`processes ${filter}`, EVERY_MS * 2, () =>
    client.ps({ by: "process", filter }),
  );
  const connections = usePoll(`connections ${filter}`, EVERY_MS, () =>
    client.connections({ filter, limit: MAX_CONNECTIONS }),
  );
  const listeners = usePoll("listeners", LISTENERS_MS, () => client.listeners());

  if (ps === undefined) return <Unknown appKey={appKey} isAsked={applications !== undefined} />;
  const own = (connections.data?.connections ?? []).filter(
    ({ applicationKey }) => applicationKey === appKey,
  );
  const listening = sortListeners(listeners.data ?? []).filter(({ key }) => key === appKey);
  const nowMs = tick?.atMs ?? 0;
  return (
    <>
      <Header
        windowTitle={ps.application}
        trail={<Link href="/applications">Applications</Link>}
        title={<Named appKey={appKey} name={ps.application} />}
        withScope
        withSpan
      >
        {ps.remainder === null ? (
          <LimitButton isLarge program={{ key: appKey, name: ps.application, path: ps.path }} />
        ) : null}
        <Link className="button" href={historyPath("application", appKey)}>
          History
        </Link>
        <CopyButton text={() => connectionsText(own)} />
      </Header>
      <ProgramFigures
        rxBytesPerSecond={row?.rxBytesPerSecond ?? 0}
        txBytesPerSecond={row?.txBytesPerSecond ?? 0}
        rxBytes={row?.rxBytes ?? 0}
        txBytes={row?.txBytes ?? 0}
        rxPayloadBytes={ps.rxPayloadBytes}
        txPayloadBytes={ps.txPayloadBytes}
        connections={row?.connections ?? ps.connections}
        listening={listening.length}
      />
      <div className="grid">
        <section className="card" aria-label="Traffic over time">
          <MirrorChart subject={ps.application} read={read} />
        </section>
        <section className="card" aria-label="What it is">
          <Facts row={ps} nowMs={nowMs} />
        </section>
      </div>
      <div className="halves">
        {ps.remainder === null ? (
          <ProcessList processes={(processes.data ?? []).filter(({ key }) => key === appKey)} />
        ) : null}
        <RemoteList remotes={remotesOf(own)} />
      </div>
      <ConnectionList
        connections={own.slice(0, SHOWN_CONNECTIONS)}
        count={own.length}
        nowMs={nowMs}
        allHref={`/connections?filter=${encodeURIComponent(filter)}`}
      />
      {listening.length === 0 ? null : (
        <section className="card table" aria-labelledby="listening-title">
          <div className="card-head">
            <h2 id="listening-title">Listening</h2>
          </div>
          <ListenerTable rows={listening} />
        </section>
      )}
    </>
  );
}

export function Named({ appKey, name }: { readonly appKey: string; readonly name: string }) {
  return (
    <span className="named">
      <Mark appKey={appKey} name={name} />
      <bdi title={name}>{name}</bdi>
    </span>
  );
}

function Unknown({ appKey, isAsked }: { readonly appKey: string; readonly isAsked: boolean }) {
  return (
    <>
      <Header
        title="Application"
        windowTitle="Application"
        trail={<Link href="/applications">Applications</Link>}
      />
      <p className="card quiet">
        {isAsked ? (
          <>
            No application <bdi>{appKey}</bdi> has used the network since Monitauri started.{" "}
            <Link className="underlined" href={historyPath("application", appKey)}>
              See its history
            </Link>{" "}
            or <Link href="/applications">those that have.</Link>
          </>
        ) : (
          "Asking the daemon …"
        )}
      </p>
    </>
  );
}
