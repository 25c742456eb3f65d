// Receivers refuse what is longer than they take: hostile names and long texts stay within it, whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WebhookTarget } from "../../model/alert-channel.ts";
import { alertMessage } from "./scripted-message.ts";
import { webhookBody } from "./webhook-format.ts";

function bodyOf(format: WebhookTarget["format"], title: string, text: string) {
  const { body } = webhookBody(alertMessage("one", { title, text }), {
    target: { kind: "webhook", format, recipient: "topic", allowInternal: false },
    secrets: { url: "https://example.org/", token: "1:a" },
    host: "box",
  });
  return { body, json: JSON.parse(body) };
}

const lines = (line: string) => Array.from({ length: 20 }, () => line.repeat(380)).join("\n");

test("webhookBody() of Discord has titles of 256 characters at most, and no escape is cut", () => {
  for (const name of ["*", "a*", "😀*", "\\", "漢字"]) {
    const { title, description } = bodyOf("discord", name.repeat(300), lines("*")).json.embeds[0];
    assert.ok(title.length <= 256, `${title.length}`);
    assert.ok(description.length <= 4_096, `${description.length}`);
    for (const each of [title, description]) {
      assert.ok(each.isWellFormed());
      assert.ok(each.endsWith("…"), each);
      // What is left without escapes holds none of the characters that mean something.
      assert.doesNotMatch(each.replace(/\\[^]/g, ""), /[\\*_~`|>[\]()#@<]/);
    }
  }
});

test("webhookBody() of ntfy has 4,096 bytes of text and 8,192 in all at most", () => {
  for (const name of ["漢", '"', "\\", "😀", "a"]) {
    const { body, json } = bodyOf("ntfy", name.repeat(300), lines(name));
    assert.ok(Buffer.byteLength(json.message) <= 4_096);
    assert.ok(Buffer.byteLength(body) <= 8_192);
    assert.ok(json.message.isWellFormed() && json.message.endsWith("…"));
  }
});

test("webhookBody() of Telegram and Slack has no more than they take", () => {
  for (const name of ["&", "漢", "😀"]) {
    assert.ok(bodyOf("telegram", name.repeat(300), lines(name)).json.text.length <= 4_096);
    const { text } = bodyOf("slack", name.repeat(300), lines(name)).json;
    assert.ok(text.length <= 40_000 && text.isWellFormed());
  }
});
