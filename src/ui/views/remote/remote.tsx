/** One remote address: who of this machine talks to it. */

import { useMemo } from "react";
import { formatBytes } from "../../../model/format.ts";
import type { Connection } from "../../../model/sample.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { BigRate, BigVolume, Rate, Volume } from "../../parts/figures.tsx";
import { Header } from "../../parts/header.tsx";
import { Mark } from "../../parts/mark.tsx";
import { follow, Link } from "../../router/router.tsx";
import { applicationPath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { client, shown } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { type Units, units } from "../../store/settings.ts";
import { ConnectionList, SHOWN_CONNECTIONS } from "../application/connection-list.tsx";
import { connectionsText } from "../connections/connections-text.ts";
import { type Talker, talkersOf } from "./talkers.ts";

const EVERY_MS = 1_000;
const TOTAL_MS = 3_000;
const MAX_CONNECTIONS = 1_000;

export function RemoteView({ address }: { readonly address: string }) {
  const filter = `remote:${address}`;
  const nowMs = useStore(shown)?.atMs ?? 0;
  const unit = useStore(units);
  const answer = usePoll(`remote ${address}`, EVERY_MS, () =>
    client.connections({ filter, limit: MAX_CONNECTIONS }),
  );
  const groups = usePoll("remotes", TOTAL_MS, () => client.groups("remote"));
  const total = groups.data?.find(({ key }) => key === address)?.total;
  // The filter finds "10.0.0.10" for "10.0.0.1" too.
  const rows = useMemo(
    () => (answer.data?.connections ?? []).filter((row) => row.remoteAddress === address),
    [answer.data, address],
  );
  const talkers = talkersOf(rows);
  const sum = (of: (row: Connection) => number) => rows.reduce((all, row) => all + of(row), 0);
  return (
    <>
      <Header
        windowTitle={address}
        trail={<Link href="/connections">Connections</Link>}
        title={<bdi>{address}</bdi>}
      >
        <CopyButton text={() => connectionsText(rows)} />
      </Header>
      <section className="nums" aria-label="Now">
        <div>
          <h2>
            <i className="dot d" aria-hidden="true" />
            Download
          </h2>
          <BigRate bytesPerSecond={sum((row) => row.rxBytesPerSecond)} units={unit} />
          <p>from this address</p>
        </div>
        <div>
          <h2>
            <i className="dot u" aria-hidden="true" />
            Upload
          </h2>
          <BigRate bytesPerSecond={sum((row) => row.txBytesPerSecond)} units={unit} />
          <p>to this address</p>
        </div>
        <div>
          <h2>Since start</h2>
          <BigVolume bytes={(total?.rxBytes ?? 0) + (total?.txBytes ?? 0)} />
          <p>
            {total === undefined
              ? "not among the remembered remotes"
              : `down ${formatBytes(total.rxBytes)} · up ${formatBytes(total.txBytes)}`}
          </p>
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
      <TalkerTable talkers={talkers} units={unit} />
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

function TalkerTable({ talkers, units: unit }: { talkers: readonly Talker[]; units: Units }) {
  return (
    <section className="card table" aria-labelledby="talkers-title">
      <div className="card-head">
        <h2 id="talkers-title">Who talks to it</h2>
      </div>
      {talkers.length === 0 ? (
        <p className="quiet">Nobody just now.</p>
      ) : (
        <table className="rows talkers">
          <thead>
            <tr>
              <th scope="col" className="c-name">
                Application
              </th>
              <th scope="col" className="c-rate n">
                Download
              </th>
              <th scope="col" className="c-rate n">
                Upload
              </th>
              <th scope="col" className="c-total n">
                In all
              </th>
            </tr>
          </thead>
          <tbody>
            {talkers.map((row, index) => (
              <tr
                key={row.key}
                data-row={index}
                onClick={(event) => follow(event, applicationPath(row.key))}
              >
                <td className="c-name">
                  <span className="app">
                    <Mark appKey={row.key} name={row.name} />
                    <span className="names">
                      <Link href={applicationPath(row.key)} title={row.name}>
                        <bdi>{row.name}</bdi>
                      </Link>
                      <small>
                        {row.connections} {row.connections === 1 ? "connection" : "connections"}
                      </small>
                    </span>
                  </span>
                </td>
                <td className="c-rate n d">
                  <Rate bytesPerSecond={row.rxBytesPerSecond} units={unit} />
                </td>
                <td className="c-rate n u">
                  <Rate bytesPerSecond={row.txBytesPerSecond} units={unit} />
                </td>
                <td className="c-total n">
                  <Volume bytes={row.bytes} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
