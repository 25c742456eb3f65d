// Precision and recall of protocol recognition on public sample captures, against nDPI's verdict by content, and its cost.
// The captures are tests/pcap of nDPI's source (`apt source ndpi`), the verdicts ndpiReader's (`apt install libndpi-bin`).
// node bench/protocols.ts tests/pcap [--differences]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { spokenProtocol } from "../src/names/protocol.ts";
import { parseServices } from "../src/names/services.ts";
import { type CapturedFlow, flowsOf } from "./captures/flows.ts";
import { type Label, labelKey, labelsOf } from "./captures/labels.ts";

interface Row {
  flows: number;
  right: number;
  wrong: number;
  unknown: number;
}

const NO_SERVICES = parseServices(""); // bytes alone
const NO_COUNTERPART = "(other)";
const UNLABELLED = "(nDPI: unknown)";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { differences: { type: "boolean", default: false } },
});
const [folder] = positionals;
if (folder === undefined) throw new Error("Which folder holds the captures?");

const rows = new Map<string, Row>();
const differences: string[] = [];
const all: CapturedFlow[] = [];
for (const name of readdirSync(folder).sort()) {
  if (!/cap(ng)?$/.test(name)) continue;
  const flows = flowsOf(readFileSync(join(folder, name)));
  const labels = labelsOf(join(folder, name));
  for (const flow of flows) judge(name, flow, labels.get(labelKey(flow)));
  all.push(...flows);
}
print();
printCost();

function judge(capture: string, flow: CapturedFlow, label: Label | undefined): void {
  const found = recognised(flow)?.name;
  const wanted =
    label?.ours ?? (label === undefined || label.ndpi === "Unknown" ? UNLABELLED : NO_COUNTERPART);
  const row = rows.get(wanted) ?? { flows: 0, right: 0, wrong: 0, unknown: 0 };
  rows.set(wanted, row);
  row.flows++;
  if (found === undefined) row.unknown++;
  else if (found === wanted) row.right++;
  else row.wrong++;
  if (found === wanted || (found === undefined && label?.ours === undefined)) return;
  const ends = `${flow.protocol}:${flow.local.port}>${flow.remote.port}`;
  const start = (bytes: Buffer | undefined) => bytes?.subarray(0, 24).toString("hex") ?? "-";
  differences.push(
    `${label?.ndpi ?? "-"} -> ${found ?? "unknown"}  ${capture} ${ends} ${start(flow.sent)} ${start(flow.received)}`,
  );
}

function recognised(flow: CapturedFlow) {
  return spokenProtocol(
    {
      protocol: flow.protocol,
      localPort: flow.local.port,
      remotePort: flow.remote.port,
      sent: flow.sent,
      received: flow.received,
      sentPayloadBytes: flow.sentPayloadBytes,
      receivedPayloadBytes: flow.receivedPayloadBytes,
    },
    NO_SERVICES,
  );
}

function print(): void {
  console.log("protocol           flows   right   wrong  unknown  precision  recall");
  const total: Row = { flows: 0, right: 0, wrong: 0, unknown: 0 };
  for (const [name, row] of [...rows].sort((a, b) => b[1].flows - a[1].flows)) {
    console.log(line(name, row));
    if (name.startsWith("(")) continue;
    for (const key of ["flows", "right", "wrong", "unknown"] as const) total[key] += row[key];
  }
  console.log(line("all with a label", total));
  if (values.differences) console.log(differences.sort().join("\n"));
}

function line(name: string, row: Row): string {
  const share = (part: number, of: number) =>
    of === 0 || name.startsWith("(") ? "-" : `${((100 * part) / of).toFixed(1)} %`;
  const cells = [row.flows, row.right, row.wrong, row.unknown].map((n) => String(n).padStart(7));
  const precision = share(row.right, row.right + row.wrong).padStart(10);
  return `${name.padEnd(17)} ${cells.join(" ")} ${precision} ${share(row.right, row.flows).padStart(8)}`;
}

function printCost(): void {
  const rounds = 20;
  for (const flow of all) recognised(flow);
  // Processor time: other work of the machine does not count.
  const before = process.cpuUsage();
  for (let i = 0; i < rounds; i++) for (const flow of all) recognised(flow);
  const { user, system } = process.cpuUsage(before);
  const each = (user + system) / rounds / all.length;
  console.log(`${each.toFixed(2)} µs of processor time a flow, over ${all.length} flows`);
}
