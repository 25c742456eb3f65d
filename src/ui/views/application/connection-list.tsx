/** Connections and remotes of one program. */

import type { Connection } from "../../../model/sample.ts";
import { RateCells, RateHead } from "../../parts/rate-columns.tsx";
import { Host } from "../../parts/remote-words.tsx";
import { follow, Link } from "../../router/router.tsx";
import { hostPath, remotePath } from "../../router/routes.ts";
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
          <RateHead name="Remote" total="In all" />
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
                Remote
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
              <tr key={row.key} data-row={index} onClick={(event) => follow(event, pathOf(row))}>
                <td className="c-name">
                  <span className="names">
                    <Link href={pathOf(row)} title={row.addresses.join("\n")}>
                      {row.host === undefined ? row.addresses[0] : <Host host={row.host} />}
                    </Link>
                    <small>{detailText(row)}</small>
                  </span>
                </td>
                <RateCells
                  rxBytesPerSecond={row.rxBytesPerSecond}
                  txBytesPerSecond={row.txBytesPerSecond}
                  bytes={row.rxBytes + row.txBytes}
                  units={unit}
                />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** A name with several addresses has a view of its own. */
function pathOf({ host, addresses }: RemoteRow): string {
  return host !== undefined && addresses.length > 1
    ? hostPath(host.name)
    : remotePath(addresses[0] ?? "");
}

function detailText({ host, addresses, ports, spoken, connections }: RemoteRow): string {
  const few = (all: readonly (string | number)[]) =>
    all.slice(0, 3).join(", ") + (all.length > 3 ? ", …" : "");
  const where = addresses.length > 1 ? `${addresses.length} addresses` : addresses[0];
  const parts = [
    host === undefined ? undefined : where,
    spoken.length > 0 ? few(spoken) : undefined,
    ports.length > 0 && spoken.length === 0 ? `port ${few(ports)}` : undefined,
    connections === 1 ? "1 connection" : `${connections} connections`,
  ];
  return parts.filter((part) => part !== undefined).join(" · ");
}
