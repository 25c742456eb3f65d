/** Everything that has a limit, and how full it is. */

import type { Bound } from "../../../model/snapshot.ts";

/** From here on it is worth knowing what happens next. */
const NEARLY = 0.8;

export function Bounds({ bounds }: { readonly bounds: readonly Bound[] }) {
  const rows = [...bounds].sort((a, b) => b.used / b.limit - a.used / a.limit);
  return (
    <section className="card table" aria-labelledby="bounds-title">
      <div className="card-head">
        <h2 id="bounds-title">Bounds</h2>
        <small>nothing grows without one</small>
      </div>
      <table className="rows bounds">
        <thead>
          <tr>
            <th scope="col" className="c-name">
              What
            </th>
            <th scope="col" className="c-fill">
              How full
            </th>
            <th scope="col" className="c-then">
              When it is full
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, used, limit, whenFull }) => (
            <tr key={name}>
              <td className="c-name">{name}</td>
              <td className="c-fill">
                {used.toLocaleString("en-US")} <small>of {limit.toLocaleString("en-US")}</small>
                <span className="bar cap" aria-hidden="true">
                  <i
                    className={used / limit > NEARLY ? "less" : ""}
                    style={{ width: `${Math.min(100, (used / limit) * 100)}%` }}
                  />
                </span>
              </td>
              <td className="c-then">{whenFull}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
