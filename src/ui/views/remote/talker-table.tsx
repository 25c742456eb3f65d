/** The applications that talk to a remote. */

import { Mark } from "../../parts/mark.tsx";
import { RateCells, RateHead } from "../../parts/rate-columns.tsx";
import { follow, Link } from "../../router/router.tsx";
import { applicationPath } from "../../router/routes.ts";
import type { Units } from "../../store/settings.ts";
import type { Talker } from "./talkers.ts";

export function TalkerTable({
  talkers,
  units: unit,
}: {
  talkers: readonly Talker[];
  units: Units;
}) {
  return (
    <section className="card table" aria-labelledby="talkers-title">
      <div className="card-head">
        <h2 id="talkers-title">Who talks to it</h2>
      </div>
      {talkers.length === 0 ? (
        <p className="quiet">Nobody just now.</p>
      ) : (
        <table className="rows talkers">
          <RateHead name="Application" total="In all" />
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
                <RateCells
                  rxBytesPerSecond={row.rxBytesPerSecond}
                  txBytesPerSecond={row.txBytesPerSecond}
                  bytes={row.bytes}
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
