/** `token`: long-lived ways in for programs, as a dashboard that reads the numbers. */

import type { Command } from "commander";
import type { Token } from "../../model/monitauri.ts";
import { clock } from "../answer.ts";
import { type CommandContext, type DataOptions, daemonOf, dataCommand } from "../context.ts";
import { type Column, formatTable } from "../table.ts";
import { safe } from "../terminal.ts";

type TokenOptions = DataOptions & { readonly json?: boolean };

export function addToken(program: Command, context: CommandContext): void {
  const { terminal } = context;
  const token = program
    .command("token")
    .description("tokens with which programs read the API over the network port")
    .addHelpText("after", HELP);
  dataCommand(token, "add <name>", "make one; it is shown this once")
    .option("--json", "print JSON with stable fields")
    .action(async (name: string, { json, ...options }: TokenOptions) => {
      const made = await daemonOf(context, options).addToken(name);
      if (json) return terminal.print(JSON.stringify(made, null, 2));
      terminal.print(made.token);
      process.stderr.write(
        "Keep it: it is not shown again. It is sent as: Authorization: Bearer TOKEN\n",
      );
    });
  dataCommand(token, "list", "which there are and when they were last used")
    .option("--json", "print JSON with stable fields")
    .action(async ({ json, ...options }: TokenOptions) => {
      const tokens = await daemonOf(context, options).tokens();
      if (json) return terminal.print(JSON.stringify(tokens, null, 2));
      if (tokens.length === 0) return terminal.print("There are no tokens.");
      const [titles = "", ...lines] = formatTable(tokens, COLUMNS, terminal.columns);
      terminal.print([terminal.paint("bold", titles), ...lines].join("\n"));
    });
  dataCommand(token, "remove <name>", "whoever has it gets no answer any more").action(
    async (name: string, options: TokenOptions) => {
      await daemonOf(context, options).removeToken(name);
    },
  );
}

const HELP = `
Examples:
  monitauri token add grafana
  curl -H "Authorization: Bearer TOKEN" http://127.0.0.1:PORT/api/v1/ps
  monitauri token list
  monitauri token remove grafana`;

const COLUMNS: readonly Column<Token>[] = [
  { title: "NAME", align: "left", text: ({ name }) => safe(name), shrinksTo: 8 },
  { title: "MADE", align: "left", text: ({ createdAtMs }) => clock(createdAtMs) },
  {
    title: "LAST USED",
    align: "left",
    text: ({ lastUsedAtMs }) => (lastUsedAtMs === null ? "never" : clock(lastUsedAtMs)),
  },
];
