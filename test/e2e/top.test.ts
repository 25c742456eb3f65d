// The live screen in a real terminal, against a real daemon that counts real traffic.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { host } from "./generators/place.ts";
import { buildOnce, expectNothing, MAIN, startDaemon } from "./real-daemon.ts";
import { openTmux, type Tmux, whyNoTmux } from "./tmux.ts";
import { makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = (await skipWithoutWorld()) || (await skipWithoutTmux());
const PORT = 7000;
const SMALL = { columns: 80, rows: 24 };
const LARGE = { columns: 200, rows: 60 };

/** Takes what comes. */
const SINK = `
import socket, sys, threading
def take(sock):
    while sock.recv(65536): pass
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("listening", flush=True)
while True: threading.Thread(target=take, args=(listener.accept()[0],), daemon=True).start()
`;

/** Sends as many bytes twenty times a second. */
const SENDER = `
import socket, sys, time
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
while True:
    sock.sendall(bytes(int(sys.argv[3])))
    time.sleep(0.05)
`;

describe("top", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-top-"));
  const programs: ChildProcess[] = [];
  let world: World;
  let daemons = 0;

  before(async () => {
    await buildOnce();
    world = await makeWorld({ host: true });
    const sink = world.b.spawn("python3", ["-c", SINK, world.b.ip4, String(PORT)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    programs.push(sink);
    await new Promise((resolve) => sink.stdout?.once("data", resolve));
    for (const [name, bytes] of [
      ["quick-sender.py", 50_000],
      ["slow-sender.py", 1_000],
    ] as const) {
      const script = join(folder, name);
      writeFileSync(script, SENDER);
      const args = [script, world.b.ip4, String(PORT), String(bytes)];
      programs.push(host.spawn("python3", args, { stdio: "inherit" }));
    }
  });
  after(async () => {
    for (const program of programs) program.kill("SIGKILL");
    await world?.close();
    rmSync(folder, { recursive: true });
    await expectNothing();
  });

  const newFolder = () => {
    daemons += 1;
    return join(folder, `data-${daemons}`);
  };

  for (const size of [SMALL, LARGE]) {
    test(`shows who does what, in order, at ${size.columns} x ${size.rows}`, async () => {
      const data = newFolder();
      await using _daemon = await startDaemon(data);
      await using terminal = await openTmux({ ...size });
      await terminal.type(command(data), "Enter");
      const screen = await terminal.shows(
        /^Monitauri {2}All networks/m,
        /quick-sender.py .*[1-9].* Mbit\/s [ ▁▂▃▄▅▆▇█]+/,
        /slow-sender.py .* kbit\/s/,
      );
      const rows = screen.filter((line) => line.includes("-sender.py")).map((line) => line.trim());
      assert.match(rows[0] ?? "", /quick-sender/);
      assert.match(screen.join("\n"), /^Upload +\d.*bit\/s .*[▁▂▃▄▅▆▇█]/m);
      // The last line is the last of the screen: nothing has wrapped.
      assert.match(screen[size.rows - 1] ?? "", /^ q quit/);

      await terminal.type("/", "app:slow");
      await terminal.shows(/1 of \d+$/m, /^Filter: app:slow_/m);
      await terminal.type("Enter");
      await terminal.shows(/^ q quit/m);
      assert.equal((await rowsOf(terminal)).length, 1);

      await terminal.type("Enter");
      await terminal.shows(
        /^slow-sender\.py .*Esc goes back/m,
        /^Processes \(1\)/m,
        /^Command \S*python/m,
        /^Connections \(1\)/m,
        new RegExp(`${PORT} 1000$`, "m"),
        new RegExp(`${world.b.ip4}:${PORT}`),
      );
      await terminal.type("Escape");
      await terminal.shows(/1 of \d+$/m);
      await quit(terminal, "q");
    });
  }

  test("follows the size of the terminal, and gives the screen back", async () => {
    const data = newFolder();
    await using _daemon = await startDaemon(data);
    await using terminal = await openTmux(LARGE);
    await terminal.type(command(data), "Enter");
    await terminal.shows(/quick-sender/);
    for (const size of [SMALL, { columns: 60, rows: 16 }, LARGE]) {
      await terminal.resize(size);
      const last = new RegExp(`^(.*\\n){${size.rows - 1}} q quit`);
      await terminal.shows(last, /^Monitauri .*\n(Download .*\n)Upload /, /quick-sender.*bit\/s/);
    }
    await quit(terminal, "C-c");
    await terminal.type(command(data), "Enter");
    await terminal.shows(/quick-sender/);
    await terminal.type("C-z");
    await terminal.shows(/^shell> sh /m, /Stopped/);
    await terminal.type("fg", "Enter");
    await terminal.shows(/^Monitauri {2}All/m, /quick-sender/);
    await quit(terminal, "C-d");
  });

  test("says that the daemon is gone, and goes on when it is back", async () => {
    const data = newFolder();
    await using terminal = await openTmux(SMALL);
    {
      await using daemon = await startDaemon(data);
      await terminal.type(command(data), "Enter");
      await terminal.shows(/quick-sender/);
      daemon.tell("SIGTERM");
      await daemon.ended;
    }
    await terminal.shows(/^The daemon is gone \(.*Trying again/m, /quick-sender/);
    await using _again = await startDaemon(data);
    const screen = await terminal.shows(/has an owner|counted by/, /quick-sender.*Mbit\/s/);
    assert.doesNotMatch(screen.join("\n"), /is gone/);
    await quit(terminal, "q");
  });

  test("ps --watch draws in the same place, whatever the size", async () => {
    const data = newFolder();
    await using _daemon = await startDaemon(data);
    await using terminal = await openTmux(SMALL);
    await terminal.type(command(data, "ps app:sender --watch 200ms"), "Enter");
    const total = /quick-sender.* ([\d.]+ [kM]B)(?: +\d+)?$/m;
    const [, before] = total.exec((await terminal.shows(total)).join("\n")) ?? [];
    await terminal.resize({ columns: 70, rows: 20 });
    await terminal.shows(new RegExp(`quick-sender(?!.* ${before})`));
    const screen = await terminal.shows(/^APPLICATION .*\n.*quick-sender/m);
    assert.equal(screen.filter((line) => line.startsWith("APPLICATION")).length, 1);
    await terminal.type("C-c");
    await terminal.shows(/^shell>$/m);
  });

  test("a signal gives the screen back, too", async () => {
    const data = newFolder();
    await using _daemon = await startDaemon(data);
    await using terminal = await openTmux(SMALL);
    await terminal.type(`${command(data)}; echo ended with $?`, "Enter");
    await terminal.shows(/quick-sender/);
    const pid = (await host.exec("pgrep", ["-f", `top --data ${data}$`])).trim();
    process.kill(Number(pid), "SIGTERM");
    await terminal.shows(/^ended with 143/m, /^shell>/m);
  });
});

/** Short, so that it takes one line of the terminal. */
function command(data: string, words = "top"): string {
  writeFileSync(`${data}.sh`, `exec ${process.execPath} ${MAIN} ${words} --data ${data}\n`);
  return `sh ${data}.sh`;
}

async function rowsOf(terminal: Tmux): Promise<string[]> {
  return (await terminal.screen()).filter((line) => line.includes("-sender.py"));
}

/** The shell's screen is back as it was, and what is typed is seen again. */
async function quit(terminal: Tmux, key: string): Promise<void> {
  await terminal.type(key);
  const screen = await terminal.shows(/^shell> sh .*data-\d+\.sh/m, /^shell>$/m);
  assert.doesNotMatch(screen.join("\n"), /quick-sender|q quit/);
  await terminal.type("clear", "Enter");
  await terminal.shows(/^shell>$/m);
}

async function skipWithoutTmux(): Promise<false | string> {
  const reason = await whyNoTmux();
  if (reason === undefined) return false;
  if (process.env.MONITAURI_E2E === "required") throw new Error(`This test must run: ${reason}`);
  return reason;
}
