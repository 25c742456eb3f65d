// Gives marks: were the bytes put on the right process, and are they right? Pure, so that the rules can be tested.
import type { Expected, Measured, Wire } from "./scenario.ts";

export type Mark = "pass" | "partial" | "fail" | "not applicable" | "not measured" | "not here";

/** A row of a monitor's answer; bytes in the monitor's own unit. */
export interface MonitorRow {
  /** undefined: the monitor knows no process for it, or only its name. */
  readonly pid?: number;
  /** undefined: not a process. */
  readonly name?: string;
  /** Path and arguments. */
  readonly detail?: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPayloadBytes?: number;
  readonly txPayloadBytes?: number;
  /** The monitor says that this process carries a tunnel. */
  readonly carrier?: boolean;
  /** The monitor says that these were forwarded. */
  readonly forwarded?: boolean;
}

export interface Traits {
  /** What it tells apart. */
  readonly knows: "process" | "name" | "host";
  /** What it counts of a packet: with the link's header, from the IP header on, or what is behind it. */
  readonly unit: "frame" | "ip" | "transport";
  /** It counts payload too, which must be right to the byte. */
  readonly payload: boolean;
  /** Rows without a process are those of the traffic on the watched device, and count as seen. */
  readonly unknownIsTraffic: boolean;
}

export interface Score {
  readonly attribution: Mark;
  readonly bytes: Mark;
  /** What the monitor has of the truth in its own unit. */
  readonly sawBytes: number;
  readonly trueBytes: number;
  /** What is wrong, in few words. */
  readonly why: string;
}

const PASS_WITHIN = 0.01;
const PARTIAL_WITHIN = 0.1;
/** Less than this share of the traffic is not a sign of having seen it. */
const SEEN = 0.01;

export function score(measured: Measured, rows: readonly MonitorRow[], traits: Traits): Score {
  const trueBytes = inUnit(measured, traits);
  const saw = seen(measured, rows, traits);
  const bytes = markOf(saw.bytes, trueBytes);
  const { mark, why } = attribution(measured, { rows, traits, saw: saw.anything, trueBytes });
  const off = `${percent(saw.bytes / trueBytes)} of ${trueBytes} bytes`;
  return {
    attribution: mark,
    bytes,
    sawBytes: saw.bytes,
    trueBytes,
    why: [why, bytes === "pass" ? "" : off].filter((text) => text !== "").join("; "),
  };
}

/** Bytes against the truth: within 1 %, within 10 %, or neither. */
export function markOf(bytes: number, truth: number): Mark {
  const off = Math.abs(bytes - truth) / truth;
  if (off <= PASS_WITHIN) return "pass";
  return off <= PARTIAL_WITHIN ? "partial" : "fail";
}

/** A monitor that counts Ethernet headers is not wrong: the truth is counted the way it counts. */
function inUnit({ wire, ipHeaderBytes = 20, linkHeaderBytes = 14 }: Measured, { unit }: Traits) {
  const bytes = wire.rxBytes + wire.txBytes;
  const packets = wire.rxPackets + wire.txPackets;
  if (unit === "frame") return bytes + packets * linkHeaderBytes;
  return unit === "ip" ? bytes : bytes - packets * ipHeaderBytes;
}

function seen(measured: Measured, rows: readonly MonitorRow[], traits: Traits) {
  const all = rows.reduce((sum, row) => sum + bytesOf(row), 0);
  const ofNobody = rows.filter((row) => row.pid === undefined && row.name === undefined);
  if (traits.knows === "host") return { bytes: all, anything: all };
  if (measured.forwarded) {
    // Whoever it was put on: the bytes are the monitor's to have. One that names it counts it in and out.
    const named = rows.filter(({ forwarded }) => forwarded);
    const passedOn = named.reduce((sum, row) => sum + bytesOf(row), 0) / 2;
    const bytes = traits.unknownIsTraffic ? all : passedOn;
    return { bytes, anything: bytes };
  }
  const unknown = traits.unknownIsTraffic
    ? ofNobody.reduce((sum, row) => sum + bytesOf(row), 0)
    : 0;
  // Bytes are of a pid: which of its programs moved them is a question of attribution.
  const unsigned = measured.processes.map(({ sign: _, ...one }) => one);
  const mine = groups(unsigned, traits).reduce((sum, group) => {
    // Outer packets that the monitor knows as such are not counted twice.
    const counted = rowsOf(group, rows, traits).filter((row) => !(isCarrier(group) && row.carrier));
    return sum + counted.reduce((inner, row) => inner + bytesOf(row), 0);
  }, 0);
  return { bytes: mine + unknown, anything: traits.unknownIsTraffic ? all : mine + unknown };
}

/** Processes that the monitor cannot tell apart. */
type Group = readonly Expected[];

function groups(processes: readonly Expected[], { knows }: Traits): Group[] {
  const found = new Map<string, Expected[]>();
  for (const one of processes) {
    const key = knows === "name" ? one.name : `${one.pid} ${one.sign ?? ""}`;
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return [...found.values()];
}

function rowsOf([first]: Group, rows: readonly MonitorRow[], { knows }: Traits): MonitorRow[] {
  if (first === undefined) return [];
  if (knows === "name") return rows.filter(({ name }) => name === first.name);
  return rows.filter(
    ({ pid, detail = "" }) =>
      pid === first.pid && (first.sign === undefined || detail.includes(first.sign)),
  );
}

function isCarrier(group: Group): boolean {
  return group.some(({ carrier }) => carrier === true);
}

interface Situation {
  readonly rows: readonly MonitorRow[];
  readonly traits: Traits;
  readonly saw: number;
  readonly trueBytes: number;
}

function attribution(measured: Measured, situation: Situation): { mark: Mark; why: string } {
  const { rows, traits, saw, trueBytes } = situation;
  if (traits.knows === "host") return { mark: "not applicable", why: "" };
  if (saw < SEEN * trueBytes) return { mark: "fail", why: "not seen" };
  if (measured.forwarded) return onNobody(rows, { traits, trueBytes });
  const movers = groups(
    measured.processes.filter(({ carrier }) => carrier !== true),
    traits,
  ).filter((group) => payloadOf(group).rx + payloadOf(group).tx > 0);
  const wrong = movers.flatMap((group) => {
    const what = wrongIn(group, { rows, traits, exact: !measured.withoutPayload });
    return what === undefined ? [] : [what];
  });
  const mixed = movers.some((group) => group.length > 1) && measured.tellApart === true;
  if (wrong.length === 0 && !mixed) return { mark: "pass", why: "" };
  const none = wrong.every((what) => what === NO_ROW) && !mixed && !traits.unknownIsTraffic;
  const why = mixed ? "not told apart" : `${wrong.length} of ${movers.length} wrong: ${wrong[0]}`;
  return { mark: none ? "fail" : "partial", why };
}

const NO_ROW = "no row";

function wrongIn(
  group: Group,
  { rows, traits, exact }: { rows: readonly MonitorRow[]; traits: Traits; exact: boolean },
): string | undefined {
  const found = rowsOf(group, rows, traits);
  if (found.length === 0) return NO_ROW;
  const want = payloadOf(group);
  const sum = (part: keyof MonitorRow) =>
    found.reduce((total, row) => total + Number(row[part] ?? 0), 0);
  for (const way of ["rx", "tx"] as const) {
    const wire = sum(`${way}Bytes`);
    if (wire < want[way] * (1 - PASS_WITHIN)) {
      return `${way} ${wire} bytes on the wire for ${want[way]} of payload`;
    }
    const payload = sum(`${way}PayloadBytes`);
    if (exact && traits.payload && payload !== want[way]) {
      return `${way} ${payload} bytes of payload, not ${want[way]}`;
    }
  }
  return undefined;
}

/** Traffic of no process here: a monitor that puts it on one is wrong. */
function onNobody(
  rows: readonly MonitorRow[],
  { traits, trueBytes }: { traits: Traits; trueBytes: number },
): { mark: Mark; why: string } {
  const known = rows.filter(({ pid, name }) => pid !== undefined || name !== undefined);
  const wrong = traits.unknownIsTraffic ? known.reduce((sum, row) => sum + bytesOf(row), 0) : 0;
  if (wrong > SEEN * trueBytes) return { mark: "partial", why: `${wrong} bytes on a process` };
  return { mark: "pass", why: "" };
}

function payloadOf(group: Group): Record<"rx" | "tx", number> {
  return {
    rx: group.reduce((sum, one) => sum + one.rxPayloadBytes, 0),
    tx: group.reduce((sum, one) => sum + one.txPayloadBytes, 0),
  };
}

function bytesOf({ rxBytes, txBytes }: Pick<Wire, "rxBytes" | "txBytes">): number {
  return rxBytes + txBytes;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
