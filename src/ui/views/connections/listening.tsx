/** Sockets that wait for others. */

import { useMemo } from "react";
import type { Listener } from "../../../model/monitauri.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Header } from "../../parts/header.tsx";
import { Mark } from "../../parts/mark.tsx";
import { Link, useQuery } from "../../router/router.tsx";
import { applicationPath } from "../../router/routes.ts";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { endpoint } from "./endpoint.ts";
import { reachText, sortListeners } from "./reach.ts";
import { Tabs } from "./tabs.tsx";

const LISTENERS_MS = 3_000;

export function Listening() {
  const { data, error } = usePoll("listeners", LISTENERS_MS, () => client.listeners());
  const [word, setWord] = useQuery("filter");
  const rows = useMemo(
    () => sortListeners(data ?? []).filter((row) => fits(row, word)),
    [data, word],
  );
  return (
    <>
      <Header title="Connections" windowTitle="Listening">
        <CopyButton text={() => [HEAD, ...rows.map(cells)]} />
      </Header>
      <Tabs />
      <div className="above">
        <div className="filter">
          <input
            type="search"
            aria-label="Filter"
            placeholder="Filter: a program, an address or a port"
            value={word}
            onChange={({ target }) => setWord(target.value)}
          />
        </div>
        <p className="count">{data === undefined ? "" : `${rows.length} sockets`}</p>
      </div>
      <section className="card table" aria-label="Listening sockets">
        {rows.length > 0 ? <ListenerTable rows={rows} /> : null}
        {rows.length === 0 ? (
          <p className="quiet">
            {error ??
              (data === undefined
                ? "Asking the daemon …"
                : "No socket that waits for others fits.")}
          </p>
        ) : null}
      </section>
    </>
  );
}

export function ListenerTable({ rows }: { readonly rows: readonly Listener[] }) {
  return (
    <table className="rows listeners">
      <thead>
        <tr>
          <th scope="col" className="c-port n">
            Port
          </th>
          <th scope="col" className="c-name">
            Program
          </th>
          <th scope="col" className="c-remote">
            Address
          </th>
          <th scope="col" className="c-reach">
            Reachable from
          </th>
          <th scope="col" className="c-user">
            User
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <ListenerRow
            key={`${row.protocol} ${row.localAddress} ${row.localPort} ${row.pid ?? index}`}
            row={row}
            index={index}
          />
        ))}
      </tbody>
    </table>
  );
}

function ListenerRow({ row, index }: { readonly row: Listener; readonly index: number }) {
  const name = row.application;
  return (
    <tr data-row={index}>
      <td className="c-port n">
        {row.localPort}
        <small>{row.protocol.toUpperCase()}</small>
      </td>
      <td className="c-name">
        <span className="app">
          <Mark appKey={row.key ?? `name:${name}`} name={name} />
          <span className="names">
            {row.key === null ? (
              <b title={name}>
                <bdi>{name}</bdi>
              </b>
            ) : (
              <Link href={applicationPath(row.key)} title={name}>
                <bdi>{name}</bdi>
              </Link>
            )}
            <small>
              {[
                row.service === undefined ? null : `${row.service} by its port`,
                row.pid === null ? null : `pid ${row.pid}`,
                row.container,
                row.usualDaemon === undefined ? null : `probably ${row.usualDaemon}`,
              ]
                .filter(Boolean)
                .join(" · ")}
            </small>
          </span>
        </span>
      </td>
      <td className="c-remote">{endpoint(row.localAddress, row.localPort)}</td>
      <td className="c-reach">{reachText(row.localAddress)}</td>
      <td className="c-user">
        <bdi>{row.user ?? "–"}</bdi>
      </td>
    </tr>
  );
}

const HEAD = ["protocol", "localAddress", "localPort", "service", "application", "pid", "user"];

function cells(row: Listener): (string | number)[] {
  const { protocol, localAddress, localPort, service = "", application, pid, user } = row;
  return [protocol, localAddress, localPort, service, application, pid ?? "", user ?? ""];
}

function fits(row: Listener, word: string): boolean {
  const text = cells(row).join(" ").toLowerCase();
  return text.includes(word.trim().toLowerCase());
}
