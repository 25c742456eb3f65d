/** Alert rules as plain sentences: the same on the page, in the terminal and in mails. */

import type {
  AlertCondition,
  AlertDirection,
  AlertPeriod,
  AlertRuleSettings,
  AlertScope,
} from "./alert.ts";
import { formatBytes, formatDuration } from "./format.ts";
import { formatBitRate } from "./rate.ts";

/** "firefox receives more than 10.0 Mbit/s for 30 s" */
export function ruleWords({ scope, condition }: Pick<AlertRuleSettings, "scope" | "condition">) {
  return conditionWords(condition, scope);
}

/** "firefox", "any application", "this computer". */
export function scopeWords({ kind, match }: AlertScope): string {
  if (kind === "machine") return "this computer";
  if (match === "*") return kind === "application" ? "a program" : `${article(kind)} ${kind}`;
  const name = kind === "application" ? match.slice(match.lastIndexOf("/") + 1) || match : match;
  return kind === "application" ? name : `${kind} ${name}`;
}

/** "20 % of 50.0 GB" needs a period: "this billing cycle". */
export function periodWords(period: AlertPeriod): string {
  return period === "day" ? "today" : `this ${period === "cycle" ? "billing cycle" : period}`;
}

export function directionVerb(direction: AlertDirection): string {
  return { rx: "receives", tx: "sends", both: "moves" }[direction];
}

function conditionWords(condition: AlertCondition, scope: AlertScope): string {
  const who = scopeWords(scope);
  switch (condition.kind) {
    case "rate": {
      const than = condition.comparison === "above" ? "more than" : "less than";
      const rate = formatBitRate(condition.bytesPerSecond);
      return `${who} ${directionVerb(condition.direction)} ${than} ${rate}${lasting(condition.forMs)}`;
    }
    case "volume": {
      const { direction, percentages, capBytes, period } = condition;
      const shares = listWords(
        percentages.map((percent) => `${percent} %`),
        "or",
      );
      const of = percentages.join() === "100" ? "" : `${shares} of `;
      return `${who} ${directionVerb(direction)} ${of}${formatBytes(capBytes)} in ${periodNoun(period, condition.cycleDay)}`;
    }
    case "forecast": {
      const { direction, capBytes, period, cycleDay } = condition;
      return `${who} will, at its pace, ${{ rx: "receive", tx: "send", both: "move" }[direction]} ${formatBytes(capBytes)} in ${periodNoun(period, cycleDay)}`;
    }
    case "newcomer": {
      const program = scope.kind === "application" ? who : `a program${ofWhom(scope)}`;
      const words = {
        program: "uses the network for the first time",
        executable: "is another file than before",
      };
      return `${program} ${listWords(
        condition.of.map((what) => words[what]),
        "or",
      )}`;
    }
    case "first-contact": {
      const program = scope.kind === "application" ? who : `a program${ofWhom(scope)}`;
      return `${program} talks to ${listWords(
        condition.of.map((what) => `a ${what}`),
        "or",
      )} for the first time`;
    }
    case "unusual": {
      const program = scope.kind === "application" ? who : "a program";
      const words = {
        volume: "moves unusually much",
        hour: "is active at an unusual hour",
        upload: "sends unusually much of it",
      };
      return `${program} ${listWords(
        condition.of.map((what) => words[what]),
        "or",
      )}`;
    }
    case "block-list": {
      const program = scope.kind === "application" ? who : `a program${ofWhom(scope)}`;
      return `${program} talks to an address on ${condition.list}`;
    }
    case "limit": {
      const words = {
        defeated: "is defeated",
        saturated: "is saturated",
        quota: "uses up its quota",
      };
      return `a limit${ofWhom(scope)} ${listWords(
        condition.of.map((what) => words[what]),
        "or",
      )}`;
    }
    case "coverage":
      return `less than ${Number((condition.belowShare * 100).toFixed(1))} % of the bytes of ${
        scope.kind === "machine" ? "this computer" : who
      } have an owner${lasting(condition.forMs)}`;
    case "interface-gone":
      return `${scope.kind === "machine" ? "an interface" : who} is gone${lasting(condition.forMs)}`;
    case "degraded":
      return `a part of Monitauri does not work${lasting(condition.forMs)}`;
  }
}

/** "a, b or c" */
export function listWords(words: readonly string[], between: "and" | "or"): string {
  if (words.length < 2) return words.join();
  return `${words.slice(0, -1).join(", ")} ${between} ${words.at(-1)}`;
}

function ofWhom(scope: AlertScope): string {
  return scope.kind === "machine" ? "" : ` of ${scopeWords(scope)}`;
}

function lasting(forMs: number): string {
  return forMs === 0 ? "" : ` for ${formatDuration(forMs)}`;
}

function periodNoun(period: AlertPeriod, cycleDay: number): string {
  return period === "cycle" ? `a billing cycle that begins on day ${cycleDay}` : `a ${period}`;
}

function article(word: string): string {
  return /^[aeio]/.test(word) ? "an" : "a";
}
