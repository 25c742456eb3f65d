/** A donut of shares with its legend, which says all of it in words. */

import { memo, useState } from "react";
import { formatBytes, formatShare } from "../../model/format.ts";
import { exactBytesText, volume } from "../look/quantity.ts";
import { Link } from "../router/router.tsx";
import { colourOf } from "../store/colours.ts";
import { donut, OTHERS, type Part, type Slice } from "./donut-geometry.ts";

export interface DonutProps {
  readonly parts: readonly Part[];
  /** Those that are not among the parts. */
  readonly more?: { readonly count: number; readonly bytes: number } | undefined;
  /** undefined: it is no link. */
  readonly hrefOf: (key: string) => string | undefined;
  readonly othersHref: string;
  /** An application's own where not given. */
  readonly colour?: (key: string) => string;
}

export const Donut = memo(function Donut({
  parts,
  more,
  hrefOf,
  othersHref,
  colour = colourOf,
}: DonutProps) {
  const [pointed, point] = useState<string>();
  const slices = donut(parts, more);
  const chosen = slices.find(({ key }) => key === pointed);
  const total = slices.reduce((sum, { bytes }) => sum + bytes, 0);
  const { number, unit } = volume(chosen?.bytes ?? total);
  if (slices.length === 0) return <p className="quiet">Nothing to share out yet.</p>;
  return (
    <div className="donut">
      <svg viewBox="-1.06 -1.06 2.12 2.12" aria-hidden="true">
        {slices.map(({ key, path }) => (
          <path
            key={key}
            d={path}
            style={{ fill: key === OTHERS ? OTHERS_COLOUR : colour(key) }}
            className={pointed === undefined || pointed === key ? "" : "dim"}
            onPointerEnter={() => point(key)}
            onPointerLeave={() => point(undefined)}
          />
        ))}
        <text className="big" y="0.04">
          {number} {unit}
        </text>
        <text className="small" y="0.27">
          {chosen === undefined ? "both ways" : formatShare(chosen.share)}
        </text>
      </svg>
      <ul>
        {slices.map((slice) => (
          <li
            key={slice.key}
            onPointerEnter={({ currentTarget }) => {
              point(slice.key);
              currentTarget.title = `${formatBytes(slice.bytes)}: ${exactBytesText(slice.bytes)}`;
            }}
            onPointerLeave={() => point(undefined)}
          >
            <i style={{ background: slice.key === OTHERS ? OTHERS_COLOUR : colour(slice.key) }} />
            <SliceName
              name={slice.name}
              href={slice.key === OTHERS ? othersHref : hrefOf(slice.key)}
            />
            <b>{percent(slice)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
});

interface SliceNameProps {
  readonly name: string;
  readonly href: string | undefined;
}

const SliceName = memo(function SliceName({ name, href }: SliceNameProps) {
  if (href === undefined) return <bdi>{name}</bdi>;
  return (
    <Link href={href}>
      <bdi>{name}</bdi>
    </Link>
  );
});

const OTHERS_COLOUR = "var(--line2)";

function percent({ share }: Slice): string {
  if (share < 0.01) return "< 1 %";
  return share > 0.99 && share < 1 ? "> 99 %" : `${Math.round(share * 100)} %`;
}
