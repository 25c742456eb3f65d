/** Shows alerts on the desktops of those who are logged in, as the user whose desktop it is. */

import type { AlertMessage } from "../../model/alert.ts";
import type { DesktopTarget } from "../../model/alert-channel.ts";
import { printable } from "../../model/printable.ts";
import type { DeliverySystem, DesktopNote, DesktopSession } from "./delivery-system.ts";
import type { Sender, SendOptions, SendOutcome } from "./sender.ts";

const MAX_TEXT = 500;
const MAX_LINES = 6;

export function createDesktopSender(target: DesktopTarget, system: DeliverySystem): Sender {
  return {
    rest() {},
    async send(message, { begin, transcript }: SendOptions): Promise<SendOutcome> {
      const desktops = system
        .desktops()
        .filter(({ user }) => target.user === "" || user === target.user);
      if (desktops.length === 0) return nobody(target);
      await begin();
      const outcomes = await Promise.all(desktops.map((each) => show(message, each, system)));
      for (const { said } of outcomes) transcript?.(`* ${said}`);
      const shown = outcomes.filter(({ ok }) => ok);
      if (shown.length > 0) {
        return { kind: "delivered", said: shown.map(({ said }) => said).join(", ") };
      }
      const said = outcomes.map((each) => each.said).join("; ");
      return {
        kind: "later",
        trouble: {
          said,
          remedy: "install notify-send: apt install libnotify-bin (Debian, Ubuntu)",
        },
        unknown: false,
      };
    },
  };
}

// Who is not there now does not want to see it tomorrow; it is in the log and on the page.
function nobody({ user }: DesktopTarget): SendOutcome {
  return {
    kind: "failed",
    trouble: {
      said:
        user === "" ? "nobody is logged in at a screen" : `${user} is not logged in at a screen`,
      remedy: "nothing: the alert is on the Alerts page and in `monitauri alert log`",
    },
  };
}

async function show(
  message: AlertMessage,
  session: DesktopSession,
  system: DeliverySystem,
): Promise<{ ok: boolean; said: string }> {
  const { user } = session;
  try {
    const { exitCode, stderr } = await system.notify(session, noteOf(message));
    if (exitCode === 0) return { ok: true, said: `shown to ${user}` };
    return { ok: false, said: `the desktop of ${user} refused it: ${printable(stderr, 200)}` };
  } catch (error) {
    return { ok: false, said: error instanceof Error ? error.message : String(error) };
  }
}

function noteOf({ title, text, severity }: AlertMessage): DesktopNote {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return {
    title: printable(title, 120),
    // Many desktops read this as markup.
    text: lines
      .slice(0, MAX_LINES)
      .map((line) => printable(line, MAX_TEXT))
      .join("\n")
      .replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`),
    urgency: severity === "critical" ? "critical" : severity === "warning" ? "normal" : "low",
  };
}
