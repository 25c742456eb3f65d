/** What `doctor` says of the delivery of alerts. */

import type { DeliveryState } from "../alerts/deliver/delivery.ts";
import { formatDuration } from "../model/format.ts";
import type { Finding } from "../model/monitauri.ts";
import type { Bound } from "../model/snapshot.ts";

export interface DeliveryHealth {
  readonly findings: readonly Finding[];
  readonly bounds: readonly Bound[];
}

/** `nowMs` by the wall clock, for how long something waits. */
export function deliveryHealth(state: DeliveryState | undefined, nowMs: number): DeliveryHealth {
  if (state === undefined) return { findings: [], bounds: [] };
  return {
    findings: [queueFinding(state), ...state.channels.map((each) => channelFinding(each, nowMs))],
    bounds: state.channels.map(({ name, waiting }) => ({
      name: `alerts waiting for ${name}`,
      used: waiting,
      limit: state.maxWaiting,
      whenFull: "the oldest half becomes one message that lists them",
    })),
  };
}

type Channel = DeliveryState["channels"][number];

function queueFinding({ fault, channels }: DeliveryState): Finding {
  const feature = "delivery of alerts";
  if (fault !== undefined) {
    const detail = `alerts are sent but would not survive a crash: ${fault}`;
    return { feature, state: "limited", detail, remedy: "make room on the disk" };
  }
  const sum = (of: (channel: Channel) => number) =>
    channels.reduce((all, each) => all + of(each), 0);
  const repeated = sum(({ counts }) => counts.repeated);
  const detail =
    channels.length === 0
      ? "no channel is set: alerts are only in the log and on the page"
      : `${sum(({ counts }) => counts.delivered)} messages delivered, ${sum(({ waiting }) => waiting)} waiting` +
        (repeated === 0
          ? ""
          : `, ${repeated} sent again because it was not known whether they arrived`);
  return { feature, state: "ok", detail, remedy: undefined };
}

function channelFinding(channel: Channel, nowMs: number): Finding {
  const { name, enabled, waiting, oldestAtMs, nextAttemptAtMs, last, counts } = channel;
  const feature = `alert channel ${name}`;
  if (!enabled) return { feature, state: "ok", detail: "switched off", remedy: undefined };
  const failed = counts.failed === 0 ? "" : `; ${counts.failed} could not be delivered`;
  if (last === undefined || last.kind === "delivered") {
    const detail = `${last?.said ?? "nothing was sent since the start"}${failed}`;
    return { feature, state: "ok", detail, remedy: last?.remedy || undefined };
  }
  const oldest =
    waiting === 0 || oldestAtMs === undefined
      ? ""
      : `; ${waiting} waiting, the oldest for ${formatDuration(nowMs - oldestAtMs)}`;
  const next =
    nextAttemptAtMs === undefined ? "" : `; next try in ${formatDuration(nextAttemptAtMs - nowMs)}`;
  const detail = `${last.said}${oldest}${next}${failed}`;
  return { feature, state: "limited", detail, remedy: last.remedy || undefined };
}
