/** How much of a quota is used, in words and as a bar with its steps. */

import type { QuotaState } from "../../model/quota.ts";
import { volume } from "../look/quantity.ts";

const PERIOD_WORDS = {
  day: "a day",
  week: "a week",
  month: "a month",
  billing: "a billing cycle",
} as const;

export function QuotaUsed({ state }: { readonly state: QuotaState }) {
  const { quota, usedBytes, share } = state;
  const used = volume(usedBytes);
  const all = volume(quota.bytes);
  const percent = Math.floor(share * 1000) / 10;
  const most = Math.max(1, ...quota.steps.map(({ atShare }) => atShare));
  return (
    <>
      <span className="held">
        <b>
          {used.number} {used.unit}
        </b>{" "}
        <small>
          of {all.number} {all.unit} {PERIOD_WORDS[quota.period]} · {percent} %
        </small>
      </span>
      <span
        className={share >= 1 ? "gauge quota full" : "gauge quota"}
        role="meter"
        aria-label="Used"
        aria-valuemin={0}
        aria-valuemax={Math.round(most * 100)}
        aria-valuenow={Math.round(Math.min(share, most) * 100)}
        aria-valuetext={`${percent} %`}
      >
        <i style={{ width: `${(Math.min(1, share / most) * 100).toFixed(1)}%` }} />
        {quota.steps.map(({ atShare }) => (
          <u key={atShare} style={{ left: `${((atShare / most) * 100).toFixed(1)}%` }} />
        ))}
      </span>
    </>
  );
}
