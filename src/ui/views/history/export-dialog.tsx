/** The rows behind what is shown, as a file of any size. */

import { useEffect, useRef, useState } from "react";
import { formatBytes, formatDuration, formatShare } from "../../../model/format.ts";
import { HISTORY_LEVELS, type HistoryLevel, type HistoryState } from "../../../model/history.ts";
import { Modal } from "../../parts/modal.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import type { Progress } from "./export-run.ts";
import {
  type ExportWhat,
  exportFilter,
  FILE_FORMATS,
  type FileFormat,
  fileNameOf,
  levelFor,
  levelsOf,
  runExport,
} from "./export-run.ts";
import { type ChosenPeriod, periodText } from "./periods.ts";
import type { Question } from "./question.ts";
import type { Zone } from "./zone.ts";

export interface ExportButtonProps {
  readonly question: Question;
  readonly period: ChosenPeriod;
  readonly subject: string;
  readonly state: HistoryState;
  readonly zone: Zone;
}

type Stage =
  | { readonly is: "choosing" }
  | { readonly is: "running"; readonly progress: Progress }
  | { readonly is: "done"; readonly progress: Progress; readonly tookMs: number }
  | { readonly is: "failed"; readonly message: string };

export function ExportButton(props: ExportButtonProps) {
  const [held, hold] = useState<ExportButtonProps>();
  return (
    <>
      <button type="button" onClick={() => hold(props)}>
        Export
      </button>
      {held === undefined ? null : <ExportDialog {...held} onClose={() => hold(undefined)} />}
    </>
  );
}

function ExportDialog(props: ExportButtonProps & { readonly onClose: () => void }) {
  const { question, period, subject, state, zone, onClose } = props;
  const abort = useRef<AbortController>(undefined);
  const [format, setFormat] = useState<FileFormat>("csv");
  const levels = levelsOf(question.steps);
  const [level, setLevel] = useState<HistoryLevel>(() => levelFor(period, { state, levels }));
  const [stage, go] = useState<Stage>({ is: "choosing" });
  const isRunning = stage.is === "running";
  useEffect(() => () => abort.current?.abort(), []);
  const start = async () => {
    const what: ExportWhat = { period, level, format, ...exportFilter(question.steps) };
    abort.current = new AbortController();
    const { signal } = abort.current;
    const startedMs = performance.now();
    try {
      const progress = await runExport(what, {
        signal,
        name: fileNameOf(what, zone),
        onProgress: (next) => go({ is: "running", progress: next }),
      });
      if (progress === undefined) go({ is: "choosing" });
      else go({ is: "done", progress, tookMs: performance.now() - startedMs });
    } catch (error) {
      if (signal.aborted) go({ is: "choosing" });
      else go({ is: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  };
  return (
    <Modal title="Export" onClose={onClose} isHeld={isRunning} className="export">
      <p>
        {periodText(period, { zone, nowMs: period.toMs })} · <bdi>{subject}</bdi>
      </p>
      <p className="row">
        Format
        <Segmented
          small
          label="Format"
          options={FILE_FORMATS.map((value) => ({ value, text: FORMAT_WORDS[value] }))}
          value={format}
          onChange={setFormat}
        />
      </p>
      <p className="row">
        A row for each
        <Segmented
          small
          label="A row for each"
          options={HISTORY_LEVELS.filter((one) => levels.includes(one)).map((value) => ({
            value,
            text: value,
          }))}
          value={level}
          onChange={setLevel}
        />
      </p>
      <p className="quiet lead">{levelText(level, period, { state, zone })}</p>
      <Outcome stage={stage} />
      <p className="actions">
        {isRunning ? (
          <button type="button" onClick={() => abort.current?.abort()}>
            Cancel
          </button>
        ) : (
          <>
            <button type="button" className="primary" onClick={() => void start()}>
              {stage.is === "done" ? "Export again" : "Export"}
            </button>
            <button type="button" onClick={onClose}>
              Close
            </button>
          </>
        )}
      </p>
    </Modal>
  );
}

const FORMAT_WORDS: Readonly<Record<FileFormat, string>> = {
  csv: "CSV",
  jsonl: "JSON lines",
  parquet: "Parquet",
};

function Outcome({ stage }: { readonly stage: Stage }) {
  switch (stage.is) {
    case "choosing":
      return null;
    case "running": {
      const { bytes, share } = stage.progress;
      return (
        <div>
          <progress aria-label="Exported" value={share} max={1} />
          <p className="quiet">
            {share === undefined ? "" : `${formatShare(share)}, `}
            {formatBytes(bytes)}
          </p>
        </div>
      );
    }
    case "done":
      return (
        <p role="status">
          {formatBytes(stage.progress.bytes)} in {formatDuration(stage.tookMs)}.
        </p>
      );
    case "failed":
      return (
        <p className="wrong" role="alert">
          {stage.message}
        </p>
      );
  }
}

function levelText(
  level: HistoryLevel,
  { fromMs }: ChosenPeriod,
  { state, zone }: { state: HistoryState; zone: Zone },
): string {
  const what =
    level === "second"
      ? "Bytes of each application and interface; who it talked to is kept by the minute."
      : "Application, remote, port, protocol, direction, network, user, container and country, with bytes and connections opened. Times are UTC; what never left this computer has scope loopback.";
  const keptFromMs = state.keptFromMs[level];
  if (keptFromMs <= fromMs) return what;
  return `${what} ${level[0]?.toUpperCase()}${level.slice(1)}s are kept since ${zone.format(keptFromMs, "date")}, ${zone.format(keptFromMs, "clock")}.`;
}
