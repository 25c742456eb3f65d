import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOf } from "./captures.ts";
import { parseHttpRequest } from "./http-request.ts";

test("parseHttpRequest() reads method and host of real clients", () => {
  const row = (name: string) => {
    const request = parseHttpRequest(firstOf(name));
    assert.equal(request?.isComplete, true);
    return [request?.method, request?.host, request?.version, request?.isProxied];
  };
  assert.deepEqual(row("http-curl"), ["GET", "plain.example.com", "1.1", false]);
  assert.deepEqual(row("http-curl-post"), ["POST", "api.example.com", "1.1", false]);
  assert.deepEqual(row("http-python"), ["GET", "python.example.com", "1.1", false]);
  assert.deepEqual(row("http-chromium"), ["GET", "pages.example.com", "1.1", false]);
  assert.deepEqual(row("http-proxy"), ["CONNECT", "behind.example.com", "1.1", true]);
  assert.deepEqual(row("http2-curl"), [undefined, undefined, "2", false]);
});

test("parseHttpRequest() gives no host that is not certain", () => {
  const host = (...headers: string[]) =>
    parseHttpRequest(Buffer.from(["GET / HTTP/1.1", ...headers, "", ""].join("\r\n"), "latin1"))
      ?.host;
  assert.equal(host("Host:a.example:8080", "X: y"), "a.example");
  assert.equal(host("hOST:  A.example. "), "a.example");
  assert.equal(host("Host: a.example", "Host: a.example"), "a.example");
  for (const headers of [
    ["Host: a.example", "Host: b.example"],
    ["Host: 192.0.2.1"],
    ["Host: [2001:db8::1]:80"],
    ["Host:"],
    ["X-Host: a.example"],
  ])
    assert.equal(host(...headers), undefined, headers.join());
  assert.equal(host("Host: a<b>.example"), undefined);
  assert.equal(host("Host: a.example\x1b[2J"), undefined);
});

test("parseHttpRequest() takes only whole lines of a request that is cut", () => {
  const whole = firstOf("http-curl");
  for (let length = 0; length < whole.length; length++) {
    const request = parseHttpRequest(whole.subarray(0, length));
    assert.notEqual(request?.isComplete, true);
    assert.ok(request?.host === undefined || request.host === "plain.example.com");
  }
});

test("parseHttpRequest() sees a proxy in an absolute target", () => {
  const request = parseHttpRequest(
    Buffer.from("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"),
  );
  assert.equal(request?.isProxied, true);
});

test("parseHttpRequest() is no judge of other protocols", () => {
  for (const text of [
    "",
    "GET",
    "OPTIONS rtsp://a/ RTSP/1.0\r\n\r\n",
    "EHLO a.example\r\n",
    "GET / HTTP/3\r\n",
    "get / HTTP/1.1\r\n",
    "INVITE sip:a@b SIP/2.0\r\n",
  ])
    assert.equal(parseHttpRequest(Buffer.from(text)), undefined, text);
});
