/** The applications that talk to a remote. */

import { Rate, Volume } from "../../parts/figures.tsx";
import { Mark } from "../../parts/mark.tsx";
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
