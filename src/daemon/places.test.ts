// Where things are, as a table.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clientSockets, daemonPlaces, type PlaceOptions } from "./places.ts";

const root: PlaceOptions = { platform: "linux", uid: 0, home: "/root", env: {} };
const anna: PlaceOptions = { platform: "linux", uid: 1000, home: "/home/anna", env: {} };

test("daemonPlaces() of root are the system's folders", () => {
  assert.deepEqual(daemonPlaces(root), {
    data: "/var/lib/monitauri",
    runtime: "/run/monitauri",
    socket: "/run/monitauri/daemon.sock",
    lock: "/var/lib/monitauri/daemon.lock",
    history: "/var/lib/monitauri/history.db",
    alerts: "/var/lib/monitauri/alerts.journal",
    alertQueue: "/var/lib/monitauri/alert-queue.journal",
    alertChannels: "/var/lib/monitauri/alert-channels.json",
    access: "/var/lib/monitauri/access.json",
    limits: "/var/lib/monitauri/limits.json",
    limitsJournal: "/var/lib/monitauri/limits-journal.json",
    config: "/etc/monitauri/config.toml",
  });
});

test("daemonPlaces() of a user follow XDG and ignore relative paths", () => {
  const env = { XDG_RUNTIME_DIR: "/run/user/1000", XDG_DATA_HOME: "relative" };
  assert.deepEqual(daemonPlaces({ ...anna, env }), {
    data: "/home/anna/.local/share/monitauri",
    runtime: "/run/user/1000/monitauri",
    socket: "/run/user/1000/monitauri/daemon.sock",
    lock: "/home/anna/.local/share/monitauri/daemon.lock",
    history: "/home/anna/.local/share/monitauri/history.db",
    alerts: "/home/anna/.local/share/monitauri/alerts.journal",
    alertQueue: "/home/anna/.local/share/monitauri/alert-queue.journal",
    alertChannels: "/home/anna/.local/share/monitauri/alert-channels.json",
    access: "/home/anna/.local/share/monitauri/access.json",
    limits: "/home/anna/.local/share/monitauri/limits.json",
    limitsJournal: "/home/anna/.local/share/monitauri/limits-journal.json",
    config: "/home/anna/.config/monitauri/config.toml",
  });
  assert.equal(daemonPlaces(anna).runtime, "/tmp/monitauri-1000");
});

test("daemonPlaces() puts everything in a given folder", () => {
  const given = daemonPlaces({ ...root, data: "/srv/m", env: { MONITAURI_DATA: "/ignored" } });
  assert.deepEqual(given, {
    data: "/srv/m",
    runtime: "/srv/m",
    socket: "/srv/m/daemon.sock",
    lock: "/srv/m/daemon.lock",
    history: "/srv/m/history.db",
    alerts: "/srv/m/alerts.journal",
    alertQueue: "/srv/m/alert-queue.journal",
    alertChannels: "/srv/m/alert-channels.json",
    access: "/srv/m/access.json",
    limits: "/srv/m/limits.json",
    limitsJournal: "/srv/m/limits-journal.json",
    config: "/srv/m/config.toml",
  });
  assert.equal(daemonPlaces({ ...anna, env: { MONITAURI_DATA: "/srv/n" } }).data, "/srv/n");
});

test("clientSockets() tries the system's daemon first, but only a given folder", () => {
  assert.deepEqual(clientSockets(anna), [
    "/run/monitauri/daemon.sock",
    "/tmp/monitauri-1000/daemon.sock",
  ]);
  assert.deepEqual(clientSockets(root), ["/run/monitauri/daemon.sock"]);
  assert.deepEqual(clientSockets({ ...anna, data: "/srv/m" }), ["/srv/m/daemon.sock"]);
});
