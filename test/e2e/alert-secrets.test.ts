// Secrets of alert channels in the real daemon: they are in one file that only it can read, and nowhere else.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectDaemon } from "../../src/cli/connect.ts";
import type { AlertChannelDraft } from "../../src/model/alert-channel.ts";
import { makeCertificates } from "../fixtures/certificates.ts";
import { mailTarget, secureServer } from "../fixtures/mail-sending.ts";
import { buildOnce, launch, MAIN, type RealDaemon, startDaemon } from "./real-daemon.ts";
import { host, skipWithoutWorld } from "./world.ts";

const skip = await skipWithoutWorld();
const PASSWORD = "correct horse battery";
const USER = "me@example.org";
const SECRETS = {
  password: PASSWORD,
  wrong: "not the right password",
  url: "services/T00000000/XXSECRETPATHXX",
  signingKey: "signing-key-0123456789",
  token: "bearer-token-0123456789",
  bot: "123456:bot-token-ABCDEFGH",
};

let folder: string;
before(async () => {
  if (skip !== false) return;
  await buildOnce();
  folder = mkdtempSync(join(tmpdir(), "monitauri-secrets-"));
});
after(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** Ways in which a secret would still be readable. */
function formsOf(secret: string): string[] {
  const base64 = (text: string) => Buffer.from(text).toString("base64").replace(/=+$/, "");
  return [
    secret,
    encodeURIComponent(secret),
    base64(secret),
    base64(`\0${USER}\0${secret}`),
    Buffer.from(secret).toString("hex"),
  ];
}

function assertAbsent(text: string, where: string): void {
  for (const [name, secret] of Object.entries(SECRETS)) {
    for (const form of formsOf(secret)) assert.ok(!text.includes(form), `${name} is in ${where}`);
  }
}

test("a secret is in no file but one, no answer, no log, no argument and no variable", {
  skip,
  timeout: 120_000,
}, async () => {
  using certificates = makeCertificates();
  assert.ok(certificates);
  await using good = await secureServer(certificates.good);
  // A server that repeats what it was told, as a mistaken or hostile one would.
  await using echoing = await secureServer(certificates.good, {
    onAuth({ password }, _session, done) {
      done(
        new Error(
          `no user has ${password} ${Buffer.from(`\0${USER}\0${password}`).toString("base64")}`,
        ),
      );
    },
  });
  const heard: string[] = [];
  const web = createServer((incoming, response) => {
    heard.push(`${incoming.url} ${incoming.headers.authorization}`);
    response.writeHead(403).end(`no ${incoming.url} ${incoming.headers.authorization}`);
  });
  after(() => web.close());
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(web.address() as AddressInfo).port}/`;

  writeFileSync(join(folder, "config.toml"), 'logLevel = "debug"\n');
  await using daemon = await startDaemon(folder);
  const monitauri = connectDaemon([join(folder, "daemon.sock")]);
  const mail = {
    security: "starttls",
    user: USER,
    from: USER,
    caFile: certificates.caFile,
  } as const;
  const webhook = { kind: "webhook", recipient: "1", allowInternal: true } as const;
  const drafts: AlertChannelDraft[] = [
    { name: "mail", target: mailTarget(good.port, mail), secrets: { password: SECRETS.password } },
    { name: "wrong", target: mailTarget(echoing.port, mail), secrets: { password: SECRETS.wrong } },
    {
      name: "hook",
      target: { ...webhook, format: "json" },
      secrets: { url: base + SECRETS.url, signingKey: SECRETS.signingKey, token: SECRETS.token },
    },
    {
      name: "bot",
      target: { ...webhook, format: "telegram" },
      secrets: { token: SECRETS.bot, url: base },
    },
  ];
  const answers: unknown[] = [];
  for (const draft of drafts) answers.push(await monitauri.setAlertChannel(draft));
  const tests = await Promise.all(drafts.map(({ name }) => monitauri.testAlertChannel(name)));
  assert.deepEqual(
    tests.map(({ ok }) => ok),
    [true, false, false, false],
    JSON.stringify(tests),
  );
  assert.equal(good.mails.length, 1);
  assert.ok(
    heard.some((line) => line.includes(SECRETS.url) && line.includes(SECRETS.token)),
    "they were used",
  );
  answers.push(tests, await monitauri.alertChannels(), await monitauri.doctor());
  const refused = await monitauri
    .setAlertChannel({
      ...(drafts[0] as AlertChannelDraft),
      target: mailTarget(26, mail),
      secrets: {},
    })
    .catch((error: Error) => error.message);
  answers.push(refused);
  assert.match(String(refused), /give it again/);
  assertAbsent(JSON.stringify(answers), "answers of the client");

  for (const path of gets()) assertAbsent(await get(path), `GET ${path}`);
  for (const words of [["export"], ["doctor", "--json"], ["status", "--json"]]) {
    const said = await host
      .exec(process.execPath, [MAIN, ...words, "--data", folder])
      .catch((error) => String(error));
    assertAbsent(said, `monitauri ${words.join(" ")}`);
  }
  for (const file of ["cmdline", "environ"]) {
    assertAbsent(readFileSync(`/proc/${daemon.pid}/${file}`, "latin1"), `/proc/PID/${file}`);
  }
  await ended(daemon);
  const { stdout, stderr } = await daemon.ended;
  assertAbsent(stdout + stderr, "the log");
  searchFiles();

  await using again = launch(folder);
  await again.says(/Ctrl-C stops/);
  assert.equal((await monitauri.testAlertChannel("mail")).ok, true, "kept over the restart");
  await ended(again);
});

async function ended(daemon: RealDaemon): Promise<void> {
  daemon.tell("SIGTERM");
  await daemon.ended;
}

function searchFiles(): void {
  let found = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const text = readFileSync(path, "latin1");
    if (name === "alert-channels.json") {
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.ok(text.includes(PASSWORD), "the search finds it where it is");
      found += 1;
    } else assertAbsent(text, name);
  }
  assert.equal(found, 1);
}

/** What can be asked without saying which. */
function gets(): string[] {
  const file = join(import.meta.dirname, "..", "..", "docs", "openapi.json");
  const { paths } = JSON.parse(readFileSync(file, "utf8")) as {
    paths: Record<string, { get?: object }>;
  };
  return Object.keys(paths).filter(
    (path) => paths[path]?.get !== undefined && !path.includes("{") && !path.endsWith("/live"),
  );
}

function get(path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asked = request(
    { socketPath: join(folder, "daemon.sock"), path, timeout: 10_000 },
    (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
      response.on("error", reject);
    },
  );
  asked.on("error", reject);
  asked.end();
  return promise;
}
