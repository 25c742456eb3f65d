/** The fields that a kind of condition has. */

import {
  ALERT_PERIODS,
  type AlertPeriod,
  type AlertScopeKind,
  SCOPES_OF_KIND,
} from "../../../model/alert.ts";
import { useStore } from "../../store/create-store.ts";
import { interfaces } from "../../store/live.ts";
import { useApplications } from "../../store/status.ts";
import { Choice, Field } from "./field.tsx";
import type { FieldsProps } from "./rule-editor.tsx";
import { CHOICES } from "./rule-form.ts";

const SCOPE_WORDS: Readonly<Record<AlertScopeKind, string>> = {
  machine: "this computer",
  interface: "an interface",
  application: "a program",
  user: "a user",
  container: "a container",
};
const PERIOD_WORDS: Readonly<Record<AlertPeriod, string>> = {
  day: "a day",
  week: "a week",
  month: "a month",
  cycle: "a billing cycle",
};

export function ConditionFields(props: FieldsProps) {
  const { form, change, errorOf } = props;
  const { kind } = form;
  const hasCap = kind === "volume" || kind === "forecast";
  const lasts = kind === "rate" || kind === "coverage" || kind === "interface-gone";
  return (
    <>
      <Scope {...props} />
      {kind === "rate" || hasCap ? <Direction {...props} /> : null}
      {kind === "rate" ? (
        <div className="pair">
          <Choice
            label="Rate"
            value={form.comparison}
            options={[
              ["above", "more than"],
              ["below", "less than"],
            ]}
            onChange={(comparison) => change({ comparison })}
          />
          <Field
            label="Threshold"
            hint="10mbit, 1.5MB/s"
            value={form.rate}
            error={errorOf("rate")}
            onChange={(rate) => change({ rate })}
          />
        </div>
      ) : null}
      {hasCap ? <Cap {...props} /> : null}
      {kind === "unusual" ? (
        <Field
          label="How far from usual"
          hint="robust standard deviations: 4 tells more often, 10 seldom"
          value={form.deviations}
          error={errorOf("deviations")}
          onChange={(deviations) => change({ deviations })}
        />
      ) : null}
      <Which {...props} />
      {kind === "block-list" ? (
        <Field
          label="List"
          hint="a file on this computer, or an https address that is fetched once a day"
          placeholder="/etc/monitauri/blocked.txt"
          value={form.list}
          error={errorOf("list")}
          onChange={(list) => change({ list })}
        />
      ) : null}
      {kind === "coverage" ? (
        <Field
          label="Less than this share has an owner, %"
          value={form.share}
          error={errorOf("share")}
          onChange={(share) => change({ share })}
        />
      ) : null}
      {lasts || kind === "degraded" ? (
        <Field
          label="For"
          hint="30s, 5min"
          value={form.lasting}
          error={errorOf("lasting")}
          onChange={(lasting) => change({ lasting })}
        />
      ) : null}
    </>
  );
}

function Scope({ form, change }: FieldsProps) {
  const scopes = SCOPES_OF_KIND[form.kind];
  const names = useStore(interfaces).map(({ name }) => name);
  const programs = useApplications() ?? [];
  if (scopes.length === 1) return null;
  const suggestions =
    form.scopeKind === "interface"
      ? names
      : form.scopeKind === "application"
        ? [
            ...new Set(
              programs.filter((one) => one.remainder === null).map((one) => one.application),
            ),
          ]
        : [];
  return (
    <div className="pair">
      <Choice
        label="Of"
        value={form.scopeKind}
        options={scopes.map((one) => [one, SCOPE_WORDS[one]] as const)}
        onChange={(scopeKind) => change({ scopeKind, match: "" })}
      />
      {form.scopeKind === "machine" ? null : (
        <Field
          label="Name"
          placeholder="any"
          hint="empty: each of them by itself"
          value={form.match}
          list={suggestions.slice(0, MAX_SUGGESTIONS)}
          onChange={(match) => change({ match })}
        />
      )}
    </div>
  );
}

const MAX_SUGGESTIONS = 200;

function Direction({ form, change }: FieldsProps) {
  return (
    <Choice
      label="Direction"
      value={form.direction}
      options={[
        ["both", "download and upload together"],
        ["rx", "download"],
        ["tx", "upload"],
      ]}
      onChange={(direction) => change({ direction })}
    />
  );
}

function Cap({ form, change, errorOf }: FieldsProps) {
  return (
    <>
      <div className="pair">
        <Field
          label="Volume"
          hint="50GB, 500MB"
          value={form.cap}
          error={errorOf("cap")}
          onChange={(cap) => change({ cap })}
        />
        <Choice
          label="In"
          value={form.period}
          options={ALERT_PERIODS.map((one) => [one, PERIOD_WORDS[one]] as const)}
          onChange={(period) => change({ period })}
        />
      </div>
      {form.period === "cycle" ? (
        <Field
          label="The cycle begins on day"
          type="number"
          value={form.cycleDay}
          error={errorOf("cycleDay")}
          onChange={(cycleDay) => change({ cycleDay })}
        />
      ) : null}
      {form.kind === "volume" ? (
        <Field
          label="Tell at these percentages"
          value={form.percentages}
          error={errorOf("percentages")}
          onChange={(percentages) => change({ percentages })}
        />
      ) : null}
    </>
  );
}

function Which({ form, change, errorOf }: FieldsProps) {
  const choices = CHOICES[form.kind];
  if (choices === undefined) return null;
  const error = errorOf("of");
  return (
    <fieldset>
      <legend>Which</legend>
      {choices.map(([value, text]) => (
        <label key={value} className="tick">
          <input
            type="checkbox"
            checked={form.of.includes(value)}
            onChange={({ currentTarget }) =>
              change({
                of: currentTarget.checked
                  ? [...form.of, value]
                  : form.of.filter((one) => one !== value),
              })
            }
          />
          {text}
        </label>
      ))}
      {error === undefined ? null : <small className="wrong">{error}</small>}
    </fieldset>
  );
}
