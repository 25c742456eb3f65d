import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseAddress } from "../model/address.ts";
import { usualDaemon } from "./local-daemons.ts";
import { namedListener } from "./named-listener.ts";
import { parseServices, readServices } from "./services.ts";

test("parseServices() reads names by port and protocol, the first one of each", () => {
  const services = parseServices(
    "# comment\nssh\t\t22/tcp\t\t\t# SSH\ndomain 53/tcp\ndomain 53/udp\nHTTP 80/tcp www\nother 80/tcp\n",
  );
  assert.equal(services.nameOf(6, 22), "ssh");
  assert.equal(services.nameOf(17, 22), undefined);
  assert.equal(services.nameOf(17, 53), "domain");
  assert.equal(services.nameOf(6, 80), "http");
  assert.equal(services.size, 4);
});

test("parseServices() passes over what is no service, whatever it holds", () => {
  const hostile =
    "<b>x</b> 80/tcp\n\x1b[31mred 81/tcp\nname 99999/tcp\nname 82/ddp\n83/tcp\n\u202eabc 84/tcp\n";
  assert.equal(parseServices(hostile).size, 0);
  const endless =
    "a 1/tcp\n".repeat(10) + Array.from({ length: 65_000 }, (_, i) => `s${i} ${i}/udp`).join("\n");
  assert.equal(parseServices(endless).size, 20_000);
});

test("readServices() falls back to common names where the file is missing, empty or a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "services-"));
  try {
    for (const path of [join(folder, "missing"), folder]) {
      assert.equal(readServices(path).nameOf(6, 443), "https");
    }
    const file = join(folder, "services");
    writeFileSync(file, "mine 443/tcp\n");
    assert.equal(readServices(file).nameOf(6, 443), "mine");
    assert.equal(readServices(file).nameOf(6, 22), undefined);
    writeFileSync(file, "");
    assert.equal(readServices(file).nameOf(6, 22), "ssh");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("usualDaemon() tells daemons by port, and the resolver by its address as well", () => {
  const at = (protocol: number, address: string, port: number) =>
    usualDaemon({ protocol, address: parseAddress(address) ?? new Uint8Array(16), port });
  assert.equal(at(17, "127.0.0.53", 53), "systemd-resolved");
  assert.equal(at(17, "127.0.0.1", 53), undefined);
  assert.equal(at(6, "::1", 631), "cupsd");
  assert.equal(at(17, "0.0.0.0", 5353), "avahi-daemon");
});

test("namedListener() says the port's service, and a daemon only where the owner is not known", () => {
  const services = parseServices("ssh 22/tcp\nipp 631/tcp\n");
  const bare = {
    protocol: "tcp",
    localAddress: "0.0.0.0",
    localPort: 22,
    pid: 9 as number | null,
    key: null,
    application: "sshd",
    path: null,
    user: null,
    container: null,
  };
  const named = (differs: Partial<typeof bare>) => {
    const { service, usualDaemon: usual } = namedListener({ ...bare, ...differs }, services);
    return [service, usual];
  };
  assert.deepEqual(named({}), ["ssh", undefined]);
  assert.deepEqual(named({ pid: null, localPort: 631 }), ["ipp", "cupsd"]);
  assert.deepEqual(named({ pid: null, localPort: 6_000 }), [undefined, undefined]);
});
