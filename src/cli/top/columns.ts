/** The columns of each view at each width: numbers keep their places, names take what is left. */

import { formatBytes, formatRate } from "../../model/format.ts";
import { formatBitRate } from "../../model/rate.ts";
import { roundTrip } from "../round-trip.ts";
import { type CellForm, cell, type Line, type Piece, type Tone } from "./frame.ts";
import type { Rates } from "./history.ts";
import type { TopRow } from "./rows.ts";
import { sparkline } from "./sparkline.ts";
import type { SortKey, View } from "./state.ts";

export interface TableForm {
  /** Of the screen. */
  readonly width: number;
  readonly ascii: boolean;
  readonly bytes: boolean;
  readonly sort: SortKey;
  /** The rate of a full bar. */
  readonly topRate: number;
}

interface Column {
  readonly title: string;
  /** 0: takes what is left, shared with others of that kind. */
  readonly width: number;
  readonly align?: "left" | "right";
  /** Shown where the screen has so many columns. */
  readonly from?: number;
  readonly tone?: Tone;
  /** The order that this column shows. */
  readonly sort?: SortKey;
  readonly text: (row: TopRow) => string;
}

/** "999 kbit/s" and "1.00 Mbit/s" fit. */
export const RATE_WIDTH = 11;
const VOLUME_WIDTH = 8;
const SHORTEST_NAME = 4;
/** Stands back, so that what moves is seen. */
const NOTHING = /^(-|0 .*)$/;

export function titleLine(view: View, form: TableForm): Line {
  return line(view, form, ({ title, align = "left", sort }, width) => {
    const isSorted = sort === form.sort || (form.sort === "rate" && isRate(sort));
    return cell(title, width, { align, tone: isSorted ? "bold" : "dim" });
  });
}

export function rowLine(row: TopRow, view: View, form: TableForm & { chosen: boolean }): Line {
  const whole: Tone | undefined = form.chosen ? "chosen" : row.pale ? "dim" : undefined;
  const cells = line(view, form, ({ text, align, tone }, width) => {
    const shown = text(row);
    const look: CellForm = {
      align: align ?? "left",
      tone: whole ?? (NOTHING.test(shown) ? "dim" : tone) ?? "plain",
    };
    return cell(shown, width, look);
  });
  const [, ...rest] = cells;
  return [{ text: form.chosen ? "> " : "  ", tone: whole ?? "plain" }, ...rest];
}

/** How many values a row's sparkline shows. */
export function sparkWidth(width: number): number {
  return width >= 160 ? 20 : width >= 120 ? 12 : 8;
}

export function rateText(bytesPerSecond: number, bytes: boolean): string {
  return bytes ? formatRate(bytesPerSecond) : formatBitRate(bytesPerSecond);
}

function line(view: View, form: TableForm, cellOf: (column: Column, width: number) => Piece): Line {
  const columns = COLUMNS[view](form).filter(({ from = 0 }) => form.width >= from);
  const fixed = columns.reduce((sum, { width }) => sum + width + 1, 1);
  const growing = columns.filter(({ width }) => width === 0).length;
  const left = Math.max(SHORTEST_NAME * growing, form.width - fixed);
  const pieces: Piece[] = [{ text: "  ", tone: "plain" }];
  let given = 0;
  for (const [at, column] of columns.entries()) {
    if (at > 0)
      pieces.push({ text: " ", tone: pieces.at(-1)?.tone === "chosen" ? "chosen" : "plain" });
    const isLast = given === growing - 1;
    const share = isLast ? left - given * Math.floor(left / growing) : Math.floor(left / growing);
    if (column.width === 0) given += 1;
    pieces.push(cellOf(column, column.width === 0 ? share : column.width));
  }
  return pieces;
}

function isRate(sort: SortKey | undefined): boolean {
  return sort === "down" || sort === "up";
}

const COLUMNS: Readonly<Record<View, (form: TableForm) => readonly Column[]>> = {
  applications: (form) => [
    { title: "APPLICATION", width: 0, sort: "name", text: ({ name }) => name },
    { title: "PROCS", width: 5, align: "right", from: 110, text: ({ pid }) => pid },
    { title: "USER", width: 10, from: 100, text: ({ user }) => user },
    { title: "UNIT OR CONTAINER", width: 22, from: 170, text: ({ place }) => place },
    { title: "MOSTLY WITH", width: 26, from: 140, text: ({ remote }) => remote },
    ...rateColumns(form, 64),
    volumeColumn(52),
    linksColumn(70),
  ],
  processes: (form) => [
    { title: "PID", width: 7, align: "right", text: ({ pid }) => pid },
    { title: "PROCESS", width: 0, sort: "name", text: ({ name }) => name },
    { title: "USER", width: 8, from: 76, text: ({ user }) => user },
    { title: "UNIT OR CONTAINER", width: 22, from: 180, text: ({ place }) => place },
    { title: "MOSTLY WITH", width: 26, from: 150, text: ({ remote }) => remote },
    ...rateColumns(form, 100),
    volumeColumn(60),
    linksColumn(110),
  ],
  connections: (form) => [
    {
      title: "PROTO",
      width: form.width >= 120 ? 9 : 5,
      from: 92,
      text: ({ protocol }) => protocol,
    },
    {
      title: "APPLICATION",
      width: form.width >= 120 ? 24 : 14,
      from: 62,
      text: ({ name }) => name,
    },
    { title: "PID", width: 7, align: "right", from: 104, text: ({ pid }) => pid },
    { title: "USER", width: 10, from: 150, text: ({ user }) => user },
    { title: "REMOTE", width: 0, text: ({ remote }) => remote },
    { title: "PLACE", width: 8, from: 132, text: ({ country }) => country },
    {
      title: "STATE",
      width: form.width >= 92 ? 11 : 6,
      from: 76,
      text: (row) => stateText(row, form),
    },
    {
      title: "RTT",
      width: 7,
      align: "right",
      from: 112,
      text: ({ roundTripMs }) => roundTrip(roundTripMs),
    },
    ...rateColumns(form, 130),
    volumeColumn(70),
  ],
};

/** Most connections have this state: it is not cut where there is little room. */
function stateText({ place }: TopRow, { width }: TableForm): string {
  return width < 92 && /^established$/i.test(place) ? "ESTAB" : place;
}

function rateColumns(form: TableForm, sparksFrom: number): readonly Column[] {
  const { width, ascii, bytes, topRate: top } = form;
  const spark = sparkWidth(width);
  const bars = (row: TopRow, of: (rates: Rates) => number) =>
    sparkline(row.series(spark).map(of), { width: spark, top, ascii });
  const down = ({ rxBytesPerSecond }: Rates) => rxBytesPerSecond;
  const up = ({ txBytesPerSecond }: Rates) => txBytesPerSecond;
  return [
    {
      title: "DOWN/S",
      width: RATE_WIDTH,
      align: "right",
      tone: "down",
      sort: "down",
      text: (row) => rateText(down(row), bytes),
    },
    { title: "", width: spark, from: sparksFrom, tone: "down", text: (row) => bars(row, down) },
    {
      title: "UP/S",
      width: RATE_WIDTH,
      align: "right",
      tone: "up",
      sort: "up",
      text: (row) => rateText(up(row), bytes),
    },
    { title: "", width: spark, from: sparksFrom, tone: "up", text: (row) => bars(row, up) },
  ];
}

function volumeColumn(from: number): Column {
  return {
    title: "TOTAL",
    width: VOLUME_WIDTH,
    align: "right",
    from,
    sort: "total",
    text: ({ totalBytes }) => formatBytes(totalBytes),
  };
}

function linksColumn(from: number): Column {
  return {
    title: "CONN",
    width: 5,
    align: "right",
    from,
    text: ({ connections }) => (connections === undefined ? "-" : String(connections)),
  };
}
