/** The rows behind what is shown, as a file of any size. */

import { useEffect, useRef, useState } from "react";
import { formatBytes, formatDuration, formatShare } from "../../../model/format.ts";
import {
  EXPORT_KINDS,
  type ExportKind,
  HISTORY_LEVELS,
  type HistoryLevel,
  type HistoryState,
} from "../../../model/history.ts";
import { Modal } from "../../parts/modal.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import type { Progress } from "./export-run.ts";
import {
  type ExportWhat,
  exportFilter,
  FILE_FORMATS,
  type FileFormat,
  fileNameOf,
  kindsOf,
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
  const kinds = kindsOf(question.steps);
  const [by, setKind] = useState<ExportKind>(() => kindFor(question, kinds));
  const levels = levelsOf(question.steps, by);
  const [chosen, setLevel] = useState<HistoryLevel>();
  const level =
    chosen !== undefined && levels.includes(chosen)
      ? chosen
      : levelFor(period, { by, state, levels });
  const [stage, go] = useState<Stage>({ is: "choosing" });
  const isRunning = stage.is === "running";
  useEffect(() => () => abort.current?.abort(), []);
  const start = async () => {
    const what: ExportWhat = { period, by, level, format, ...exportFilter(question.steps) };
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
      {kinds.length < 2 ? null : (
        <p className="row">
          Rows
          <Segmented
            small
            label="Rows"
            options={kinds.map((value) => ({ value, text: KIND_WORDS[value] }))}
            value={by}
            onChange={setKind}
          />
        </p>
      )}
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
      <p className="quiet lead">{levelText(level, period, { by, state, zone })}</p>
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

const KIND_WORDS: Readonly<Record<ExportKind, string>> = {
  service: "services",
  process: "processes",
};

function kindFor({ by }: Question, kinds: readonly ExportKind[]): ExportKind {
  const shown = EXPORT_KINDS.find((kind) => kind === by);
  return shown !== undefined && kinds.includes(shown) ? shown : (kinds[0] ?? "service");
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
  { by, state, zone }: { by: ExportKind; state: HistoryState; zone: Zone },
): string {
  const what =
    by === "process"
      ? "Application, process, user, container and interface with bytes; by minute for the last week. Times are UTC; a row without a process is what none explains."
      : level === "second"
        ? "Bytes of each application and interface; who it talked to is kept by the minute."
        : "Application, remote, port, protocol, direction, network, user, container and country, with bytes and connections opened. Times are UTC.";
  const keptFromMs = state.keptFromMs[level];
  if (keptFromMs <= fromMs) return what;
  return `${what} ${level[0]?.toUpperCase()}${level.slice(1)}s are kept since ${zone.format(keptFromMs, "date")}, ${zone.format(keptFromMs, "clock")}.`;
}
