/** Reads a secret: from the terminal without showing it, else a line of standard input. */

import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { MonitauriError } from "../model/error.ts";

let lines: AsyncIterator<string> | undefined;

/** @throws MonitauriError "invalid" where the input ends before. */
export async function readSecret(what: string): Promise<string> {
  return process.stdin.isTTY ? await typed(what) : await piped(what);
}

/** What is typed is shown nowhere; Ctrl-C ends the command. */
function typed(what: string): Promise<string> {
  const silent = new Writable({ write: (_, __, done) => done() });
  const asking: Interface = createInterface({
    input: process.stdin,
    output: silent,
    terminal: true,
    historySize: 0,
  });
  process.stderr.write(`${what} (not shown): `);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const end = (act: () => void) => {
    process.stderr.write("\n");
    asking.close();
    act();
  };
  asking.once("SIGINT", () =>
    end(() => reject(new MonitauriError("failed", "Nothing was changed"))),
  );
  asking.question("", (answer) => end(() => resolve(answer)));
  return promise;
}

async function piped(what: string): Promise<string> {
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await lines.next();
  if (done !== true) return value;
  throw new MonitauriError(
    "invalid",
    `There is no ${what}: write it as a line to standard input, or run this in a terminal`,
  );
}
