/** What is used of each quota, where there is one. */

import { memo } from "react";
import { targetText } from "../../../model/limit-text.ts";
import type { QuotaState } from "../../../model/quota.ts";
import { momentText } from "../../look/quantity.ts";
import { QuotaUsed } from "../../parts/quota-used.tsx";
import { Link } from "../../router/router.tsx";
import { useLimits } from "../../store/limits.ts";

/** Those nearest to their end; the others are in the view of limits. */
const SHOWN = 3;

/** Apart from the ticks, which change nothing of it. */
export const QuotaLines = memo(function QuotaLines() {
  const quotas = useLimits()?.quotas.filter(({ quota }) => quota.enabled) ?? [];
  if (quotas.length === 0) return null;
  const fullest = [...quotas].sort((a, b) => b.share - a.share).slice(0, SHOWN);
  return (
    <section className="card quota-lines" aria-label="Quotas">
      {fullest.map((state) => (
        <Line key={state.quota.id} state={state} />
      ))}
    </section>
  );
});

function Line({ state }: { readonly state: QuotaState }) {
  return (
    <div>
      <Link href="/limits">
        <bdi>{targetText(state.quota.target)}</bdi>
      </Link>
      <div>
        <QuotaUsed state={state} />
      </div>
      <small>until {momentText(state.periodToMs, state.periodFromMs)}</small>
    </div>
  );
}
