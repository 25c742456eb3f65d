// Block lists from real https servers: redirects are followed, none of them into this machine or its network.
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { createBlockLists } from "../src/daemon/block-lists.ts";
import { fetchText } from "../src/daemon/fetch-text.ts";
import { makeCertificates } from "./fixtures/certificates.ts";

const certificates = makeCertificates();
after(() => certificates?.[Symbol.dispose]());
const skip = certificates === undefined ? "openssl is not installed" : false;

interface Site extends AsyncDisposable {
  readonly url: string;
  readonly port: string;
  readonly asked: string[];
}

const ENDLESS = "endless";

function pour(response: ServerResponse): void {
  const more = () => {
    while (!response.destroyed && response.write("x.example\n".repeat(100_000)));
  };
  response.on("drain", more);
  more();
}

/** What stands at each path: a text, or where it leads. */
async function site(paths: Readonly<Record<string, string>>): Promise<Site> {
  const asked: string[] = [];
  const server = createServer(certificates?.good ?? {}, ({ url = "" }, response) => {
    asked.push(url);
    const there = paths[url] ?? "";
    if (there === ENDLESS) pour(response);
    else if (there.includes("/")) response.writeHead(302, { location: there }).end();
    else response.writeHead(there === "" ? 404 : 200).end(there);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    port: String(port),
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function textOf(address: string, allowed: readonly Site[]): Promise<string> {
  const pieces = await fetchText(address, {
    allowInternal: ({ port }) => allowed.some((each) => each.port === port),
    ...(certificates === undefined ? {} : { ca: certificates.ca }),
  });
  let text = "";
  for await (const piece of pieces) text += Buffer.from(piece).toString("utf8");
  return text;
}

test("fetchText() follows redirects, and asks no internal address on the way", {
  skip,
}, async () => {
  await using inside = await site({ "/secret": "secret", "/list": "evil.example" });
  await using outside = await site({
    "/here": "192.0.2.1",
    "/near": "/here",
    "/far": `${inside.url}/list`,
    "/plain": "http://localhost:1/list",
    "/round": "/round",
  });
  assert.equal(await textOf(`${outside.url}/near`, [outside]), "192.0.2.1");
  assert.equal(await textOf(`${outside.url}/far`, [outside, inside]), "evil.example");
  inside.asked.length = 0;
  await assert.rejects(textOf(`${outside.url}/far`, [outside]), /localhost is 127\.0\.0\.1/);
  await assert.rejects(textOf(`${inside.url}/secret`, []), /localhost is 127\.0\.0\.1/);
  assert.deepEqual(inside.asked, []);
  await assert.rejects(textOf(`${outside.url}/plain`, [outside]), /led to a plain address/);
  await assert.rejects(textOf(`${outside.url}/none`, [outside]), /answered 404/);
  await assert.rejects(textOf(`${outside.url}/round`, [outside]), /elsewhere more than 5 times/);
});

test("createBlockLists() says that a list is at an internal address", { skip }, async () => {
  await using inside = await site({ "/list": "evil.example" });
  const lists = createBlockLists({ info() {}, warnOnce() {} });
  for (const host of ["localhost", "127.0.0.1"]) {
    const list = `https://${host}:${inside.port}/list`;
    await assert.rejects(lists.read(list), /cannot read the block list .*internal address|is 127/);
  }
  assert.deepEqual(inside.asked, []);
});

test("createBlockLists() reads a list over https, and cuts what never ends", { skip }, async () => {
  await using inside = await site({ "/list": "evil.example", "/endless": ENDLESS });
  const lists = createBlockLists(
    { info() {}, warnOnce() {} },
    { allowInternal: () => true, ...(certificates === undefined ? {} : { ca: certificates.ca }) },
  );
  assert.equal((await lists.read(`${inside.url}/list`))("", "evil.example"), "evil.example");
  const endless = `${inside.url}/endless`;
  lists.want([endless], 0);
  while (lists.trouble(endless) === undefined) await new Promise((done) => setTimeout(done, 20));
  assert.match(lists.trouble(endless) ?? "", /longer than 32000000 bytes/);
});
