/** How far an export is, on stderr where somebody looks at it. */

import { formatBytes, formatDuration, formatShare } from "../model/format.ts";
import type { Period } from "../model/history.ts";

export interface ExportProgress extends Disposable {
  add(piece: string | Uint8Array): void;
}

const EVERY_MS = 200;
/** What a row begins with, in both formats. */
const ROW = /\n(?:\{"from":")?(\d{4}-\d\d-\d\dT[\d:.]+Z)/;

/** `isFile`: the rows do not go to the terminal. */
export function createExportProgress(
  { fromMs, toMs }: Period,
  isFile: boolean,
  stream: NodeJS.WriteStream = process.stderr,
): ExportProgress {
  const isShown = stream.isTTY && (isFile || !process.stdout.isTTY);
  const startedMs = performance.now();
  let bytes = 0;
  let share = 0;
  let shownMs = Number.NEGATIVE_INFINITY;

  return {
    add(piece) {
      bytes += Buffer.byteLength(piece);
      if (!isShown || performance.now() - shownMs < EVERY_MS) return;
      shownMs = performance.now();
      // Parquet does not show how far it is.
      const row = typeof piece === "string" ? ROW.exec(piece)?.[1] : undefined;
      const atMs = Date.parse(row ?? "");
      if (!Number.isNaN(atMs)) share = Math.min(1, Math.max(0, (atMs - fromMs) / (toMs - fromMs)));
      const part = share === 0 ? "" : `${formatShare(share)}, `;
      stream.write(`\r\x1b[K${part}${formatBytes(bytes)}`);
    },
    [Symbol.dispose]() {
      if (!isShown) return;
      const took = formatDuration(performance.now() - startedMs);
      stream.write(`\r\x1b[K${formatBytes(bytes)} in ${took}\n`);
    },
  };
}
