/** Where in the world the other ends are: a map, and the same as a table, by country or by whose network it is. */

import { useMemo, useState } from "react";
import { formatShare } from "../../../model/format.ts";
import type { GroupRow } from "../../../model/sample.ts";
import { countryRowName } from "../../look/place.ts";
import { isCountry } from "../../map/shares.ts";
import { WorldMap } from "../../map/world-map.tsx";
import { Credits } from "../../parts/credits.tsx";
import { Header } from "../../parts/header.tsx";
import { RateCells } from "../../parts/rate-columns.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { follow, Link, useQuery } from "../../router/router.tsx";
import { countryPath, networkPath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { type Units, units } from "../../store/settings.ts";
import { Tabs } from "../connections/tabs.tsx";

const EVERY_MS = 2_000;
/** More of them than one reads; the filter of Connections finds the others. */
const SHOWN = 200;
const BY = [
  { value: "country", text: "Countries" },
  { value: "organisation", text: "Networks" },
] as const;
type By = (typeof BY)[number]["value"];

export function Places() {
  const [asked, ask] = useQuery("by");
  const by: By = asked === "organisation" ? asked : "country";
  const [pointed, point] = useState<string>();
  const countries = usePoll("places by country", EVERY_MS, () => client.groups("country"));
  const networks = usePoll(`places by ${by}`, EVERY_MS, () => client.groups(by));
  const rows = placesOf(countries.data);
  const allBytes = rows.reduce((sum, row) => sum + bytesOf(row), 0);
  const shares = useMemo(
    () =>
      rows
        .filter(({ key }) => isCountry(key))
        .map((row) => ({ code: row.key, bytes: bytesOf(row) })),
    [countries.data],
  );
  return (
    <>
      <Header
        title="Places"
        windowTitle="Places"
        trail={<Link href="/connections">Connections</Link>}
      />
      <Tabs />
      <section className="card" aria-label="Map">
        <WorldMap countries={shares} allBytes={allBytes} pointed={pointed} onPoint={point} />
      </section>
      <section className="card table" aria-label="The same as a table">
        <div className="card-head">
          <Segmented small label="Rows" options={BY} value={by} onChange={ask} />
          <small>since the start, without what never leaves this computer</small>
        </div>
        <PlaceTable rows={placesOf(networks.data)} by={by} pointed={pointed} onPoint={point} />
        <Credits />
      </section>
    </>
  );
}

interface PlaceTableProps {
  readonly rows: readonly GroupRow[];
  readonly by: By;
  readonly pointed: string | undefined;
  readonly onPoint: (code: string | undefined) => void;
}

function PlaceTable({ rows, by, pointed, onPoint }: PlaceTableProps) {
  const unit = useStore(units);
  const allBytes = rows.reduce((sum, row) => sum + bytesOf(row), 0);
  if (rows.length === 0) return <p className="quiet">Nothing has left this computer yet.</p>;
  return (
    <table className="rows places">
      <thead>
        <tr>
          <th scope="col" className="c-name">
            {by === "country" ? "Country" : "Network"}
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
          <th scope="col" className="c-share n">
            Share
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, SHOWN).map((row, index) => (
          <PlaceRow
            key={row.key}
            row={row}
            index={index}
            href={hrefOf(row.key)}
            share={bytesOf(row) / Math.max(1, allBytes)}
            unit={unit}
            isPointed={row.key === pointed}
            onPoint={onPoint}
          />
        ))}
      </tbody>
    </table>
  );
}

interface PlaceRowProps {
  readonly row: GroupRow;
  readonly index: number;
  readonly href: string | undefined;
  readonly share: number;
  readonly unit: Units;
  readonly isPointed: boolean;
  readonly onPoint: (code: string | undefined) => void;
}

function PlaceRow({ row, index, href, share, unit, isPointed, onPoint }: PlaceRowProps) {
  const name = <bdi>{countryRowName(row.key, row.name)}</bdi>;
  return (
    <tr
      data-row={index}
      className={isPointed ? "pointed" : undefined}
      onPointerEnter={() => onPoint(row.key)}
      onPointerLeave={() => onPoint(undefined)}
      onClick={(event) => href !== undefined && follow(event, href)}
    >
      <td className="c-name">
        <span className="names">
          {href === undefined ? name : <Link href={href}>{name}</Link>}
          <small>
            {row.key.startsWith(":") ? "" : `${row.key} · `}
            {row.connections} {row.connections === 1 ? "connection" : "connections"}
          </small>
        </span>
      </td>
      <RateCells
        rxBytesPerSecond={row.rxBytesPerSecond}
        txBytesPerSecond={row.txBytesPerSecond}
        bytes={bytesOf(row)}
        units={unit}
      />
      <td className="c-share n">{formatShare(share)}</td>
    </tr>
  );
}

/** Without loopback and without what has no other end. */
function placesOf(rows: readonly GroupRow[] | undefined): readonly GroupRow[] {
  return (rows ?? [])
    .filter(({ key }) => key !== ":loopback" && !key.startsWith("remainder:"))
    .filter((row) => bytesOf(row) > 0)
    .sort((a, b) => bytesOf(b) - bytesOf(a));
}

function bytesOf({ total }: GroupRow): number {
  return total.rxBytes + total.txBytes;
}

function hrefOf(key: string): string | undefined {
  if (isCountry(key)) return countryPath(key);
  return /^AS\d+$/.test(key) ? networkPath(Number(key.slice(2))) : undefined;
}
