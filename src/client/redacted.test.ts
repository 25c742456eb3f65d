import assert from "node:assert/strict";
import { test } from "node:test";
import { createRedactor } from "../model/redact.ts";
import { createClient, type RequestFunction } from "./client.ts";
import { redactedRequest } from "./redacted.ts";

function open(bodies: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const request: RequestFunction = async (path) => {
    asked.push(path);
    const body = bodies[path.split("?")[0]?.split("/").at(-1) ?? ""] ?? "{}";
    return {
      status: 200,
      json: async () => JSON.parse(body) as unknown,
      async *pieces() {
        // In pieces that end anywhere, as a network delivers them.
        for (const piece of body.match(/[\s\S]{1,7}/g) ?? []) yield new TextEncoder().encode(piece);
      },
    };
  };
  return { asked, client: createClient(redactedRequest(request, createRedactor())) };
}

test("what was shown can be asked for", async () => {
  const body = JSON.stringify({ connections: [{ user: "ada", remoteAddress: "8.8.8.8" }] });
  const { asked, client } = open({ connections: body });
  const { connections } = await client.connections();
  assert.deepEqual(connections, [{ user: "user1", remoteAddress: "240.0.0.1" }] as never);
  await client.connections({ filter: "remote:240.0.0.1 user:user1" });
  assert.equal(
    new URLSearchParams(asked[1]?.split("?")[1]).get("filter"),
    "remote:8.8.8.8 user:ada",
  );
});

test("an export has its columns, and no name", async () => {
  const csv = "atMs,application,remote,user,rxBytes\r\n1,path:/home/ada/x,a.test,ada,7\r\n";
  const { client } = open({ export: csv });
  const query = { fromMs: 0, toMs: 1, level: "minute", format: "csv" } as const;
  let text = "";
  for await (const piece of client.exportHistory(query)) text += piece;
  assert.equal(
    text,
    "atMs,application,remote,user,rxBytes\r\n1,path:/home/user1/x,n1.example,user1,7\r\n",
  );
});

test("the live stream is redacted event by event", async () => {
  const sample = { id: 1, applications: [{ key: "container:shop", name: "shop", rxBytes: 5 }] };
  const { client } = open({ live: `id: 1\ndata: ${JSON.stringify(sample)}\n\n` });
  const [first] = await Array.fromAsync(client.live());
  assert.deepEqual(first?.applications, [
    { key: "container:container1", name: "container1", rxBytes: 5 },
  ] as never);
});
