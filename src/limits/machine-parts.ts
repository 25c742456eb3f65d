/** What this kernel has of what limits need, found out without touching it. */

import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { gunzipSync } from "node:zlib";

export interface KernelPart {
  readonly name: string;
  readonly config: string;
  readonly module: string;
}

/** Without one of these nothing can be limited. */
const NEEDED: readonly KernelPart[] = [
  { name: "HTB", config: "CONFIG_NET_SCH_HTB", module: "sch_htb" },
  { name: "IFB", config: "CONFIG_IFB", module: "ifb" },
  { name: "clsact", config: "CONFIG_NET_SCH_INGRESS", module: "sch_ingress" },
  { name: "cls_bpf", config: "CONFIG_NET_CLS_BPF", module: "cls_bpf" },
  { name: "act_mirred", config: "CONFIG_NET_ACT_MIRRED", module: "act_mirred" },
];
const FQ_CODEL: KernelPart = {
  name: "fq_codel",
  config: "CONFIG_NET_SCH_FQ_CODEL",
  module: "sch_fq_codel",
};

export interface KernelParts {
  readonly missing: readonly KernelPart[];
  readonly hasFqCodel: boolean;
}

/** Where a kernel does not say what it has, it is asked by trying: then nothing is missing here. */
export function readKernelParts(
  read: (path: string) => Buffer | undefined = readFile,
): KernelParts {
  const kernel = release();
  const config = configText(kernel, read);
  const folder = `/lib/modules/${kernel}`;
  const modules = [`${folder}/modules.builtin`, `${folder}/modules.dep`]
    .map((path) => read(path)?.toString() ?? "")
    .join("\n");
  const has = ({ config: option, module }: KernelPart): boolean | undefined => {
    if (existsSync(`/sys/module/${module}`)) return true;
    if (config !== undefined) {
      const [, value] = new RegExp(`^${option}=(.)$`, "m").exec(config) ?? [];
      if (value === "y") return true;
      if (value === undefined) return false;
      return modules === "\n" || modules.includes(`/${module}.ko`);
    }
    return modules === "\n" ? undefined : modules.includes(`/${module}.ko`);
  };
  return {
    missing: NEEDED.filter((part) => has(part) === false),
    hasFqCodel: has(FQ_CODEL) === true,
  };
}

function configText(
  kernel: string,
  read: (path: string) => Buffer | undefined,
): string | undefined {
  const packed = read("/proc/config.gz");
  if (packed !== undefined) return gunzipSync(packed).toString();
  return read(`/boot/config-${kernel}`)?.toString();
}

function readFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
