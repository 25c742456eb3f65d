/** Queues, classes and filters of interfaces over rtnetlink: reads them, and puts on the filters that tc(8) cannot, those
 * whose program is a descriptor of this process. Linux only. */

import { MonitauriError } from "../model/error.ts";
import { NETLINK_ROUTE, openNetlink } from "./netlink.ts";
import {
  attribute,
  dumpRequest,
  eachAttribute,
  eachMessage,
  FLAG_ACK,
  FLAG_CREATE,
  FLAG_EXCLUSIVE,
  HEADER_BYTES,
  readText,
  readUInt64,
  request,
} from "./netlink-message.ts";

/** Parents of filters at clsact (linux/pkt_sched.h). */
export const CLSACT_INGRESS = 0xffff_fff2;
export const CLSACT_EGRESS = 0xffff_fff3;

export interface Qdisc {
  readonly ifindex: number;
  readonly kind: string;
  readonly handle: number;
  readonly parent: number;
}

export interface ClassCounters {
  readonly handle: number;
  readonly bytes: number;
  readonly packets: number;
  readonly drops: number;
  readonly backlogBytes: number;
}

export interface Filter {
  readonly ifindex: number;
  readonly parent: number;
  readonly handle: number;
  readonly priority: number;
  /** As it is on the wire: 0x0300 for all. */
  readonly protocol: number;
  readonly kind: string;
  /** Of a bpf filter; "" where it has none. */
  readonly name: string;
}

export interface NewFilter {
  readonly ifindex: number;
  readonly parent: number;
  /** 1 first, 65535 last. */
  readonly priority: number;
  readonly name: string;
  readonly programFd: number;
  /** Either what matches goes to another interface, or the program decides by itself within this class's qdisc. */
  readonly then: { readonly redirectTo: number } | { readonly classOf: number };
}

/** All qdiscs of all interfaces. */
export function readQdiscs(): Qdisc[] {
  const found: Qdisc[] = [];
  for (const { part, start, end } of dump(RTM_GETQDISC, RTM_NEWQDISC, tcMessage({ ifindex: 0 }))) {
    found.push({
      ifindex: part.readInt32LE(start + 4),
      handle: part.readUInt32LE(start + 8),
      parent: part.readUInt32LE(start + 12),
      kind: attributesOf(part, start, end).kind,
    });
  }
  return found;
}

/** What the classes of an interface did since they were made. */
export function readClasses(ifindex: number): ClassCounters[] {
  const found: ClassCounters[] = [];
  for (const { part, start, end } of dump(RTM_GETTCLASS, RTM_NEWTCLASS, tcMessage({ ifindex }))) {
    const counters = { bytes: 0, packets: 0, drops: 0, backlogBytes: 0 };
    const { statistics } = attributesOf(part, start, end);
    if (statistics !== undefined) {
      eachAttribute(part, statistics.at, statistics.end, (type, at) => {
        if (type === TCA_STATS_BASIC) {
          counters.bytes = readUInt64(part, at);
          counters.packets = part.readUInt32LE(at + 8);
        } else if (type === TCA_STATS_QUEUE) {
          counters.backlogBytes = part.readUInt32LE(at + 4);
          counters.drops = part.readUInt32LE(at + 8);
        }
      });
    }
    found.push({ handle: part.readUInt32LE(start + 8), ...counters });
  }
  return found;
}

/** Filters of one interface at one place, those of other programs too. */
export function readFilters(ifindex: number, parent: number): Filter[] {
  const found: Filter[] = [];
  const wanted = tcMessage({ ifindex, parent });
  for (const { part, start, end } of dump(RTM_GETTFILTER, RTM_NEWTFILTER, wanted)) {
    const handle = part.readUInt32LE(start + 8);
    if (handle === 0) continue; // the head of a list, not a filter
    const info = part.readUInt32LE(start + 16);
    const { kind, options } = attributesOf(part, start, end);
    let name = "";
    if (kind === "bpf" && options !== undefined) {
      eachAttribute(part, options.at, options.end, (type, at, attributeEnd) => {
        if (type === TCA_BPF_NAME) name = readText(part, at, attributeEnd);
      });
    }
    const place = { ifindex, parent, handle, kind, name };
    found.push({ ...place, priority: info >>> 16, protocol: info & 0xffff });
  }
  return found;
}

/** @throws MonitauriError; "failed" also where there is one of that priority. */
export function addFilter({ ifindex, parent, priority, name, programFd, then }: NewFilter): void {
  const direct = "classOf" in then;
  const options = [
    attribute(TCA_BPF_FD, u32(programFd)),
    attribute(TCA_BPF_NAME, text(name)),
    direct
      ? Buffer.concat([
          attribute(TCA_BPF_CLASSID, u32(then.classOf)),
          attribute(TCA_BPF_FLAGS, u32(TCA_BPF_FLAG_ACT_DIRECT)),
        ])
      : attribute(TCA_BPF_ACT, [redirectAction(then.redirectTo)]),
  ];
  const info = ((priority << 16) | ETH_P_ALL_ON_WIRE) >>> 0;
  send(
    RTM_NEWTFILTER,
    FLAG_CREATE | FLAG_EXCLUSIVE,
    Buffer.concat([
      tcMessage({ ifindex, parent, handle: 1, info }),
      attribute(TCA_KIND, text("bpf")),
      attribute(TCA_OPTIONS, options),
    ]),
  );
}

/** @throws MonitauriError, also where it is gone already. */
export function removeFilter(filter: Filter): void {
  const { ifindex, parent, handle, priority, protocol, kind } = filter;
  const info = ((priority << 16) | protocol) >>> 0;
  const body = [tcMessage({ ifindex, parent, handle, info }), attribute(TCA_KIND, text(kind))];
  send(RTM_DELTFILTER, 0, Buffer.concat(body));
}

// linux/rtnetlink.h, linux/pkt_cls.h, linux/gen_stats.h, linux/tc_act/tc_mirred.h
const RTM_NEWQDISC = 36;
const RTM_GETQDISC = 38;
const RTM_NEWTCLASS = 40;
const RTM_GETTCLASS = 42;
const RTM_NEWTFILTER = 44;
const RTM_DELTFILTER = 45;
const RTM_GETTFILTER = 46;
const TCA_KIND = 1;
const TCA_OPTIONS = 2;
const TCA_STATS2 = 7;
const TCA_STATS_BASIC = 1;
const TCA_STATS_QUEUE = 3;
const TCA_BPF_ACT = 1;
const TCA_BPF_CLASSID = 3;
const TCA_BPF_FD = 6;
const TCA_BPF_NAME = 7;
const TCA_BPF_FLAGS = 8;
const TCA_BPF_FLAG_ACT_DIRECT = 1;
const TCA_ACT_KIND = 1;
const TCA_ACT_OPTIONS = 2;
const TCA_MIRRED_PARMS = 2;
const TCA_EGRESS_REDIR = 1;
const TC_ACT_STOLEN = 4;
const ETH_P_ALL_ON_WIRE = 0x0300;
/** struct tcmsg: u8 family, padding, i32 ifindex, u32 handle, u32 parent, u32 info. */
const TC_BYTES = 20;

function tcMessage(values: {
  ifindex: number;
  handle?: number;
  parent?: number;
  info?: number;
}): Buffer {
  const message = Buffer.alloc(TC_BYTES);
  message.writeInt32LE(values.ifindex, 4);
  message.writeUInt32LE(values.handle ?? 0, 8);
  message.writeUInt32LE(values.parent ?? 0, 12);
  message.writeUInt32LE(values.info ?? 0, 16);
  return message;
}

/** struct tc_mirred: index, capab, action, refcnt, bindcnt, eaction, ifindex. */
function redirectAction(ifindex: number): Buffer {
  const mirred = Buffer.alloc(28);
  mirred.writeInt32LE(TC_ACT_STOLEN, 8);
  mirred.writeInt32LE(TCA_EGRESS_REDIR, 20);
  mirred.writeUInt32LE(ifindex, 24);
  return attribute(1, [
    attribute(TCA_ACT_KIND, text("mirred")),
    attribute(TCA_ACT_OPTIONS, [attribute(TCA_MIRRED_PARMS, mirred)]),
  ]);
}

interface Part {
  readonly part: Buffer;
  readonly start: number;
  readonly end: number;
}

function dump(ask: number, answer: number, body: Buffer): Part[] {
  using netlink = openNetlink(NETLINK_ROUTE);
  const found: Part[] = [];
  for (const part of netlink.request(dumpRequest(ask, body))) {
    eachMessage(part, (type, _flags, at, end) => {
      if (type === answer) found.push({ part, start: at + HEADER_BYTES, end });
    });
  }
  return found;
}

function send(type: number, flags: number, body: Buffer): void {
  using netlink = openNetlink(NETLINK_ROUTE);
  try {
    netlink.request(request(type, FLAG_ACK | flags, body));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const action = type === RTM_NEWTFILTER ? "add" : "remove";
    throw new MonitauriError("failed", `Cannot ${action} a filter: ${reason}`, { cause: error });
  }
}

interface Attributes {
  kind: string;
  options: { at: number; end: number } | undefined;
  statistics: { at: number; end: number } | undefined;
}

function attributesOf(part: Buffer, start: number, messageEnd: number): Attributes {
  const found: Attributes = { kind: "", options: undefined, statistics: undefined };
  eachAttribute(part, start + TC_BYTES, messageEnd, (type, at, end) => {
    if (type === TCA_KIND) found.kind = readText(part, at, end);
    else if (type === TCA_OPTIONS) found.options = { at, end };
    else if (type === TCA_STATS2) found.statistics = { at, end };
  });
  return found;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
