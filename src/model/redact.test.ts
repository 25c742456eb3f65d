import assert from "node:assert/strict";
import { test } from "node:test";
import { cellsOf, createRedactor, MAX_REDACTED, TOO_MANY } from "./redact.ts";

const CONNECTION = {
  localAddress: "192.168.1.7",
  localPort: 40_000,
  remoteAddress: "93.184.216.34",
  remotePort: 443,
  application: "web (nginx)",
  applicationKey: "container:web",
  user: "ada",
  container: "web",
  unit: "user@ada.service",
  host: { name: "www.shop.test", source: "tls", alternatives: ["img.shop.test"] },
  total: { rxBytes: 12 },
};

test("answer() takes every name away and leaves numbers and words of its own", () => {
  const redactor = createRedactor();
  const [shown] = redactor.answer([CONNECTION]);
  assert.deepEqual(shown, {
    localAddress: "250.0.0.1",
    localPort: 40_000,
    remoteAddress: "240.0.0.1",
    remotePort: 443,
    application: "container1 (nginx)",
    applicationKey: "container:container1",
    user: "user1",
    container: "container1",
    unit: "user@user1.service",
    host: { name: "n1.n2.example", source: "tls", alternatives: ["n3.n2.example"] },
    total: { rxBytes: 12 },
  });
  assert.deepEqual(redactor.answer([CONNECTION]), [shown], "the same each time");
});

test("answer() replaces homes, addresses in any text, mail, and all arguments", () => {
  const redactor = createRedactor();
  const shown = redactor.answer({
    path: "/home/grace/bin/tool",
    key: "script:/home/grace/x.py",
    arguments: ["/home/grace/bin/tool", "https://secret.example.com/?token=1", "-v"],
    message: "2001:470::9 said grace@corp.example no at 13:18:05, 127.0.0.1 did not",
  });
  assert.deepEqual(shown, {
    path: "/home/user1/bin/tool",
    key: "script:/home/user1/x.py",
    arguments: ["/home/user1/bin/tool", "…", "…"],
    message: "2001:db8::1 said someone@mail.example no at 13:18:05, 127.0.0.1 did not",
  });
});

test("answer() knows what rows are about by the question", () => {
  const redactor = createRedactor();
  const rows = [
    { key: "8.8.8.8", name: "dns.big.test" },
    { key: ":none", name: "no single peer" },
  ];
  assert.deepEqual(redactor.answer(rows, "/api/v1/groups?by=remote"), [
    { key: "240.0.0.1", name: "n1.n2.example" },
    { key: ":none", name: "no single peer" },
  ]);
  const users = redactor.answer(
    { rows: [{ key: "eve", name: "eve" }] },
    "/history?from=1&groupBy=user",
  );
  assert.deepEqual(users, { rows: [{ key: "user1", name: "user1" }] });
});

test("restore() puts back what was shown, so that a filter finds it", () => {
  const redactor = createRedactor();
  redactor.answer([CONNECTION, { ...CONNECTION, remoteAddress: "93.184.216.35" }]);
  assert.equal(
    redactor.restore("remote:240.0.0.2 user:user1 app:container1 host:n1.n2.example rate:>1mbit"),
    "remote:93.184.216.35 user:ada app:web host:www.shop.test rate:>1mbit",
  );
  assert.equal(redactor.restore("host:n2"), "host:shop");
});

test("state() lets another go on with the same names", () => {
  const first = createRedactor();
  const shown = first.answer(CONNECTION);
  const second = createRedactor(JSON.parse(JSON.stringify(first.state())));
  assert.deepEqual(second.answer(CONNECTION), shown);
  const other = second.answer({ remoteAddress: "93.184.216.99" });
  assert.ok(!JSON.stringify(shown).includes(other.remoteAddress), "no name twice");
});

test("line() redacts a line of CSV by its columns", () => {
  const redactor = createRedactor();
  const columns = cellsOf("at,application,remote,user,container,rxBytes");
  assert.equal(
    redactor.line('2026-11-25,"path:/home/ada/a, b",news.test,ada,db,5\r\n', columns),
    '2026-11-25,"path:/home/user1/a, b",n1.example,user1,container1,5\r\n',
  );
});

test("a redactor that is full hides what comes in one word, and never shows it", () => {
  const redactor = createRedactor();
  for (let i = 0; i < MAX_REDACTED; i++) redactor.answer({ user: `person-${i}` });
  assert.deepEqual(redactor.answer({ user: "late", remoteAddress: "9.9.9.9" }), {
    user: TOO_MANY,
    remoteAddress: TOO_MANY,
  });
});
