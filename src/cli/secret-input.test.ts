// Secrets as people and programs give them: typed into a real terminal without showing, or as lines of standard input.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const MODULE = join(import.meta.dirname, "secret-input.ts");
const ASK = `
import { readSecret } from ${JSON.stringify(MODULE)};
try {
  const found = [];
  for (const what of process.argv.slice(1)) found.push(await readSecret(what));
  console.log("GOT " + Buffer.from(JSON.stringify(found)).toString("hex"));
  process.exit(0);
} catch (error) { console.log("FAILED " + error.message); process.exit(3); }
`;

function piped(input: string, ...whats: string[]) {
  const args = ["--input-type=module", "-e", ASK, ...whats];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { input, encoding: "utf8" });
  return { said: stdout.trim(), stderr, status };
}

function found(said: string): unknown {
  return JSON.parse(Buffer.from(said.replace(/^[^]*GOT /, ""), "hex").toString());
}

test("readSecret() takes one line of standard input for each secret, as it is, and says which one is missing", () => {
  const { said, stderr, status } = piped(
    "  pässword 1 \r\nid\nsecond line\n",
    "password of mail",
    "clientId of mail",
  );
  assert.deepEqual([found(said), status], [["  pässword 1 ", "id"], 0]);
  assert.equal(stderr, "", "nothing is asked of a program");
  const short = piped("only one\n", "clientId of mail", "clientSecret of mail");
  assert.equal(short.status, 3);
  assert.match(
    short.said,
    /^FAILED There is no clientSecret of mail: write it as a line to standard/,
  );
  assert.ok(!short.said.includes("only one"));
});

/** A terminal of its own: what is typed, and all that it showed. */
const TERMINAL = `
import os, pty, sys, time, select
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])
shown, typed = b"", False
while True:
    if select.select([fd], [], [], 20)[0]:
        try: piece = os.read(fd, 4096)
        except OSError: break
        if not piece: break
        shown += piece
        if not typed and b"(not shown): " in shown:
            typed = True
            time.sleep(0.2)
            os.write(fd, sys.argv[1].encode().decode("unicode_escape").encode())
    else: break
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
`;

function lacksPython(): string | false {
  return spawnSync("python3", ["-c", "import pty"]).status === 0 ? false : "needs python3";
}

test("readSecret() shows nothing of what is typed into a terminal, also what was corrected, and Ctrl-C changes nothing", {
  skip: lacksPython(),
}, () => {
  const type = (keys: string) => {
    const args = [
      "-c",
      TERMINAL,
      keys,
      process.execPath,
      "--input-type=module",
      "-e",
      ASK,
      "password",
    ];
    const { stdout, status } = spawnSync("python3", args, { encoding: "utf8" });
    return { shown: stdout, status };
  };
  const { shown, status } = type("hunter3\\x7f2\\r");
  assert.equal(status, 0, shown);
  assert.match(shown, /^password \(not shown\): /);
  assert.deepEqual(found(shown.trim()), ["hunter2"]);
  assert.ok(!shown.includes("hunter"), shown);
  const stopped = type("hunter2\\x03");
  assert.equal(stopped.status, 3, stopped.shown);
  assert.match(stopped.shown, /FAILED Nothing was changed/);
  assert.ok(!stopped.shown.includes("hunter"));
});

test("a secret is no argument of the command", () => {
  const help = execFileSync(
    process.execPath,
    [join(MODULE, "..", "..", "main.ts"), "alert", "channel", "set", "--help"],
    {
      encoding: "utf8",
    },
  );
  assert.match(help, /--secret/);
  assert.doesNotMatch(help, /--password|--token\b/);
});
