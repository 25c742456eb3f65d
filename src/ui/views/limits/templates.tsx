/** Caps that people want often, as parts of what the line carries. */

import { formatBitRate, parseRate } from "../../../model/rate.ts";
import { useStore } from "../../store/create-store.ts";
import { line } from "../../store/line.ts";
import { past } from "../../store/live.ts";
import { withoutZeros } from "./rate-text.ts";

/** As far back as the page remembers. */
const SEEN_MS = 15 * 60_000;
const PARTS = [
  ["Half", 0.5],
  ["A quarter", 0.25],
  ["A tenth", 0.1],
] as const;

export interface TemplatesProps {
  readonly onChoose: (rates: { down: string; up: string }) => void;
}

export function Templates({ onChoose }: TemplatesProps) {
  const known = useStore(line);
  const seen = mostSeen();
  const rx = parseRate(known.down) ?? seen.rx;
  const tx = parseRate(known.up) ?? seen.tx;
  const isSaid = parseRate(known.down) !== undefined || parseRate(known.up) !== undefined;
  return (
    <div className="templates">
      <div className="examples" role="group" aria-label="Templates">
        {PARTS.map(([word, part]) => (
          <button
            key={word}
            type="button"
            disabled={rx === 0 && tx === 0}
            onClick={() => onChoose({ down: partOf(rx, part), up: partOf(tx, part) })}
          >
            {word} of the line
          </button>
        ))}
        <button type="button" onClick={() => onChoose({ down: "", up: "1 Mbit/s" })}>
          1 Mbit/s up
        </button>
      </div>
      <details className="line">
        <summary>
          The line: {rx === 0 ? "–" : formatBitRate(rx)} down, {tx === 0 ? "–" : formatBitRate(tx)}{" "}
          up
          {isSaid ? "" : ", the most seen in 15 min"}
        </summary>
        <div className="pair">
          {(["down", "up"] as const).map((direction) => (
            <label key={direction}>
              {direction === "down" ? "Download" : "Upload"}
              <input
                type="text"
                placeholder="100 Mbit/s"
                value={known[direction]}
                onInput={({ currentTarget }) =>
                  line.set({ ...known, [direction]: currentTarget.value })
                }
              />
            </label>
          ))}
        </div>
      </details>
    </div>
  );
}

function partOf(rate: number, part: number): string {
  return rate === 0 ? "" : withoutZeros(formatBitRate(Math.max(1_000, rate * part)));
}

function mostSeen(): { rx: number; tx: number } {
  const nowMs = Date.now();
  const { rx, tx } = past.machine(nowMs - SEEN_MS, nowMs);
  const most = (rates: readonly (number | null)[]) =>
    rates.reduce<number>((best, rate) => Math.max(best, rate ?? 0), 0);
  return { rx: most(rx), tx: most(tx) };
}
