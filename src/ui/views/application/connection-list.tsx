/** Connections and remotes of one program. */

import type { Connection } from "../../../model/sample.ts";
import { Rate, Volume } from "../../parts/figures.tsx";
import { follow, Link } from "../../router/router.tsx";
import { remotePath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { units } from "../../store/settings.ts";
import { ConnectionRow } from "../connections/connection-row.tsx";
import type { RemoteRow } from "./remotes.ts";

/** More than a page of them is what the view Connections is for. */
export const SHOWN_CONNECTIONS = 50;
const SHOWN_REMOTES = 20;

export interface ConnectionListProps {
  readonly connections: readonly Connection[];
  readonly count: number;
  readonly nowMs: number;
  readonly allHref: string;
  readonly withApplication?: boolean;
}

export function ConnectionList(props: ConnectionListProps) {
  const { connections, count, nowMs, allHref, withApplication = false } = props;
  const unit = useStore(units);
  return (
    <section className="card table" aria-labelledby="connections-title">
      <div className="card-head">
        <h2 id="connections-title">Connections</h2>
        <Link href={allHref}>
          {count > connections.length ? `All ${count}` : "Filter and sort"}
        </Link>
      </div>
      {connections.length === 0 ? (
        <p className="quiet">None just now.</p>
      ) : (
        <table className={withApplication ? "rows connections" : "rows connections own"}>
          <thead>
            <tr>
              {withApplication ? (
                <th scope="col" className="c-name">
                  Application
                </th>
              ) : null}
              <th scope="col" className="c-remote">
                Remote
              </th>
              <th scope="col" className="c-state">
                State
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
              <th scope="col" className="c-rtt n">
                RTT
              </th>
              <th scope="col" className="c-resent n">
                Resent
              </th>
              <th scope="col" className="c-since n">
                Since
              </th>
            </tr>
          </thead>
          <tbody>
            {connections.map((row, index) => (
              <ConnectionRow
                key={row.id}
                index={index}
                row={row}
                nowMs={nowMs}
                units={unit}
                withoutApplication={!withApplication}
              />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

export function RemoteList({ remotes }: { readonly remotes: readonly RemoteRow[] }) {
  const unit = useStore(units);
  return (
    <section className="card table" aria-labelledby="remotes-title">
      <div className="card-head">
        <h2 id="remotes-title">Remotes</h2>
        <small>of its connections now</small>
      </div>
      {remotes.length === 0 ? (
        <p className="quiet">None just now.</p>
      ) : (
        <table className="rows remotes">
          <thead>
            <tr>
              <th scope="col" className="c-name">
                Address
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
            {remotes.slice(0, SHOWN_REMOTES).map((row, index) => (
              <tr
                key={row.address}
                data-row={index}
                onClick={(event) => follow(event, remotePath(row.address))}
              >
                <td className="c-name">
                  <span className="names">
                    <Link href={remotePath(row.address)} title={row.address}>
                      {row.address}
                    </Link>
                    <small>{portsText(row)}</small>
                  </span>
                </td>
                <td className="c-rate n d">
                  <Rate bytesPerSecond={row.rxBytesPerSecond} units={unit} />
                </td>
                <td className="c-rate n u">
                  <Rate bytesPerSecond={row.txBytesPerSecond} units={unit} />
                </td>
                <td className="c-total n">
                  <Volume bytes={row.rxBytes + row.txBytes} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function portsText({ ports, connections }: RemoteRow): string {
  const shown = ports.slice(0, 4).join(", ");
  const more = ports.length > 4 ? ", …" : "";
  const many = connections === 1 ? "1 connection" : `${connections} connections`;
  return ports.length === 0 ? many : `port ${shown}${more} · ${many}`;
}
