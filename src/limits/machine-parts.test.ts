/** What a kernel has of what limits need: of kernels that say it as real ones do, and of this one. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { release } from "node:os";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readKernelParts } from "./machine-parts.ts";

const WHOLE = [
  "CONFIG_NET_SCH_HTB=m",
  "CONFIG_IFB=m",
  "CONFIG_NET_SCH_INGRESS=m",
  "CONFIG_NET_CLS_BPF=m",
  "CONFIG_NET_ACT_MIRRED=m",
  "CONFIG_NET_SCH_FQ_CODEL=m",
];
/** Options without a value leave a comment, as kconfig writes it. */
const without = (option: string) =>
  WHOLE.map((line) => (line.startsWith(`${option}=`) ? `# ${option} is not set` : line)).join("\n");
const boot = `/boot/config-${release()}`;
const modules = `/lib/modules/${release()}/modules.dep`;

function parts(files: Readonly<Record<string, string | Buffer>>) {
  const { missing, hasFqCodel } = readKernelParts((path) => {
    const found = files[path];
    return found === undefined ? undefined : Buffer.from(found);
  });
  // What this very kernel has loaded is there, whatever the files say.
  const loaded = (module: string) => existsSync(`/sys/module/${module}`);
  return { names: missing.map(({ name }) => name), hasFqCodel, loaded };
}

test("readKernelParts() names each option that the kernel was built without", () => {
  for (const [option, module, name] of [
    ["CONFIG_NET_SCH_HTB", "sch_htb", "HTB"],
    ["CONFIG_IFB", "ifb", "IFB"],
    ["CONFIG_NET_CLS_BPF", "cls_bpf", "cls_bpf"],
    ["CONFIG_NET_ACT_MIRRED", "act_mirred", "act_mirred"],
  ] as const) {
    const { names, loaded } = parts({ "/proc/config.gz": gzipSync(without(option)) });
    assert.deepEqual(names, loaded(module) ? [] : [name]);
    assert.deepEqual(parts({ [boot]: without(option) }).names, loaded(module) ? [] : [name]);
  }
});

test("readKernelParts() names modules that are not installed, as on cloud machines without modules-extra", () => {
  const { names, hasFqCodel, loaded } = parts({
    [boot]: WHOLE.join("\n"),
    [modules]: "kernel/net/sched/sch_htb.ko.xz:\nkernel/net/sched/act_mirred.ko.xz:\n",
  });
  const wanted = [
    ["ifb", "IFB"],
    ["sch_ingress", "clsact"],
    ["cls_bpf", "cls_bpf"],
  ] as const;
  assert.deepEqual(
    names,
    wanted.flatMap(([module, name]) => (loaded(module) ? [] : [name])),
  );
  assert.equal(hasFqCodel, loaded("sch_fq_codel"));
});

test("readKernelParts() leaves it to trying where nothing says what there is", () => {
  assert.deepEqual(parts({}).names, []);
});
