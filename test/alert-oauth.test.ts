// XOAUTH2 with a real token server: a token is made, kept, renewed when refused, and a new refresh token is remembered.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createDelivery } from "../src/alerts/deliver/delivery.ts";
import type { LaneOutcome } from "../src/alerts/deliver/lane-runner.ts";
import { alertMessage } from "../src/alerts/deliver/scripted-message.ts";
import { createDeliverySystem } from "../src/daemon/delivery-system.ts";
import { makeCertificates } from "./fixtures/certificates.ts";
import { mailSender, mailTarget, sending, troubleOf } from "./fixtures/mail-sending.ts";
import { startMailServer } from "./fixtures/mail-server.ts";

const certificates = makeCertificates();
after(() => certificates?.[Symbol.dispose]());
const skip = certificates === undefined ? "openssl is not installed" : false;

interface TokenServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: URLSearchParams[];
}

async function tokenServer(
  answer: (asked: URLSearchParams, count: number) => [number, unknown],
): Promise<TokenServer> {
  const asked: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const form = new URLSearchParams(body);
      asked.push(form);
      const [status, value] = answer(form, asked.length);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    asked,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Takes the tokens that are in the set. */
function tokenMailServer(good: Set<string>) {
  return startMailServer({
    ...certificates?.good,
    authOptional: false,
    authMethods: ["XOAUTH2"],
    onAuth({ method, username, accessToken }, _session, done) {
      assert.equal(method, "XOAUTH2");
      if (good.has(accessToken ?? "")) done(null, { user: username });
      else done(null, { data: { status: "401", schemes: "bearer", scope: "mail" } });
    },
  });
}

const secrets = {
  clientId: "client-id-1",
  clientSecret: "client-secret-1",
  refreshToken: "refresh-token-1",
};

test("a token is made of the refresh token, kept while it holds, and renewed when it is refused", {
  skip,
}, async () => {
  const good = new Set(["access-1"]);
  await using mail = await tokenMailServer(good);
  await using tokens = await tokenServer((_asked, count) => [
    200,
    {
      access_token: `access-${count}`,
      expires_in: 3600,
      ...(count === 2 ? { refresh_token: "refresh-token-2" } : {}),
    },
  ]);
  const kept: string[] = [];
  const target = mailTarget(mail.port, {
    login: "xoauth2",
    tokenUrl: tokens.url,
    caFile: certificates?.caFile ?? null,
  });
  const sender = mailSender(target, secrets, { onRefreshToken: (token) => kept.push(token) });
  for (const id of ["one", "two"]) {
    const outcome = await sender.send(alertMessage(id), sending());
    assert.equal(outcome.kind, "delivered", JSON.stringify(outcome));
    sender.rest();
  }
  assert.equal(tokens.asked.length, 1, "the second login uses the token of the first");
  assert.deepEqual(Object.fromEntries(tokens.asked[0] ?? []), {
    grant_type: "refresh_token",
    client_id: "client-id-1",
    client_secret: "client-secret-1",
    refresh_token: "refresh-token-1",
  });
  good.clear();
  good.add("access-2");
  assert.equal((await sender.send(alertMessage("three"), sending())).kind, "delivered");
  sender.rest();
  assert.deepEqual(kept, ["refresh-token-2"]);
  good.clear();
  good.add("access-3");
  assert.equal((await sender.send(alertMessage("four"), sending())).kind, "delivered");
  sender.rest();
  assert.equal(tokens.asked[2]?.get("refresh_token"), "refresh-token-2");
  assert.equal(mail.mails.length, 4);
});

test("a token that is refused for good, or a server that gives none, is explained without a secret", {
  skip,
}, async () => {
  await using mail = await tokenMailServer(new Set());
  await using tokens = await tokenServer(() => [200, { access_token: "access-1" }]);
  const target = mailTarget(mail.port, {
    login: "xoauth2",
    tokenUrl: tokens.url,
    caFile: certificates?.caFile ?? null,
  });
  const refused = await mailSender(target, secrets).send(alertMessage("one"), sending());
  assert.equal(refused.kind, "later");
  assert.match(troubleOf(refused), /refused user and password/);
  await using revoked = await tokenServer((asked) => [
    400,
    { error: "invalid_grant", error_description: `revoked: ${asked.get("refresh_token")}` },
  ]);
  const outcome = await mailSender({ ...target, tokenUrl: revoked.url }, secrets).send(
    alertMessage("one"),
    sending(),
  );
  assert.match(
    troubleOf(outcome),
    /no access token .*400 invalid_grant: revoked: \[secret\] \| .*new refresh token/,
  );
  const nowhere = await mailSender({ ...target, tokenUrl: "" }, secrets).send(
    alertMessage("one"),
    sending(),
  );
  assert.match(troubleOf(nowhere), /not known where localhost gives tokens/);
});

test("a test of the channel that renews the refresh token leaves the channel working", {
  skip,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-oauth-"));
  const good = new Set<string>();
  await using mail = await tokenMailServer(good);
  let current = secrets.refreshToken;
  await using tokens = await tokenServer((asked, count) => {
    if (asked.get("refresh_token") !== current) return [400, { error: "invalid_grant" }];
    current = `refresh-token-${count + 1}`;
    good.add(`access-${count}`);
    return [200, { access_token: `access-${count}`, expires_in: 1, refresh_token: current }];
  });
  const target = mailTarget(mail.port, {
    login: "xoauth2",
    tokenUrl: tokens.url,
    caFile: certificates?.caFile ?? null,
  });
  const outcomes: LaneOutcome[] = [];
  const delivery = await createDelivery({
    queuePath: join(folder, "queue"),
    channelsPath: join(folder, "channels.json"),
    system: createDeliverySystem({ uid: 1_000, env: {}, commandUsers: () => [] }),
    log: { warn() {}, info() {} },
    host: "box",
    onOutcome: (_channel, _message, outcome) => outcomes.push(outcome),
  });
  await delivery.setChannel({ name: "mail", target, secrets });
  assert.deepEqual((await delivery.test("mail")).remedy, null);
  await delivery.enqueue(alertMessage("one"), ["mail"]);
  while (outcomes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await delivery.close();
  const kept = readFileSync(join(folder, "channels.json"), "utf8");
  rmSync(folder, { recursive: true });
  assert.equal(outcomes[0]?.kind, "delivered", outcomes[0]?.said);
  assert.equal(mail.mails.length, 2);
  assert.match(kept, new RegExp(`"${current}"`));
});
