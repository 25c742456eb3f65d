/** The processes of an application. */

import type { PsRow } from "../../../model/monitauri.ts";
import { Rate, Volume } from "../../parts/figures.tsx";
import { follow, Link } from "../../router/router.tsx";
import { processPath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { bytesIn } from "../../store/scope.ts";
import { scope, units } from "../../store/settings.ts";
import { ratesIn } from "./rates.ts";

const SHOWN = 50;

export function ProcessList({ processes }: { readonly processes: readonly PsRow[] }) {
  const unit = useStore(units);
  const chosen = useStore(scope);
  const bytes = (row: PsRow) => bytesIn(chosen, row).reduce((sum, one) => sum + one, 0);
  const rows = [...processes].sort((a, b) => bytes(b) - bytes(a) || (a.pid ?? 0) - (b.pid ?? 0));
  return (
    <section className="card table" aria-labelledby="processes-title">
      <div className="card-head">
        <h2 id="processes-title">Processes</h2>
        <small>{rows.length > SHOWN ? `${SHOWN} of ${rows.length}` : ""}</small>
      </div>
      <table className="rows processes">
        <thead>
          <tr>
            <th scope="col" className="c-name">
              Process
            </th>
            <th scope="col" className="c-rate n">
              Download
            </th>
            <th scope="col" className="c-rate n">
              Upload
            </th>
            <th scope="col" className="c-total n">
              Since start
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, SHOWN).map((row, index) => {
            const href = processPath(row.key, row.pid ?? 0);
            const [rx, tx] = ratesIn(chosen, row);
            return (
              <tr
                key={`${row.pid} ${row.startedAtMs}`}
                data-row={index}
                className={row.running ? undefined : "ended"}
                onClick={(event) => follow(event, href)}
              >
                <td className="c-name">
                  <span className="names">
                    <Link href={href}>{row.pid}</Link>
                    <small>
                      <bdi>{row.running ? row.arguments.join(" ") : "has ended"}</bdi>
                    </small>
                  </span>
                </td>
                <td className="c-rate n d">
                  <Rate bytesPerSecond={rx} units={unit} />
                </td>
                <td className="c-rate n u">
                  <Rate bytesPerSecond={tx} units={unit} />
                </td>
                <td className="c-total n">
                  <Volume bytes={bytes(row)} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
