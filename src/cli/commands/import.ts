/** `import`: takes over what another program counted before Monitauri did. */

import { createReadStream } from "node:fs";
import { Argument, type Command } from "commander";
import { MonitauriError } from "../../model/error.ts";
import type { ImportReport } from "../../model/history.ts";
import { IMPORT_FORMATS, type ImportFormat, MAX_IMPORT_LENGTH } from "../../model/monitauri.ts";
import { type CommandContext, type DataOptions, daemonOf, dataCommand } from "../context.ts";
import { safe } from "../terminal.ts";

type ImportOptions = DataOptions & { readonly json?: boolean };

export function addImport(program: Command, context: CommandContext): void {
  dataCommand(program, "import", "days that another program counted, so that they are not lost")
    .addArgument(new Argument("<format>", "whose they are").choices(IMPORT_FORMATS))
    .argument("<file>", "what it printed; - is stdin")
    .option("--json", "print JSON with stable fields")
    .addHelpText("after", HELP)
    .action(async (format: ImportFormat, file: string, { json, ...options }: ImportOptions) => {
      const text = await read(file);
      const report = await daemonOf(context, options).importHistory({ format, text });
      context.terminal.print(json ? JSON.stringify(report, null, 2) : sentence(report));
    });
}

const HELP = `
Only days before the first one that Monitauri counted itself are taken, so that none counts twice. The same days again
replace those that were imported before.

Examples:
  vnstat --json | monitauri import vnstat -
  monitauri import vnstat vnstat.json`;

function sentence({ days, skippedDays, interfaces }: ImportReport): string {
  const names = interfaces.map(safe).join(", ");
  const taken = days === 0 ? "Nothing was imported" : `Imported ${days} days of ${names}`;
  if (skippedDays === 0) return `${taken}.`;
  return `${taken}. ${skippedDays} were skipped: Monitauri counted them itself, or they are of loopback.`;
}

async function read(file: string): Promise<string> {
  const stream = file === "-" ? process.stdin : createReadStream(file);
  stream.setEncoding("utf8");
  let text = "";
  try {
    for await (const piece of stream) {
      text += piece;
      if (text.length > MAX_IMPORT_LENGTH)
        throw new Error("it is too large to be what vnstat prints");
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MonitauriError("failed", `Cannot read ${file}: ${reason}`, { cause });
  }
  return text;
}
