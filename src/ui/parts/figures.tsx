/** Numbers with their unit beside, smaller; a column of them never changes width. The exact value is said where the
 * pointer is: written to every number at every tick it would cost more than the numbers themselves. */

import { memo, type PointerEvent } from "react";
import { cellRate, exactBytesText, exactRateText, rate, volume } from "../look/quantity.ts";
import type { Units } from "../store/settings.ts";

interface RateProps {
  readonly bytesPerSecond: number;
  readonly units: Units;
}

/** Of a table's cell. */
export const Rate = memo(function Rate({ bytesPerSecond, units }: RateProps) {
  const { number, unit } = cellRate(bytesPerSecond, units);
  return (
    <span
      className={bytesPerSecond === 0 ? "figure nothing" : "figure"}
      onPointerOver={(event) => say(event, exactRateText(bytesPerSecond, units))}
    >
      {number}
      <small>{unit}</small>
    </span>
  );
});

export const Volume = memo(function Volume({ bytes }: { readonly bytes: number }) {
  const { number, unit } = volume(bytes);
  return (
    <span className="figure volume" onPointerOver={(event) => say(event, exactBytesText(bytes))}>
      {number}
      <small>{unit}</small>
    </span>
  );
});

/** The large ones. */
export function BigRate({ bytesPerSecond, units }: RateProps) {
  const { number, unit } = rate(bytesPerSecond, units);
  return (
    <strong onPointerOver={(event) => say(event, exactRateText(bytesPerSecond, units))}>
      <span className="digits">{number}</span>
      <small>{unit}</small>
    </strong>
  );
}

export function BigVolume({ bytes }: { readonly bytes: number }) {
  const { number, unit } = volume(bytes);
  return (
    <strong onPointerOver={(event) => say(event, exactBytesText(bytes))}>
      <span className="digits">{number}</span>
      <small>{unit}</small>
    </strong>
  );
}

/** A thin bar below a figure. Painted as a background, whose size is no matter of layout. */
export const Share = memo(function Share({ share }: { readonly share: number }) {
  return (
    <span className="bar share" style={{ backgroundSize: barSize(share) }} aria-hidden="true" />
  );
});

export function barSize(share: number): string {
  return `${Math.min(100, Math.round(share * 100))}% 100%`;
}

function say({ currentTarget }: PointerEvent<HTMLElement>, text: string): void {
  currentTarget.title = text;
}
