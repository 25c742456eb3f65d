/** One connection. */

import { memo } from "react";
import { formatDuration } from "../../../model/format.ts";
import type { Connection } from "../../../model/sample.ts";
import { organisationText, placeText } from "../../look/place.ts";
import { momentText } from "../../look/quantity.ts";
import { protocolName, spokenText } from "../../look/spoken.ts";
import { Rate, Volume } from "../../parts/figures.tsx";
import { Mark } from "../../parts/mark.tsx";
import { Host, Spoken } from "../../parts/remote-words.tsx";
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
    const below = protocolName(row.protocol);
    const carrier = `${below}${row.interface === undefined ? "" : ` on ${row.interface}`}`;
    // Of ICMP and the like there is nothing above to be spoken.
    const isCarrier = CARRIERS.has(row.protocol) || row.spoken !== undefined;
    const protocol = row.spoken === undefined ? below : spokenText(row.spoken);
    const [place, organisation] = [placeText(row.network), organisationText(row.network)];
    const resent = row.retransmits ?? 0;
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
                <small className="narrow-only">
                  {[row.host?.name ?? remote ?? "no single remote", protocol].join(" · ")}
                </small>
              </span>
            </span>
          </td>
        )}
        <td className="c-remote">
          <span className="names">
            {remoteAddress === undefined ? (
              <span className="quiet">no single remote</span>
            ) : (
              <Link href={href} title={row.host === undefined ? remote : undefined}>
                {row.host === undefined ? remote : <Host host={row.host} />}
              </Link>
            )}
            <small>{row.host === undefined ? carrier : <span title={remote}>{remote}</span>}</small>
          </span>
        </td>
        <td className="c-proto">
          <span className="names">
            <b>{isCarrier ? <Spoken spoken={row.spoken} /> : below}</b>
            <small title={`${carrier}, ${stateText(row.state)}`}>
              {isCarrier ? below : ""}
              <span className="merged"> {row.state === undefined ? "" : stateText(row.state)}</span>
            </small>
          </span>
        </td>
        <td className="c-place" title={[place, organisation].filter(Boolean).join("\n")}>
          <span className="names">
            <span>{place ?? "–"}</span>
            <small>
              <bdi>{row.network?.organisation ?? ""}</bdi>
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
        <td className="c-rtt n">
          {rttText(row.rttMs)}
          {resent === 0 ? null : <small className="merged">{resent} resent</small>}
        </td>
        <td className="c-resent n">{resent === 0 ? "–" : resent}</td>
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

const CARRIERS: ReadonlySet<string> = new Set(["tcp", "udp", "mptcp", "sctp", "dccp", "udplite"]);

/** Three significant digits: "0.04 ms", "12.3 ms", "240 ms". */
function rttText(rttMs: number | undefined): string {
  if (rttMs === undefined || rttMs === 0) return "–";
  if (rttMs < 10) return `${rttMs.toFixed(2)} ms`;
  return rttMs < 100 ? `${rttMs.toFixed(1)} ms` : `${rttMs.toFixed(0)} ms`;
}
