/** Shows alerts on the desktops of those who are logged in, as the user whose desktop it is. */

import type { AlertMessage } from "../../model/alert.ts";
import type { DesktopTarget } from "../../model/alert-channel.ts";
import { MonitauriError } from "../../model/error.ts";
import { printable } from "../../model/printable.ts";
import type { DeliverySystem, DesktopNote, DesktopSession } from "./delivery-system.ts";
import type { Sender, SendOptions, SendOutcome } from "./sender.ts";

const MAX_TITLE = 120;

export function createDesktopSender(target: DesktopTarget, system: DeliverySystem): Sender {
  return {
    rest() {},
    async send(message, { begin, signal, transcript }: SendOptions): Promise<SendOutcome> {
      const wanted = userOf(target, system);
      if (typeof wanted !== "string") return wanted;
      const desktops = system.desktops().filter(({ user }) => wanted === "" || user === wanted);
      if (desktops.length === 0) return nobody(wanted);
      await begin();
      const outcomes = await Promise.all(
        desktops.map((session) => show(message, { session, system, signal })),
      );
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

/** A channel may be from before somebody had to be named. */
function userOf({ user }: DesktopTarget, system: DeliverySystem): string | SendOutcome {
  try {
    return system.desktopUser(user);
  } catch (error) {
    if (!(error instanceof MonitauriError)) throw error;
    const trouble = { said: error.message, remedy: "set the channel's user" };
    return { kind: "failed", trouble };
  }
}

// Who is not there now does not want to see it tomorrow; it is in the log and on the page.
function nobody(user: string): SendOutcome {
  return {
    kind: "failed",
    trouble: {
      said:
        user === "" ? "nobody is logged in at a screen" : `${user} is not logged in at a screen`,
      remedy: "nothing: the alert is on the Alerts page and in `monitauri alert log`",
    },
  };
}

interface ShowOptions {
  readonly session: DesktopSession;
  readonly system: DeliverySystem;
  readonly signal: AbortSignal;
}

async function show(
  message: AlertMessage,
  { session, system, signal }: ShowOptions,
): Promise<{ ok: boolean; said: string }> {
  const { user } = session;
  try {
    const { exitCode, stderr } = await system.notify(session, noteOf(message), signal);
    if (exitCode === 0) return { ok: true, said: `shown to ${user}` };
    return { ok: false, said: `the desktop of ${user} refused it: ${printable(stderr, 200)}` };
  } catch (error) {
    return { ok: false, said: error instanceof Error ? error.message : String(error) };
  }
}

/** The title alone: programs that show notes get them as arguments, which every user of this computer can read in its
 * list of processes. */
function noteOf({ title, severity }: AlertMessage): DesktopNote {
  return {
    title: printable(title, MAX_TITLE),
    text: "More on the Alerts page, or with: monitauri alert log",
    urgency: severity === "critical" ? "critical" : severity === "warning" ? "normal" : "low",
  };
}
