/** One connection. */

import { memo } from "react";
import { formatDuration } from "../../../model/format.ts";
import type { Connection } from "../../../model/sample.ts";
import { momentText } from "../../look/quantity.ts";
import { Rate, Volume } from "../../parts/figures.tsx";
import { Mark } from "../../parts/mark.tsx";
import { follow, Link } from "../../router/router.tsx";
import { applicationPath, remotePath } from "../../router/routes.ts";
import type { Units } from "../../store/settings.ts";
import { endpoint, stateText } from "./endpoint.ts";

export interface ConnectionRowProps {
  readonly index: number;
  readonly row: Connection;
  readonly nowMs: number;
  readonly units: Units;
  /** On an application's own page its name would only repeat. */
  readonly withoutApplication?: boolean;
}

export const ConnectionRow = memo(
  function ConnectionRow({ index, row, nowMs, units, withoutApplication }: ConnectionRowProps) {
    const { remoteAddress, application, applicationKey, total } = row;
    const local = endpoint(row.localAddress, row.localPort);
    const remote =
      remoteAddress === undefined ? undefined : endpoint(remoteAddress, row.remotePort);
    const href =
      remoteAddress === undefined ? applicationPath(applicationKey) : remotePath(remoteAddress);
    return (
      <tr
        data-row={index}
        onClick={(event) => getSelection()?.isCollapsed !== false && follow(event, href)}
      >
        {withoutApplication === true ? null : (
          <td className="c-name">
            <span className="app">
              <Mark appKey={applicationKey} name={application} />
              <span className="names">
                <Link href={applicationPath(applicationKey)} title={application}>
                  <bdi>{application}</bdi>
                </Link>
                <small className="wide-only" title={local}>
                  from {local}
                </small>
                <small className="narrow-only">{remote ?? "no single remote"}</small>
              </span>
            </span>
          </td>
        )}
        <td className="c-remote">
          <span className="names">
            {remoteAddress === undefined ? (
              <span className="quiet">no single remote</span>
            ) : (
              <Link href={href} title={remote}>
                {remote}
              </Link>
            )}
            <small>
              {row.protocol.toUpperCase()}
              {row.interface === undefined ? "" : ` on ${row.interface}`}
            </small>
          </span>
        </td>
        <td className="c-state">{stateText(row.state)}</td>
        <td className="c-rate n d">
          <Rate bytesPerSecond={row.rxBytesPerSecond} units={units} />
        </td>
        <td className="c-rate n u">
          <Rate bytesPerSecond={row.txBytesPerSecond} units={units} />
        </td>
        <td className="c-total n">
          <Volume bytes={total.rxBytes + total.txBytes} />
        </td>
        <td className="c-rtt n">{rttText(row.rttMs)}</td>
        <td className="c-resent n">
          {row.retransmits === undefined || row.retransmits === 0 ? "–" : row.retransmits}
        </td>
        <td className="c-since n" title={momentText(row.openedAtMs, nowMs)}>
          {formatDuration(Math.max(0, nowMs - row.openedAtMs))}
        </td>
      </tr>
    );
  },
  (a, b) =>
    a.index === b.index &&
    a.units === b.units &&
    a.row === b.row &&
    Math.floor(a.nowMs / 1000) === Math.floor(b.nowMs / 1000),
);

/** Three significant digits: "0.04 ms", "12.3 ms", "240 ms". */
function rttText(rttMs: number | undefined): string {
  if (rttMs === undefined || rttMs === 0) return "–";
  if (rttMs < 10) return `${rttMs.toFixed(2)} ms`;
  return rttMs < 100 ? `${rttMs.toFixed(1)} ms` : `${rttMs.toFixed(0)} ms`;
}
