/** What has an owner against what each interface counted itself. */

import { Fragment } from "react";
import { formatBytes, formatShare } from "../../../model/format.ts";
import type { InterfaceCoverage } from "../../../model/sample.ts";
import { REMAINDERS } from "../../store/rows.ts";

const KINDS = {
  loopback: "this computer to itself",
  physical: "network card",
  virtual: "virtual",
  tunnel: "tunnel",
} as const;

export function Coverage({ interfaces }: { readonly interfaces: readonly InterfaceCoverage[] }) {
  const bytes = (row: InterfaceCoverage) => row.rxBytes + row.txBytes;
  const rows = interfaces
    .filter((row) => row.present || bytes(row) > 0)
    .sort((a, b) => Number(b.present) - Number(a.present) || bytes(b) - bytes(a));
  return (
    <section className="card table" aria-labelledby="coverage-title">
      <div className="card-head">
        <h2 id="coverage-title">Coverage</h2>
        <small>bytes with an owner, against the interface’s own count</small>
      </div>
      {/* Roles said: a narrow screen lays rows out as grids, which takes their own away. */}
      <table className="rows coverage" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader" className="c-name">
              Interface
            </th>
            <th scope="col" role="columnheader" className="c-cover">
              Download
            </th>
            <th scope="col" role="columnheader" className="c-cover">
              Upload
            </th>
            <th scope="col" role="columnheader" className="c-rest">
              Without a program
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={row.name} role="row">
              <td role="cell" className="c-name">
                <span className="names">
                  <b>{row.name}</b>
                  <small>
                    {KINDS[row.kind]}
                    {row.present ? "" : ", gone"}
                  </small>
                </span>
              </td>
              <Cover share={row.rxCoverage} bytes={row.rxBytes} />
              <Cover share={row.txCoverage} bytes={row.txBytes} />
              <td role="cell" className="c-rest">
                <Rest remainders={row.remainders} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cover({
  share,
  bytes,
}: {
  readonly share: number | undefined | null;
  readonly bytes: number;
}) {
  if (share === undefined || share === null)
    return (
      <td role="cell" className="c-cover quiet">
        no traffic
      </td>
    );
  return (
    <td role="cell" className="c-cover">
      <b>{formatShare(share)}</b> <small>of {formatBytes(bytes)}</small>
      <span className="bar cap" aria-hidden="true">
        <i
          className={share < 0.95 ? "less" : ""}
          style={{ width: `${Math.min(100, share * 100)}%` }}
        />
      </span>
    </td>
  );
}

function Rest({ remainders }: Pick<InterfaceCoverage, "remainders">) {
  const parts = Object.entries(remainders).filter(
    ([, { rxBytes, txBytes }]) => rxBytes + txBytes > 0,
  );
  if (parts.length === 0) return <span className="quiet">nothing</span>;
  return (
    <dl className="rest">
      {parts.map(([kind, { rxBytes, txBytes }]) => (
        <Fragment key={kind}>
          <dt>{formatBytes(rxBytes + txBytes)}</dt>
          <dd>{REMAINDERS[kind] ?? kind}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
