/** Which kernel programs this kernel takes: the best level that loads, with a name and what it misses. */

import { MonitauriError } from "../../model/error.ts";
import { type Unavailable, unavailable } from "../../model/unavailable.ts";
import { type BpfObject, loadBpfObject } from "../../native/bpf-object.ts";
import type { Libbpf } from "../../native/libbpf.ts";

const CGROUP = ["count_ingress", "count_egress", "own_new_socket", "release_socket"];
const TRACEPOINTS = ["send_length", "recv_length"];
/** Payload that is taken without a receive, by splice: from the TCP window's adjustment. */
const TAKEN = "taken_without_receive";
/** What was counted and then dropped by a limit. */
const DROPPED = "take_dropped";
const FUNCTIONS = ["inet_send", "inet6_send", "inet_receive", "inet6_receive"];
const BTF_KIND_TYPEDEF = 8;
const BTF_KIND_FUNC = 12;

export interface Hooks {
  readonly object: BpfObject;
  readonly level: string;
  readonly missing: readonly Unavailable[];
}

interface Level {
  readonly name: string;
  readonly payload: readonly string[];
  readonly missing: readonly Unavailable[];
}

export interface HookOptions {
  readonly cgroupPath: string;
  readonly slots: number;
  readonly hostNamespace: number;
  /** Copy first packets for names and protocols. */
  readonly observe: boolean;
  /** Called after loading and before the first program runs. */
  prepare(object: BpfObject): void;
}

/** Loads the programs of the best level and attaches all but the device programs.
 * @throws MonitauriError when not even packets can be counted. */
export function attachHooks(libbpf: Libbpf, bytes: Buffer, options: HookOptions): Hooks {
  let refused: unknown;
  const has = kernelTypes(libbpf);
  const needsReading = !has("bpf_cast_to_kern_ctx", BTF_KIND_FUNC);
  const readsKernel = needsReading && takes(libbpf, bytes, "count_egress", [2, 0, 0, 1]);
  // Loaded with the others rather than tried alone first, which every start would pay for.
  const ways = has("bpf_rdonly_cast", BTF_KIND_FUNC) ? [[DROPPED], []] : [[]];
  const found = levels(libbpf, bytes, has);
  for (const { level, drops } of found.flatMap((one) =>
    ways.map((way) => ({ level: one, drops: way })),
  )) {
    let object: BpfObject;
    try {
      object = loadBpfObject(libbpf, bytes, {
        programs: [
          ...CGROUP,
          ...level.payload,
          ...drops,
          "change_state",
          "own_old_sockets",
          "count_device_egress",
        ],
        maxEntries: { flows: options.slots },
        constants: [
          options.slots,
          options.hostNamespace,
          Number(level.payload.includes(TAKEN)),
          Number(readsKernel),
          Number(options.observe),
        ],
      });
    } catch (error) {
      refused ??= error;
      continue;
    }
    try {
      options.prepare(object);
      for (const name of [...level.payload, ...drops, "change_state"]) object.attachTrace(name);
      for (const name of CGROUP) object.attachCgroup(name, options.cgroupPath);
      object.runIterator("own_old_sockets");
      const unread = needsReading && !readsKernel ? [NO_READING] : [];
      const undropped = drops.length === 0 ? [NO_DROPS] : [];
      const missing = [...level.missing, ...unread, ...undropped, ...refusal(refused)];
      return { object, level: level.name, missing };
    } catch (error) {
      object.close();
      refused ??= error;
    }
  }
  throw refused instanceof Error ? refused : new MonitauriError("failed", String(refused));
}

const NO_READING = unavailable(
  "headers of fragments, and copies of multicast packets",
  "this kernel is older than 6.2, and its lockdown forbids programs to read it",
  "use a newer kernel; a fragmented datagram counts one header, each copy counts in full",
);

const NO_DROPS = unavailable(
  "what limits drop",
  "the kernel does not take a program at the tracepoint kfree_skb (Linux 6.2)",
  "use a newer kernel; packets that a limit drops count as sent",
);

/** Why a better level was not taken, in the kernel's words. */
function refusal(refused: unknown): Unavailable[] {
  if (refused === undefined) return [];
  return [
    unavailable(
      "a better level of counting",
      refused instanceof Error ? refused.message : String(refused),
      "report it with the output of `monitauri doctor`; what is counted is right, less is counted",
    ),
  ];
}

/** Best first; each later one asks less of the kernel. */
function levels(libbpf: Libbpf, bytes: Buffer, has: KernelTypes): Level[] {
  const splice = [
    ["tcp_splice", has("tcp_splice_read", BTF_KIND_FUNC), "fexit for splice"] as const,
    [
      TAKEN,
      has("btf_trace_tcp_rcv_space_adjust", BTF_KIND_TYPEDEF),
      "TCP window for splice",
    ] as const,
  ].find(([program, there]) => there && takes(libbpf, bytes, program));
  const sendPage = has("inet_sendpage", BTF_KIND_FUNC) ? ["inet_send_page"] : [];
  const noSplice = unavailable(
    "payload received with splice",
    "the kernel takes neither fexit programs nor the tracepoint tcp_rcv_space_adjust",
    "nothing to do: its wire bytes are counted; payload of splice needs a kernel that allows one of them",
  );
  const found: Level[] = [];
  if (has("btf_trace_sock_send_length", BTF_KIND_TYPEDEF)) {
    found.push({
      name: `send and receive tracepoints${splice === undefined ? "" : `, ${splice[2]}`}`,
      payload: splice === undefined ? TRACEPOINTS : [...TRACEPOINTS, splice[0]],
      missing: splice === undefined ? [noSplice] : [],
    });
  }
  found.push({
    name: "fexit of the socket functions",
    payload: [...FUNCTIONS, ...sendPage, ...(splice === undefined ? [] : [splice[0]])],
    missing: splice === undefined ? [noSplice] : [],
  });
  found.push({
    name: "socket creation only",
    payload: [],
    missing: [
      unavailable(
        "payload bytes, and sockets passed between processes",
        "the kernel has neither the send and receive tracepoints (Linux 6.3) nor fexit programs",
        "use a newer kernel; wire bytes are counted for the process that opened the socket",
      ),
    ],
  });
  return found;
}

/** Whether the kernel takes one program of the object by itself. */
function takes(
  libbpf: Libbpf,
  bytes: Buffer,
  program: string,
  constants: readonly number[] = [],
): boolean {
  try {
    const options = { programs: [program], maxEntries: { flows: 2 }, constants };
    loadBpfObject(libbpf, bytes, options).close();
    return true;
  } catch {
    return false;
  }
}

type KernelTypes = (name: string, kind: number) => boolean;

function kernelTypes(libbpf: Libbpf): KernelTypes {
  const types = libbpf.loadKernelTypes();
  const names: [string, number][] = [
    ["btf_trace_sock_send_length", BTF_KIND_TYPEDEF],
    ["btf_trace_tcp_rcv_space_adjust", BTF_KIND_TYPEDEF],
    ["tcp_splice_read", BTF_KIND_FUNC],
    ["inet_sendpage", BTF_KIND_FUNC],
    ["bpf_cast_to_kern_ctx", BTF_KIND_FUNC],
    ["bpf_rdonly_cast", BTF_KIND_FUNC],
  ];
  const found = new Set<string>();
  if (types !== null) {
    for (const [name, kind] of names) if (libbpf.findType(types, name, kind) > 0) found.add(name);
    libbpf.freeTypes(types);
  }
  return (name) => found.has(name);
}
