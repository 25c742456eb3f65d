/** A rate as typed text and as a slider, which follow each other. */

import { parseRate } from "../../../model/rate.ts";
import { rateText, roundRateText } from "../../look/quantity.ts";
import { useStore } from "../../store/create-store.ts";
import { units } from "../../store/settings.ts";
import { positionOf, rateAt, STEPS } from "./rate-scale.ts";
import { rateIn } from "./rate-text.ts";

export interface RateFieldProps {
  readonly label: string;
  /** For its colour: "d" or "u". */
  readonly look: string;
  /** As it is typed; "": no cap. */
  readonly text: string;
  readonly onText: (text: string) => void;
}

export function RateField({ label, look, text, onText }: RateFieldProps) {
  const unit = useStore(units);
  const rate = rateIn(text);
  const isWrong = rate === undefined;
  const position = rate === undefined || rate === null ? STEPS : positionOf(rate);
  const slide = (value: number) => onText(value >= STEPS ? "" : roundRateText(rateAt(value), unit));
  return (
    <fieldset className={`rate-field ${look}`}>
      <legend>
        <i className={`dot ${look}`} aria-hidden="true" />
        {label}
      </legend>
      <input
        type="text"
        aria-label={`${label}, at most`}
        aria-invalid={isWrong}
        placeholder="no cap"
        autoComplete="off"
        value={text}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
      <input
        type="range"
        aria-label={`${label}, slider`}
        aria-valuetext={rate === undefined || rate === null ? "no cap" : rateText(rate, unit)}
        min={0}
        max={STEPS}
        value={position}
        onInput={({ currentTarget }) => slide(Number(currentTarget.value))}
      />
      <p className="wrong">{isWrong ? wrongText(text) : ""}</p>
    </fieldset>
  );
}

function wrongText(text: string): string {
  const rate = parseRate(text);
  if (rate === 0) return "Nothing would pass: choose Block.";
  if (rate !== undefined) return "Between 8 kbit/s and 1 Tbit/s.";
  return /^[\d.]+ *[kmgt]?$/i.test(text.trim())
    ? "Of what? Write 5 Mbit/s or 1.5 MB/s."
    : "Write it as 5 Mbit/s, 800 kbit/s or 1.5 MB/s.";
}
