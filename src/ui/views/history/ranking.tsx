/** Who it was: a row for each application, remote, country and so on, the largest first. */

import { useEffect, useMemo } from "react";
import { formatBytes, formatShare } from "../../../model/format.ts";
import type { HistoryAnswer, HistoryBytes, HistoryRow } from "../../../model/history.ts";
import { sparkPaths } from "../../charts/spark-bars.ts";
import { exactBytesText } from "../../look/quantity.ts";
import { Share, Volume } from "../../parts/figures.tsx";
import { Mark } from "../../parts/mark.tsx";
import { SortHead } from "../../parts/sort-head.tsx";
import type { TextTable } from "../../parts/text-table.ts";
import { useVirtualRows } from "../../parts/virtual-rows.ts";
import { follow, Link } from "../../router/router.tsx";
import { changeText } from "./change.ts";
import { into, type Order, type Question, questionPath, TOPS } from "./question.ts";
import type { Answered } from "./use-answer.ts";
import { groupingOf, type Resolved } from "./use-history.ts";
import { learnNames } from "./use-names.ts";
import { BY_WORDS, rowName } from "./words.ts";

/** As in the style sheet. */
const ROW_HEIGHT = 48;

export interface RankingProps {
  readonly question: Question;
  readonly ranking: Answered<Resolved>;
  readonly onAsk: (question: Question) => void;
}

export function Ranking({ question, ranking, onAsk }: RankingProps) {
  const answer = ranking.data?.answer;
  useEffect(() => {
    if (!ranking.isOld) learnNames(groupingOf(question), answer?.rows ?? []);
  }, [answer]);
  if (answer === undefined) {
    return <p className="quiet">{ranking.error?.message ?? "Asking the daemon …"}</p>;
  }
  return (
    <div className={ranking.isOld ? "old" : undefined} aria-busy={ranking.isOld}>
      <Table question={question} answer={answer} onAsk={onAsk} />
    </div>
  );
}

function Table({
  question,
  answer,
  onAsk,
}: {
  question: Question;
  answer: HistoryAnswer;
  onAsk: RankingProps["onAsk"];
}) {
  const rows = useMemo(() => shownRows(answer, question), [answer, question]);
  const all = totalOf(answer, question);
  const isCompared = answer.before !== null;
  const hasOpened = answer.rows.some(({ connectionsOpened }) => connectionsOpened !== null);
  const { body, indexes, before, after } = useVirtualRows(rows.length, ROW_HEIGHT);
  if (rows.length === 0) {
    return (
      <p className="quiet">
        {question.find === "" ? "Nothing." : `Nothing of this period is called “${question.find}”.`}
      </p>
    );
  }
  return (
    <>
      <table className={isCompared ? "rows ranking compared" : "rows ranking"}>
        <Head question={question} isCompared={isCompared} hasOpened={hasOpened} onAsk={onAsk} />
        <tbody ref={body}>
          {before > 0 ? <tr className="space" style={{ height: `${before}px` }} /> : null}
          {indexes.map((index) => {
            const row = rows[index];
            return row === undefined ? null : (
              <Row
                key={row.key}
                index={index}
                row={row}
                question={question}
                share={all === 0 ? 0 : bytesOf(row) / all}
                hasOpened={hasOpened}
                answer={answer}
              />
            );
          })}
          {after > 0 ? <tr className="space" style={{ height: `${after}px` }} /> : null}
        </tbody>
      </table>
      <Others question={question} answer={answer} all={all} onAsk={onAsk} />
    </>
  );
}

function Head({
  question,
  isCompared,
  hasOpened,
  onAsk,
}: {
  question: Question;
  isCompared: boolean;
  hasOpened: boolean;
  onAsk: RankingProps["onAsk"];
}) {
  const head = (order: Order, text: string, className: string) => (
    <SortHead
      order={order}
      text={text}
      className={className}
      sorting={{ by: question.order, reverse: question.isReversed }}
      onSort={({ by, reverse }) => onAsk({ ...question, order: by, isReversed: reverse })}
      upwards={order === "name"}
    />
  );
  return (
    <thead>
      <tr>
        {head("name", BY_WORDS[question.by].one, "c-name")}
        <th scope="col" className="c-spark">
          Over time
        </th>
        {head("rx", "Download", "c-volume n")}
        {head("tx", "Upload", "c-volume n")}
        {head("total", "Both", "c-total n")}
        <th scope="col" className="c-share n">
          Share
        </th>
        {isCompared ? (
          <th scope="col" className="c-change n">
            Before
          </th>
        ) : null}
        {hasOpened ? head("opened", "Opened", "c-count n") : null}
      </tr>
    </thead>
  );
}

interface RowProps {
  readonly index: number;
  readonly row: HistoryRow;
  readonly question: Question;
  readonly share: number;
  readonly hasOpened: boolean;
  readonly answer: HistoryAnswer;
}

function Row({ index, row, question, share, hasOpened, answer }: RowProps) {
  const by = groupingOf(question);
  const href = questionPath(into(question, { by, key: row.key }));
  const name = rowName(by, row);
  return (
    <tr
      data-row={index}
      data-key={row.key}
      onClick={(event) => getSelection()?.isCollapsed !== false && follow(event, href)}
    >
      <td className="c-name">
        <span className="app">
          {by === "application" ? <Mark appKey={row.key} name={row.name} /> : null}
          <span className="names">
            <Link href={href} title={by === "application" ? row.key : name}>
              <bdi>{name}</bdi>
            </Link>
          </span>
        </span>
      </td>
      <td className="c-spark">
        <RowSpark row={row} answer={answer} />
      </td>
      <td className="c-volume n d">
        <Volume bytes={row.rxBytes} />
      </td>
      <td className="c-volume n u">
        <Volume bytes={row.txBytes} />
      </td>
      <td className="c-total n">
        <Volume bytes={bytesOf(row)} />
        <Share share={share} />
      </td>
      <td className="c-share n">{formatShare(share)}</td>
      {row.before === null ? null : (
        <td className="c-change n">
          <b>{changeText(bytesOf(row), bytesOf(row.before))}</b>
          <small title={exactBytesText(bytesOf(row.before))}>
            {formatBytes(bytesOf(row.before))}
          </small>
        </td>
      )}
      {hasOpened ? <td className="c-count n">{row.connectionsOpened ?? "–"}</td> : null}
    </tr>
  );
}

/** Units of the drawing. */
const SPARK = { width: 200, height: 30 } as const;

function RowSpark({ row, answer }: { row: HistoryRow; answer: HistoryAnswer }) {
  const paths = useMemo(() => {
    const [rxPeak, txPeak] = [Math.max(0, ...row.rxSeries), Math.max(0, ...row.txSeries)];
    if (rxPeak + txPeak === 0) return undefined;
    const peak = Math.max(rxPeak, txPeak);
    return sparkPaths({ rx: row.rxSeries, tx: row.txSeries, rxPeak, txPeak, peak }, SPARK);
  }, [row]);
  if (paths === undefined || answer.series === null) return null;
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className="axis" d={paths.axis} />
      <path className="down" d={paths.down} />
      <path className="up" d={paths.up} />
    </svg>
  );
}

function Others({
  question,
  answer,
  all,
  onAsk,
}: {
  question: Question;
  answer: HistoryAnswer;
  all: number;
  onAsk: RankingProps["onAsk"];
}) {
  const { others } = answer;
  const next = TOPS.find((top) => top > question.top);
  if (others === null || question.find !== "") return null;
  const share = all === 0 ? "" : `, ${formatShare(bytesOf(others) / all)}`;
  return (
    <p className="more">
      {others.count === 1 ? "One more" : `${others.count} more`}, together{" "}
      <Volume bytes={bytesOf(others)} />
      {share}{" "}
      {next === undefined ? null : (
        <button
          type="button"
          className="ghost small"
          onClick={() => onAsk({ ...question, top: next })}
        >
          Show {Math.min(next - question.top, others.count)} more
        </button>
      )}
    </p>
  );
}

export function bytesOf({ rxBytes, txBytes }: HistoryBytes): number {
  return rxBytes + txBytes;
}

/** What shares are of. Networks told apart have loopback among them, which the machine's total has not. */
export function totalOf(answer: HistoryAnswer, question: Question): number {
  const isApart = groupingOf(question) === "scope";
  if (!isApart) return bytesOf(answer.total);
  return [...answer.rows, ...(answer.others === null ? [] : [answer.others])].reduce(
    (sum, row) => sum + bytesOf(row),
    0,
  );
}

const collator = new Intl.Collator("en", { sensitivity: "base", numeric: true });

function shownRows({ rows }: HistoryAnswer, question: Question): HistoryRow[] {
  const by = groupingOf(question);
  const wanted = question.find.toLocaleLowerCase();
  const fits = (row: HistoryRow) =>
    rowName(by, row).toLocaleLowerCase().includes(wanted) ||
    row.key.toLocaleLowerCase().includes(wanted);
  const found = wanted === "" ? [...rows] : rows.filter(fits);
  const compare = (a: HistoryRow, b: HistoryRow): number => {
    switch (question.order) {
      case "name":
        return collator.compare(rowName(by, a), rowName(by, b));
      case "rx":
        return b.rxBytes - a.rxBytes;
      case "tx":
        return b.txBytes - a.txBytes;
      case "total":
        return bytesOf(b) - bytesOf(a);
      case "opened":
        return (b.connectionsOpened ?? 0) - (a.connectionsOpened ?? 0);
    }
  };
  const sign = question.isReversed ? -1 : 1;
  return found.sort((a, b) => sign * compare(a, b));
}

/** For the clipboard. */
export function rankingText(answer: HistoryAnswer | undefined, question: Question): TextTable {
  const by = groupingOf(question);
  return [
    [by, "key", "rxBytes", "txBytes", "connectionsOpened"],
    ...(answer === undefined ? [] : shownRows(answer, question)).map((row) => [
      rowName(by, row),
      row.key,
      row.rxBytes,
      row.txBytes,
      row.connectionsOpened ?? "",
    ]),
  ];
}
