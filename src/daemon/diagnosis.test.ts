// Findings for machines that differ from this one.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding } from "../model/monitauri.ts";
import { diagnose, type Machine } from "./diagnosis.ts";

const files: Record<string, string> = {
  "/sys/kernel/btf/vmlinux": "...\0btf_trace_sock_send_length\0...",
  "/proc/self/mountinfo":
    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 0:26 / /sys/fs/cgroup/my\\040unified rw,nosuid shared:4 - cgroup2 cgroup2 rw\n",
  "/etc/ld.so.cache": "libbpf.so.1\0/opt/gone/libbpf.so.1\0/opt/lib/libbpf.so.1\0",
  "/opt/lib/libbpf.so.1": "",
};

test("diagnose() finds everything on a current machine", () => {
  const findings = diagnose("/nowhere/config.toml", machine({}));
  assert.deepEqual(
    findings.filter(({ state }) => state !== "ok"),
    [],
  );
  assert.equal(find(findings, "cgroup v2").detail, "/sys/fs/cgroup/my unified");
  assert.equal(find(findings, "libbpf").detail, "/opt/lib/libbpf.so.1");
});

test("diagnose() says on an old machine what is missing and what to do", () => {
  const bare = machine({ kernel: "5.10.0-30-amd64", read: () => undefined, exists: () => false });
  const findings = diagnose("/nowhere/config.toml", bare);
  const states = Object.fromEntries(findings.map(({ feature, state }) => [feature, state]));
  assert.deepEqual(states, {
    privileges: "ok",
    kernel: "missing",
    "kernel type information (BTF)": "missing",
    "send and receive tracepoints": "limited",
    "device programs (tcx)": "limited",
    "cgroup v2": "missing",
    libbpf: "missing",
    configuration: "ok",
  });
  assert.ok(findings.every(({ state, remedy }) => state === "ok" || remedy !== undefined));
  assert.match(find(findings, "libbpf").remedy ?? "", /libbpf1/);
});

test("diagnose() tells an ordinary user from root without capabilities", () => {
  const user = machine({ privileges: { uid: 1000, root: false, lacking: [] } });
  assert.match(find(diagnose("/nowhere", user), "privileges").remedy ?? "", /sudo/);
  const container = machine({ privileges: { uid: 0, root: true, lacking: ["CAP_BPF"] } });
  assert.match(find(diagnose("/nowhere", container), "privileges").remedy ?? "", /--cap-add BPF/);
});

function machine(different: Partial<Machine>): Machine {
  return {
    platform: "linux",
    kernel: "6.12.1",
    privileges: { uid: 0, root: true, lacking: [] },
    read: (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
    exists: (path) => path in files,
    ...different,
  };
}

function find(findings: Finding[], feature: string): Finding {
  const found = findings.find((finding) => finding.feature === feature);
  assert.ok(found, feature);
  return found;
}
