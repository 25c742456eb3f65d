/** The processes of an application. */

import type { PsRow } from "../../../model/monitauri.ts";
import { RateCells, RateHead } from "../../parts/rate-columns.tsx";
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
        <RateHead name="Process" total="Since start" />
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
                <RateCells
                  rxBytesPerSecond={rx}
                  txBytesPerSecond={tx}
                  bytes={bytes(row)}
                  units={unit}
                />
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
