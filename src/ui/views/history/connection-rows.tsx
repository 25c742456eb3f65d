/** The last step down: what the history holds itself, a row for each service in a minute, an hour or a day. */

import type { ExportQuery, HistoryLevel, HistoryState, Period } from "../../../model/history.ts";
import type { Monitauri } from "../../../model/monitauri.ts";
import { protocolName } from "../../look/spoken.ts";
import { Volume } from "../../parts/figures.tsx";
import { Mark } from "../../parts/mark.tsx";
import { useVirtualRows } from "../../parts/virtual-rows.ts";
import { Link } from "../../router/router.tsx";
import { exportFilter } from "./export-run.ts";
import type { ChosenPeriod } from "./periods.ts";
import { into, type Question, questionPath } from "./question.ts";
import { useAnswer } from "./use-answer.ts";
import { rowName } from "./words.ts";
import type { Zone } from "./zone.ts";

/** More than one reads; an export has all. */
const MAX_ROWS = 1_000;
const ROW_HEIGHT = 48;
const HOUR_MS = 3_600_000;
const EVERY_MS = 15_000;

export interface ConnectionRowsProps {
  readonly question: Question;
  readonly period: () => ChosenPeriod;
  readonly state: HistoryState;
  readonly zone: Zone;
}

/** As the export has them. */
interface StoredRow {
  readonly from: string;
  readonly application: string;
  readonly application_name: string;
  readonly interface: string;
  readonly remote: string;
  readonly port: number;
  readonly ip_protocol: string;
  readonly protocol: string;
  readonly direction: string;
  readonly scope: string;
  readonly country: string;
  readonly rx_bytes: number;
  readonly tx_bytes: number;
  readonly connections_opened: number;
}

export function ConnectionRows({ question, period, state, zone }: ConnectionRowsProps) {
  const { isOpen } = period();
  const level = levelFor(period(), state);
  const { steps, zooms, cycleDay } = question;
  const { data, error, isOld } = useAnswer({
    key: JSON.stringify([question.period, zooms, cycleDay, steps, level, question.find]),
    everyMs: isOpen ? EVERY_MS : undefined,
    ask: (client) =>
      readRows(client, {
        query: {
          ...wholeSteps(period(), level, zone),
          level,
          format: "jsonl",
          ...exportFilter(question.steps),
        },
        fits: fitsIn(question),
      }),
  });
  const rows = data?.rows ?? [];
  const { body, indexes, before, after } = useVirtualRows(rows.length, ROW_HEIGHT);
  if (error !== undefined) return <p className="quiet">{error.message}</p>;
  if (data === undefined) return <p className="quiet">Asking the daemon …</p>;
  if (rows.length === 0) return <p className="quiet">No connection of this period fits.</p>;
  return (
    <div className={isOld ? "old" : undefined} aria-busy={isOld}>
      <table className="rows stored">
        <thead>
          <tr>
            <th scope="col" className="c-when">
              {LEVEL_HEADS[level]}
            </th>
            <th scope="col" className="c-name">
              Remote
            </th>
            <th scope="col" className="c-app">
              Application
            </th>
            <th scope="col" className="c-service">
              Service
            </th>
            <th scope="col" className="c-volume n">
              Download
            </th>
            <th scope="col" className="c-volume n">
              Upload
            </th>
            <th scope="col" className="c-count n">
              Opened
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {before > 0 ? <tr className="space" style={{ height: `${before}px` }} /> : null}
          {indexes.map((index) => {
            const row = rows[index];
            return row === undefined ? null : (
              <StoredLine
                key={index}
                index={index}
                row={row}
                question={question}
                level={level}
                zone={zone}
              />
            );
          })}
          {after > 0 ? <tr className="space" style={{ height: `${after}px` }} /> : null}
        </tbody>
      </table>
      {data.isCut ? (
        <p className="more">
          The first {MAX_ROWS.toLocaleString("en")} of this period. Look closer in the chart, or
          export all.
        </p>
      ) : null}
    </div>
  );
}

interface LineProps {
  readonly index: number;
  readonly row: StoredRow;
  readonly question: Question;
  readonly level: HistoryLevel;
  readonly zone: Zone;
}

function StoredLine({ index, row, question, level, zone }: LineProps) {
  const atMs = Date.parse(row.from);
  const remote = rowName("remote", { key: row.remote, name: row.remote });
  const keep = { ...question, by: question.by };
  const narrow = (by: "remote" | "application", key: string) =>
    questionPath({ ...into(keep, { by, key }), by: "connections" });
  return (
    <tr data-row={index}>
      <td className="c-when">
        {level === "day" ? zone.format(atMs, "weekday") : zone.format(atMs, "clock")}
        {level === "day" ? null : <small>{zone.format(atMs, "weekday")}</small>}
      </td>
      <td className="c-name">
        <span className="names">
          <Link href={narrow("remote", row.remote)} title={remote}>
            <bdi>{remote}</bdi>
          </Link>
          <small>{placeOf(row)}</small>
        </span>
      </td>
      <td className="c-app">
        <Link className="app" href={narrow("application", row.application)} title={row.application}>
          <Mark appKey={row.application} name={row.application_name} />
          <bdi>{row.application_name}</bdi>
        </Link>
      </td>
      <td className="c-service">
        <span className="names">
          <b>{serviceOf(row)}</b>
          <small>
            {row.direction === "in" ? "opened by others" : "opened here"} · {row.interface}
          </small>
        </span>
      </td>
      <td className="c-volume n d">
        <Volume bytes={row.rx_bytes} />
      </td>
      <td className="c-volume n u">
        <Volume bytes={row.tx_bytes} />
      </td>
      <td className="c-count n">{row.connections_opened === 0 ? "–" : row.connections_opened}</td>
    </tr>
  );
}

const LEVEL_HEADS: Readonly<Record<HistoryLevel, string>> = {
  second: "Second",
  minute: "Minute",
  hour: "Hour",
  day: "Day",
};

function serviceOf({ protocol, ip_protocol, port }: StoredRow): string {
  const said = protocol === "" ? ip_protocol.toUpperCase() : protocolName(protocol);
  return port === 0 ? said : `${said} ${port}`;
}

function placeOf({ scope, country }: StoredRow): string {
  return country === ""
    ? rowName("scope", { key: scope, name: scope })
    : rowName("country", { key: country, name: country });
}

/** As fine as is kept, and no more rows than one would look through. */
function levelFor(
  { fromMs, toMs }: Period,
  { keptFromMs }: HistoryState,
): Exclude<HistoryLevel, "second"> {
  const lengthMs = toMs - fromMs;
  if (lengthMs <= 6 * HOUR_MS && keptFromMs.minute <= fromMs) return "minute";
  return lengthMs <= 8 * 24 * HOUR_MS && keptFromMs.hour <= fromMs ? "hour" : "day";
}

/** Hours and days are counted from local midnight. */
function wholeSteps({ fromMs, toMs }: Period, level: HistoryLevel, zone: Zone): Period {
  const midnightMs = zone.dayOf(fromMs).fromMs;
  if (level === "day") return { fromMs: midnightMs, toMs };
  const stepMs = level === "hour" ? HOUR_MS : 60_000;
  return { fromMs: midnightMs + Math.floor((fromMs - midnightMs) / stepMs) * stepMs, toMs };
}

function fitsIn(question: Question): (row: StoredRow) => boolean {
  const wanted = question.find.toLocaleLowerCase();
  return (row) =>
    wanted === "" ||
    [row.remote, row.application_name, serviceOf(row), row.interface].some((text) =>
      text.toLocaleLowerCase().includes(wanted),
    );
}

async function readRows(
  client: Monitauri,
  { query, fits }: { query: ExportQuery; fits: (row: StoredRow) => boolean },
): Promise<{ rows: StoredRow[]; isCut: boolean }> {
  const rows: StoredRow[] = [];
  let rest = "";
  for await (const piece of client.exportHistory(query)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const row = JSON.parse(line) as StoredRow;
      if (!fits(row)) continue;
      if (rows.length === MAX_ROWS) return { rows, isCut: true };
      rows.push(row);
    }
  }
  return { rows, isCut: false };
}
