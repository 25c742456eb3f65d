import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AlertChannel, AlertTarget } from "../../../model/alert-channel.ts";
import { parseChannelDraft } from "../../../model/alert-channel-schema.ts";
import {
  type ChannelForm,
  channelDraftOf,
  channelFormOf,
  EMPTY_CHANNEL,
  withProvider,
} from "./channel-form.ts";

const TARGETS: readonly AlertTarget[] = [
  {
    kind: "mail",
    host: "mail.example.org",
    port: 465,
    security: "tls",
    login: "plain",
    user: "me",
    from: "me@example.org",
    to: ["you@example.org", "she@example.org"],
    caFile: "/etc/ssl/own.pem",
    tokenUrl: "",
  },
  { kind: "webhook", format: "ntfy", recipient: "alerts", allowInternal: true },
  { kind: "desktop", user: "ada" },
  { kind: "syslog", protocol: "tcp", host: "log.example.org", port: 6514 },
];

describe("channelDraftOf() and channelFormOf()", () => {
  for (const target of TARGETS) {
    test(`give back what a channel of kind ${target.kind} says`, () => {
      const channel: AlertChannel = {
        name: "here",
        enabled: true,
        target,
        secrets: [],
        lastOutcome: null,
        lastOutcomeAtMs: null,
        waiting: 0,
      };
      const draft = channelDraftOf(channelFormOf(channel));
      assert.deepEqual(draft, { name: "here", target });
      assert.doesNotThrow(() => parseChannelDraft(draft));
    });
  }

  test("send only secrets that were typed, and that the kind has", () => {
    const form: ChannelForm = {
      ...EMPTY_CHANNEL,
      kind: "webhook",
      secrets: { url: "https://hook.example.org/x", signingKey: "", password: "of another kind" },
    };
    assert.deepEqual(channelDraftOf(form).secrets, { url: "https://hook.example.org/x" });
  });
});

test("withProvider() fills in the server of a known address and keeps what was typed", () => {
  const found = withProvider(EMPTY_CHANNEL, "ada@gmail.com");
  assert.deepEqual(
    [found.host, found.user, found.to],
    ["smtp.gmail.com", "ada@gmail.com", "ada@gmail.com"],
  );
  assert.equal(withProvider(found, "ada@posteo.de").host, "posteo.de");
  const own = withProvider({ ...EMPTY_CHANNEL, host: "mail.home.arpa" }, "ada@gmail.com");
  assert.equal(own.host, "mail.home.arpa");
});
