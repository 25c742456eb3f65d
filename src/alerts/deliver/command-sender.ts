/** Runs a program of the user's for each alert: an array of arguments, never a shell's text. */

import type { AlertMessage } from "../../model/alert.ts";
import type { CommandTarget } from "../../model/alert-channel.ts";
import { MonitauriError } from "../../model/error.ts";
import { printable } from "../../model/printable.ts";
import type { DeliverySystem } from "./delivery-system.ts";
import type { Sender, SendOptions, SendOutcome, Trouble } from "./sender.ts";

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_CHARS = 4_096;

export function createCommandSender(
  target: CommandTarget,
  system: DeliverySystem,
  { timeoutMs = TIMEOUT_MS } = {},
): Sender {
  const [program = "", ...args] = target.command;
  return {
    rest() {},
    async send(message, { begin, signal, transcript }: SendOptions): Promise<SendOutcome> {
      await begin();
      transcript?.(`> ${printable(target.command.join(" "), 300)}`);
      try {
        const { exitCode, stdout, stderr } = await system.run([program, ...args], {
          ...(target.user === "" ? {} : { user: target.user }),
          input: `${JSON.stringify(message)}\n`,
          env: variables(message),
          timeoutMs,
          maxOutputChars: MAX_OUTPUT_CHARS,
          signal,
        });
        const output = printable((stderr || stdout).trim(), 300);
        transcript?.(`< exit code ${exitCode}${output === "" ? "" : `: ${output}`}`);
        if (exitCode === 0) return { kind: "delivered", said: `${program} ended well` };
        return later({
          said: `${program} ended with exit code ${exitCode}${output === "" ? "" : `: ${output}`}`,
          remedy: "correct the program; exit code 0 says that it has the alert",
        });
      } catch (error) {
        return refused(program, error, timeoutMs);
      }
    },
  };
}

/** What a script needs most, without reading JSON. Arguments are the user's alone: text of other processes in them
 * could be taken for an option. */
function variables(message: AlertMessage): Record<string, string> {
  const clean = (text: string) => text.replaceAll("\0", "");
  return {
    MONITAURI_ALERT_ID: message.id,
    MONITAURI_ALERT_TITLE: clean(printable(message.title, 200)),
    MONITAURI_ALERT_SEVERITY: message.severity,
    MONITAURI_ALERT_KIND: message.kind,
    MONITAURI_ALERT_STATE: message.state,
    MONITAURI_ALERT_SUBJECT: clean(printable(message.subject.name, 200)),
    MONITAURI_ALERT_AT: new Date(message.atMs).toISOString(),
    MONITAURI_ALERT_COUNT: String(message.count),
  };
}

function refused(program: string, error: unknown, timeoutMs: number): SendOutcome {
  const said = error instanceof Error ? error.message : String(error);
  const code = error instanceof MonitauriError ? error.code : "failed";
  const remedy =
    code === "failed"
      ? `${program} must end within ${timeoutMs / 1000} s; let it start longer work apart from itself`
      : "correct the channel's program and user";
  return later({ said, remedy });
}

function later(trouble: Trouble): SendOutcome {
  return { kind: "later", trouble, unknown: false };
}
