/** The world by shares of bytes, from shapes that come with the page: nothing is fetched from anywhere. What it shows stands
 * in words in the list beside it, so it is hidden from who reads with ears. */

import { memo, useState } from "react";
import { countryName } from "../../model/country.ts";
import { formatBytes, formatShare } from "../../model/format.ts";
import { navigate } from "../router/router.tsx";
import { countryPath } from "../router/routes.ts";
import { type CountryBytes, STEPS, stepsOf } from "./shares.ts";
import world from "./world.json" with { type: "json" };

export interface WorldMapProps {
  readonly countries: readonly CountryBytes[];
  /** Of what the shares are. */
  readonly allBytes: number;
  /** The country that is pointed at in the list. */
  readonly pointed?: string | undefined;
  readonly onPoint?: (code: string | undefined) => void;
  /** Where a country leads; where not given, to its view. */
  readonly hrefOf?: (code: string) => string;
}

const SHAPES = Object.entries(world.shapes);
const DOTS = Object.entries(world.dots);
const DOT_RADIUS = 4;

export const WorldMap = memo(function WorldMap(props: WorldMapProps) {
  const { countries, allBytes, onPoint, hrefOf = countryPath } = props;
  const [own, setOwn] = useState<string>();
  const pointed = own ?? props.pointed;
  const steps = stepsOf(countries, allBytes);
  const point = (code: string | undefined) => {
    setOwn(code);
    onPoint?.(code);
  };
  const handlers = (code: string) => ({
    className: `land${steps.has(code) ? ` s${steps.get(code)}` : ""}${code === pointed ? " pointed" : ""}`,
    onPointerEnter: () => point(code),
    onPointerLeave: () => point(undefined),
    onClick: () => steps.has(code) && navigate(hrefOf(code)),
  });
  return (
    <div className="world">
      <svg viewBox="60 0 920 446" aria-hidden="true">
        {SHAPES.map(([code, path]) => (
          <path key={code} d={path} {...handlers(code)} />
        ))}
        {DOTS.filter(([code]) => steps.has(code)).map(([code, [x, y]]) => (
          <circle key={code} cx={x} cy={y} r={DOT_RADIUS} {...handlers(code)} />
        ))}
      </svg>
      <p className="said">{saidOf(pointed, countries, allBytes)}</p>
      <ul className="steps" aria-label="Share of all bytes">
        {STEPS.map(({ text }, step) => (
          <li key={text}>
            <i className={`s${step}`} />
            {text}
          </li>
        ))}
      </ul>
    </div>
  );
});

function saidOf(
  code: string | undefined,
  countries: readonly CountryBytes[],
  allBytes: number,
): string {
  if (code === undefined) return "Share of all bytes by country";
  const bytes = countries.find((one) => one.code === code)?.bytes ?? 0;
  if (bytes === 0) return `${countryName(code)}: nothing`;
  return `${countryName(code)}: ${formatBytes(bytes)}, ${formatShare(bytes / Math.max(bytes, allBytes))}`;
}
