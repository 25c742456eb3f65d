/** Rules as people read them: the command line, the page and messages say the same. */

import { formatDuration } from "./format.ts";
import type { LimitRule, LimitTarget } from "./limit.ts";
import { formatSchedule } from "./limit-schedule.ts";
import { printable } from "./printable.ts";
import { formatBitRate } from "./rate.ts";

/** "firefox", "eth0", "user ada", "port 443/tcp", "this machine". */
export function targetText(target: LimitTarget): string {
  switch (target.kind) {
    case "machine":
      return "this machine";
    case "interface":
      return `interface ${target.name}`;
    case "application":
      return printable(target.pattern);
    case "process":
      return `process ${target.pid}`;
    case "user":
      return `user ${printable(target.user)}`;
    case "container":
      return `container ${printable(target.container)}`;
    case "unit":
      return `unit ${printable(target.unit)}`;
    case "remote":
      return target.network;
    case "port":
      return `port ${target.port}${target.protocol === null ? "" : `/${target.protocol}`}`;
  }
}

/** "down 5.00 Mbit/s, up 1.00 Mbit/s", "blocked". */
export function effectText(rule: LimitRule): string {
  if (rule.block) return "blocked";
  const parts = [
    rateText("down", rule.rxBytesPerSecond),
    rateText("up", rule.txBytesPerSecond),
    rateText("guaranteed down", rule.rxGuaranteedBytesPerSecond),
    rateText("guaranteed up", rule.txGuaranteedBytesPerSecond),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? `priority ${rule.priority}` : parts.join(", ");
}

/** "mon-fri 09:00-18:00", "for another 12 min", "except LAN"; "" where it simply holds. */
export function conditionText(rule: LimitRule, atMs: number): string {
  const { schedule, expiresAtMs, exceptLan } = rule;
  const parts = [
    schedule === null ? undefined : formatSchedule(schedule),
    expiresAtMs === null || expiresAtMs <= atMs
      ? undefined
      : `for another ${formatDuration(expiresAtMs - atMs)}`,
    exceptLan ? "except LAN" : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

function rateText(word: string, rate: number | null): string | undefined {
  return rate === null ? undefined : `${word} ${formatBitRate(rate)}`;
}
