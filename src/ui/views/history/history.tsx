/** The past: what used the network in any period, and who it was. */

import { useMemo } from "react";
import type { HistoryState, Period } from "../../../model/history.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Header } from "../../parts/header.tsx";
import { lazyView } from "../../parts/lazy-view.tsx";
import { ByBar } from "./by-bar.tsx";
import { Choices } from "./choices.tsx";
import { ConnectionRows } from "./connection-rows.tsx";
import { Empty, Refused } from "./empty.tsx";
import { emptyReason } from "./empty-reason.ts";
import { ExportButton } from "./export-dialog.tsx";
import { HistoryChart } from "./history-chart.tsx";
import { Notes } from "./notes.tsx";
import { PeriodBar } from "./period-bar.tsx";
import { neighbour } from "./periods.ts";
import { MAX_ZOOMS } from "./question.ts";
import { Ranking, rankingText } from "./ranking.tsx";
import { HistoryShares } from "./shares.tsx";
import { Summary } from "./summary.tsx";
import { Trail } from "./trail.tsx";
import { useAnswer } from "./use-answer.ts";
import { nowMs, resolve, useChart, useRanking } from "./use-history.ts";
import { useNames } from "./use-names.ts";
import { useQuestion } from "./use-question.ts";
import { openZone } from "./zone.ts";

/** With the shapes of all countries: only where one asks for them. */
const PlaceMap = lazyView(() => import("./place-map.tsx").then((part) => part.PlaceMap));

const STATE_MS = 20_000;

export function History() {
  const { data, error } = useAnswer({
    key: "state",
    everyMs: STATE_MS,
    ask: (client) => client.historyState(),
  });
  if (data !== undefined) return <Past state={data} />;
  return (
    <>
      <Header title="History" windowTitle="History" />
      {error === undefined ? (
        <p className="card quiet">Asking the daemon …</p>
      ) : (
        <Refused error={error} />
      )}
    </>
  );
}

function Past({ state }: { readonly state: HistoryState }) {
  const [question, ask] = useQuestion();
  const zone = openZone(state.zone);
  const names = useNames(question.steps);
  const resolved = () => resolve(question, { nowMs: nowMs(), zone, firstAtMs: state.firstAtMs });
  const chart = useChart(question, resolved);
  const ranking = useRanking(question, resolved);
  const answer = chart.data?.answer;
  const period = chart.data === undefined || chart.isOld ? resolved() : chart.data.period;
  const rowsBy = ranking.data?.by ?? question.by;
  const shown = { ...question, by: rowsBy };
  const subject = names.subject(question.steps);
  const unit = question.units;
  const isFiltered = question.steps.length > 0;
  const empty = useMemo(() => {
    if (answer === undefined || chart.isOld) return undefined;
    return emptyReason(answer, {
      state,
      isFiltered,
      nowMs: nowMs(),
      zone,
    });
  }, [answer, chart.isOld, state]);
  const move = (by: 1 | -1) =>
    ask({ ...question, period: neighbour(period, { zone, by }), zooms: [] });
  const zoom = (part: Period) => {
    if (question.zooms.length < MAX_ZOOMS) ask({ ...question, zooms: [...question.zooms, part] });
  };
  return (
    <>
      <Header
        title="History"
        windowTitle={question.steps.length === 0 ? "History" : `${subject}, history`}
      >
        <Choices question={question} onAsk={ask} />
        <ExportButton
          question={question}
          period={period}
          subject={subject}
          state={state}
          zone={zone}
        />
        <CopyButton text={() => rankingText(ranking.data?.answer, shown)} />
      </Header>
      <PeriodBar question={question} period={period} zone={zone} onAsk={ask} onMove={move} />
      <Trail question={question} period={period} zone={zone} nowMs={nowMs()} names={names} />
      {chart.error === undefined ? null : <Refused error={chart.error} />}
      {answer === undefined || chart.data === undefined ? (
        <p className="card quiet">Asking the daemon …</p>
      ) : (
        <div className={chart.isOld ? "old" : undefined} aria-busy={chart.isOld}>
          {empty !== undefined ? (
            <Empty reason={empty} question={question} state={state} zone={zone}>
              <Notes answer={answer} state={state} zone={zone} isFiltered={isFiltered} isEmpty />
            </Empty>
          ) : (
            <>
              <Summary answer={answer} period={chart.data.period} units={unit} />
              <div className="grid">
                <section className="card" aria-label="Traffic over time">
                  <HistoryChart
                    subject={subject}
                    answer={answer}
                    before={chart.data.before}
                    zone={zone}
                    units={unit}
                    onZoom={zoom}
                    onBack={
                      question.zooms.length === 0
                        ? undefined
                        : () => ask({ ...question, zooms: question.zooms.slice(0, -1) })
                    }
                    onMove={move}
                  />
                  <Notes
                    answer={answer}
                    state={state}
                    zone={zone}
                    isFiltered={isFiltered}
                    beforeText={chart.data.period.beforeText}
                  />
                </section>
                <HistoryShares question={shown} answer={ranking.data?.answer} />
              </div>
            </>
          )}
        </div>
      )}
      {empty !== undefined ? null : (
        <section className="card table" aria-label="Who it was">
          <ByBar question={question} onAsk={ask} />
          {question.by === "connections" ? (
            <ConnectionRows question={question} period={resolved} state={state} zone={zone} />
          ) : (
            <Ranking
              question={shown}
              ranking={ranking}
              onAsk={(next) => ask({ ...next, by: question.by })}
            />
          )}
        </section>
      )}
      {empty === undefined && shown.by === "country" ? (
        <PlaceMap question={shown} ranking={ranking} />
      ) : null}
    </>
  );
}
