/** Who is at the other end: an address, or a host name with its addresses; and who of this machine talks to it. */

import { type ReactNode, useMemo } from "react";
import { formatBytes } from "../../../model/format.ts";
import type { Connection } from "../../../model/sample.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { BigRate, BigVolume } from "../../parts/figures.tsx";
import { Header } from "../../parts/header.tsx";
import { Link } from "../../router/router.tsx";
import { historyPath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { client, shown } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { units } from "../../store/settings.ts";
import { ConnectionList, SHOWN_CONNECTIONS } from "../application/connection-list.tsx";
import { connectionsText } from "../connections/connections-text.ts";
import { RemoteFacts } from "./remote-facts.tsx";
import { TalkerTable } from "./talker-table.tsx";
import { talkersOf } from "./talkers.ts";

const EVERY_MS = 1_000;
const TOTAL_MS = 3_000;
const MAX_CONNECTIONS = 1_000;

export function AddressView({ address }: { readonly address: string }) {
  const groups = usePoll("remotes", TOTAL_MS, () => client.groups("remote"));
  const known = groups.data?.find(({ key }) => key === address);
  const { rows, filter } = useConnections(address, (row) => row.remoteAddress === address);
  const name = rows.find(({ host }) => host !== undefined)?.host?.name ?? known?.name ?? address;
  const total = known?.total;
  return (
    <Remote
      title={name}
      beside={name === address ? "" : address}
      said="this address"
      rows={rows}
      filter={filter}
      bytes={total}
      historyHref={historyPath("remote", name)}
      totalHead="Both, since start"
      totalText={
        total === undefined
          ? "not among the remembered remotes"
          : `down ${formatBytes(total.rxBytes)} · up ${formatBytes(total.txBytes)}`
      }
    />
  );
}

export function HostView({ name }: { readonly name: string }) {
  const { rows, filter } = useConnections(name, ({ host }) => host?.name === name);
  const sum = (of: (row: Connection) => number) => rows.reduce((all, row) => all + of(row), 0);
  const bytes = {
    rxBytes: sum(({ total }) => total.rxBytes),
    txBytes: sum(({ total }) => total.txBytes),
  };
  return (
    <Remote
      title={name}
      beside=""
      said="this name"
      rows={rows}
      filter={filter}
      bytes={bytes}
      historyHref={historyPath("remote", name)}
      totalHead="Both directions"
      totalText="of its connections now"
    />
  );
}

/** The filter finds "10.0.0.10" for "10.0.0.1" too. */
function useConnections(remote: string, isMeant: (row: Connection) => boolean) {
  const filter = `remote:${remote}`;
  const { data } = usePoll(filter, EVERY_MS, () =>
    client.connections({ filter, limit: MAX_CONNECTIONS }),
  );
  const rows = useMemo(() => (data?.connections ?? []).filter(isMeant), [data, remote]);
  return { rows, filter };
}

export interface RemoteProps {
  readonly title: string;
  readonly beside: string;
  /** "this address" */
  readonly said: string;
  readonly rows: readonly Connection[];
  readonly filter: string;
  readonly bytes: { readonly rxBytes: number; readonly txBytes: number } | undefined;
  readonly totalHead: string;
  readonly totalText: string;
  /** Its past; undefined: none is kept by it. */
  readonly historyHref: string | undefined;
  /** Before the list of connections. */
  readonly children?: ReactNode;
}

export function Remote(props: RemoteProps) {
  const { title, beside, said, rows, filter, bytes, totalHead, totalText, historyHref } = props;
  const nowMs = useStore(shown)?.atMs ?? 0;
  const unit = useStore(units);
  const talkers = talkersOf(rows);
  const sum = (of: (row: Connection) => number) => rows.reduce((all, row) => all + of(row), 0);
  return (
    <>
      <Header
        windowTitle={title}
        trail={<Link href="/connections">Connections</Link>}
        title={
          <>
            <bdi>{title}</bdi> {beside === "" ? null : <small>{beside}</small>}
          </>
        }
      >
        {historyHref === undefined ? null : (
          <Link className="button" href={historyHref}>
            History
          </Link>
        )}
        <CopyButton text={() => connectionsText(rows)} />
      </Header>
      <section className="nums" aria-label="Now">
        <div>
          <h2>
            <i className="dot d" aria-hidden="true" />
            Download
          </h2>
          <BigRate bytesPerSecond={sum((row) => row.rxBytesPerSecond)} units={unit} />
          <p>from {said}</p>
        </div>
        <div>
          <h2>
            <i className="dot u" aria-hidden="true" />
            Upload
          </h2>
          <BigRate bytesPerSecond={sum((row) => row.txBytesPerSecond)} units={unit} />
          <p>to {said}</p>
        </div>
        <div>
          <h2>{totalHead}</h2>
          <BigVolume bytes={(bytes?.rxBytes ?? 0) + (bytes?.txBytes ?? 0)} />
          <p>{totalText}</p>
        </div>
        <div>
          <h2>Connections</h2>
          <strong>
            <span className="digits">{rows.length}</span>
          </strong>
          <p>
            {talkers.length} {talkers.length === 1 ? "application" : "applications"}
          </p>
        </div>
      </section>
      <div className="grid short">
        <TalkerTable talkers={talkers} units={unit} />
        <section className="card" aria-label="What is known of it">
          <RemoteFacts connections={rows} />
        </section>
      </div>
      {props.children}
      <ConnectionList
        withApplication
        connections={rows.slice(0, SHOWN_CONNECTIONS)}
        count={rows.length}
        nowMs={nowMs}
        allHref={`/connections?filter=${encodeURIComponent(filter)}`}
      />
    </>
  );
}
