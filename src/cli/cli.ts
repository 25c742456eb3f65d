/** The command line: which commands there are, and what their end means as an exit code. */

import { Command, CommanderError } from "commander";
import { MonitauriError } from "../model/error.ts";
import { addAlert } from "./commands/alert.ts";
import { addConnections } from "./commands/connections.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExport } from "./commands/export.ts";
import { addFilters } from "./commands/filters.ts";
import { addHistory } from "./commands/history.ts";
import { addImport } from "./commands/import.ts";
import { addLimit } from "./commands/limit.ts";
import { addListeners } from "./commands/listeners.ts";
import { addOpen } from "./commands/open.ts";
import { showOverview } from "./commands/overview.ts";
import { addPs } from "./commands/ps.ts";
import { addQuota } from "./commands/quota.ts";
import { addStart } from "./commands/start.ts";
import { addStatus } from "./commands/status.ts";
import { addToken } from "./commands/token.ts";
import { addTop } from "./commands/top.ts";
import type { CommandContext } from "./context.ts";
import type { CliHost } from "./host.ts";
import { createTerminal } from "./terminal.ts";

const FAILED = 1;
const WRONG_USAGE = 2;
const NO_DAEMON = 3;

/** Runs one command; resolves to the exit code. */
export async function runCli(args: readonly string[], host: CliHost): Promise<number> {
  const context: CommandContext = { host, terminal: createTerminal(), exitCode: 0 };
  const program = createProgram(context);
  try {
    if (args.length === 0) await showOverview(program, context);
    else await program.parseAsync(args.map(withoutDash), { from: "user" });
    return context.exitCode;
  } catch (error) {
    // commander has said what is wrong; --help and --version end with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
    if (!(error instanceof MonitauriError)) throw error;
    process.stderr.write(`monitauri: ${error.message}\n`);
    return EXIT_CODES.get(error.code) ?? FAILED;
  }
}

const EXIT_CODES: ReadonlyMap<string, number> = new Map([
  ["unreachable", NO_DAEMON],
  ["invalid", WRONG_USAGE],
]);

/** "-app:curl" is a term of a filter, no bundle of options: "!" says the same to the filter and nothing to commander. */
function withoutDash(arg: string): string {
  return /^-[a-z]+:/.test(arg) ? `!${arg.slice(1)}` : arg;
}

function createProgram(context: CommandContext): Command {
  const program = new Command("monitauri")
    .description("Shows which program on this computer uses the network, how much and with whom.")
    .version(context.host.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError()
    .showHelpAfterError('(see "monitauri --help")')
    .exitOverride();
  addStart(program, context);
  addOpen(program, context);
  addTop(program, context);
  addPs(program, context);
  addConnections(program, context);
  addListeners(program, context);
  addHistory(program, context);
  addExport(program, context);
  addImport(program, context);
  addLimit(program, context);
  addQuota(program, context);
  addAlert(program, context);
  addStatus(program, context);
  addDoctor(program, context);
  addToken(program, context);
  addFilters(program, context);
  program.addHelpText("after", EXAMPLES);
  return program;
}

const EXAMPLES = `
Examples:
  sudo monitauri start              count, until Ctrl-C
  monitauri open                    the page in a browser
  monitauri top                     the live screen in this terminal
  monitauri ps                      which program uses the network
  monitauri ps --by process --json  every process, for a script
  monitauri connections app:ssh     the connections of a program
  monitauri history --last 7d       who used it in the last week
  monitauri alert add --help        rules that tell you in time
  monitauri doctor                  what this machine can do and what is missing

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no daemon is running.`;
