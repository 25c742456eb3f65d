import assert from "node:assert/strict";
import { test } from "node:test";
import { cgroupAt, containerText, isContainer, parseCgroup } from "./cgroup.ts";

const A = "a1".repeat(32);
const B = "b2".repeat(32);
const POD = "kubepods-burstable-pod2f3c_11.slice";

test("parseCgroup() finds containers", () => {
  const cases: [string, string, string][] = [
    [`0::/docker/${A}`, "docker", A],
    [`0::/system.slice/docker-${A}.scope`, "docker", A],
    [`0::/docker/${A}/system.slice/ssh.service`, "docker", A],
    [`0::/docker/${A}/docker/${B}`, "docker", B],
    [`0::/actions_job/${A}`, "docker", A],
    ["0::/docker/buildkit/k2d0xkq1w9", "docker", "k2d0xkq1w9"],
    [`0::/machine.slice/libpod-${A}.scope/container`, "podman", A],
    [`0::/libpod_parent/libpod-${A}`, "podman", A],
    [`0::/libpod_parent/${A}`, "podman", A],
    [`0::/system.slice/web.service/libpod-payload-${A}`, "podman", A],
    [
      `0::/kubepods.slice/kubepods-burstable.slice/${POD}/cri-containerd-${A}.scope`,
      "kubernetes",
      A,
    ],
    [`0::/kubepods/besteffort/pod2f3c/${A}`, "kubernetes", A],
    [`0::/kubepods.slice/${POD}/crio-${A}.scope`, "kubernetes", A],
    [`0::/kubelet.slice/kubelet-kubepods.slice/../kubepods.slice/x/${A}`, "kubernetes", A],
    [`0::/system.slice/cri-containerd-${A}.scope`, "containerd", A],
    [`0::/system.slice/nerdctl-${A}.scope`, "containerd", A],
    [`0::/default/${A}`, "containerd", A],
    ["0::/lxc.payload.web/system.slice/nginx.service", "lxc", "web"],
    ["0::/lxc.payload/web/init.scope", "lxc", "web"],
    ["0::/lxc/101/ns/system.slice/ssh.service", "lxc", "101"],
    [`0::/lxc/101/ns/docker/${A}`, "docker", A],
    ["0::/machine.slice/machine-debian\\x2d12.scope/payload/init.scope", "unknown", "debian-12"],
    ["0::/machine.slice/systemd-nspawn@web.service/payload/init.scope", "unknown", "web"],
    ["0::/machine.slice/machine-lxc\\x2d4242\\x2dweb.scope", "lxc", "web"],
    [`12:pids:/docker/${A}\n1:name=systemd:/docker/${A}\n0::/system.slice/x.service`, "docker", A],
    [`11:memory:/system.slice:docker:x/docker/${A}`, "docker", A],
  ];
  for (const [text, engine, id] of cases)
    assert.deepEqual(parseCgroup(`${text}\n`), { container: { engine, id } }, text);
});

test("parseCgroup() says of a rootless container whose it is", () => {
  const user = "0::/user.slice/user-1000.slice/user@1000.service";
  const cases: [string, string][] = [
    [`${user}/app.slice/docker-${A}.scope`, "docker"],
    [`${user}/user.slice/libpod-${A}.scope/container`, "podman"],
    [`${user}/app.slice/web.service/libpod-payload-${A}`, "podman"],
    [`${user}/app.slice/docker-${A}.scope/docker-${B}.scope`, "docker"],
  ];
  for (const [text, engine] of cases) {
    assert.deepEqual(parseCgroup(text), { container: { engine, id: A, owner: "1000" } }, text);
  }
  const { container } = parseCgroup(`${user}/app.slice/lxc.payload.web/system.slice/x.service`);
  assert.deepEqual(container, { engine: "lxc", id: "web", owner: "1000" });
  assert.equal(container && containerText(container), "web@1000");
});

test("parseCgroup() believes no folder that who runs there can make", () => {
  const user = "0::/user.slice/user-1000.slice/user@1000.service";
  const cases: [string, string][] = [
    [`${user}/app.slice/ssh.service`, "user@1000.service/ssh.service"],
    [`${user}/app.slice/x.service/ssh.service`, "user@1000.service/x.service"],
    [`${user}/app.slice/x.service/docker-${A}.scope`, "user@1000.service/x.service"],
    [`${user}/docker/${A}`, "user@1000.service"],
    [`${user}/system.slice/lxc/web`, "user@1000.service"],
    [`${user}/machine.slice/machine-web.scope/payload`, "user@1000.service/machine-web.scope"],
    [`0::/user.slice/user-1000.slice/session-3.scope/docker/${A}`, "session-3.scope"],
    [`0::/user.slice/user-1000.slice/session-3.scope/ssh.service`, "session-3.scope"],
    ["0::/system.slice/web.service/ssh.service", "web.service"],
    [`0::/system.slice/web.service/docker-${A}.scope`, "web.service"],
  ];
  for (const [text, unit] of cases) assert.deepEqual(parseCgroup(text), { unit }, text);
});

test("cgroupAt() is about the folder itself", () => {
  const at = (path: string) => cgroupAt(path.split("/"));
  const user = "user.slice/user-1000.slice/user@1000.service";
  assert.deepEqual(at("system.slice"), { unit: "system.slice" });
  assert.deepEqual(at("system.slice/ssh.service"), { unit: "ssh.service" });
  assert.deepEqual(at("system.slice/ssh.service/worker"), {});
  assert.deepEqual(at("system.slice/web.service/ssh.service"), {});
  assert.deepEqual(at("user.slice/user-1000.slice"), { unit: "user-1000.slice" });
  assert.deepEqual(at(user), { unit: "user@1000.service" });
  assert.deepEqual(at(`${user}/app.slice`), { unit: "user@1000.service/app.slice" });
  assert.deepEqual(at(`${user}/app.slice/ssh.service`), { unit: "user@1000.service/ssh.service" });
  assert.deepEqual(at(`system.slice/docker-${A}.scope`).container, { engine: "docker", id: A });
});

test("isContainer() takes the id from 12 digits on, and of a user only with his number", () => {
  const machines = { engine: "docker", id: A } as const;
  const users = { ...machines, owner: "1000" };
  const short = A.slice(0, 12);
  for (const text of [short, A, A.slice(0, 20)]) {
    assert.equal(isContainer(machines, text), true);
    assert.equal(isContainer(users, text), false);
    assert.equal(isContainer(users, `${text}@1000`), true);
    assert.equal(isContainer(machines, `${text}@1000`), false);
  }
  assert.equal(isContainer(machines, A.slice(0, 11)), false);
  assert.equal(isContainer({ engine: "lxc", id: "web" }, "web"), true);
});

test("parseCgroup() finds the unit of what is in no container", () => {
  const user = "0::/user.slice/user-1000.slice/user@1000.service";
  const cases: [string, string | undefined][] = [
    ["0::/system.slice/ssh.service", "ssh.service"],
    ["0::/init.scope", "init.scope"],
    [`${user}/init.scope`, "user@1000.service"],
    [`${user}/app.slice/app-firefox-1234.scope`, "user@1000.service/app-firefox-1234.scope"],
    [`${user}/app.slice/app-gnome-a\\x2db.scope`, "user@1000.service/app-gnome-a-b.scope"],
    ["0::/system.slice/dev-\\xc3\\xa4.mount", "dev-ä.mount"],
    ["0::/system.slice/odd-\\xff%zz.service", "odd-\\xff%zz.service"],
    ["0::/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"],
    ["0::/user.slice/user-0.slice/session-3.scope", "session-3.scope"],
    ["0::/system.slice/foo.service/worker/1", "foo.service"],
    ["0::/system.slice/foo.service (deleted)", "foo.service"],
    [`0::/machine.slice/libpod-conmon-${A}.scope`, `libpod-conmon-${A}.scope`],
    ["0::/machine.slice/machine-web.scope/supervisor", "machine-web.scope"],
    ["0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/emulator", "machine-qemu-1-vm.scope"],
    ["3:cpu:/\n1:name=systemd:/system.slice/cron.service\n0::/", "cron.service"],
    ["0::/", undefined],
    ["0::/system.slice", undefined],
    ["0::/lxc.monitor.web", undefined],
    ["", undefined],
    ["garbage\n::\n0:", undefined],
  ];
  for (const [text, unit] of cases) assert.deepEqual(parseCgroup(text), unit ? { unit } : {}, text);
});
