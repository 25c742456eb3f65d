/** `help filters`: what filter expressions can say; the text is made from the fields that there are. */

import type { Command } from "commander";
import { filterFields } from "../../model/filter.ts";
import type { CommandContext } from "../context.ts";

export function addFilters(program: Command, { terminal }: CommandContext): void {
  const command = program
    .command("filters", { hidden: true })
    .description("how to say what is to be shown")
    .addHelpText("after", () => filterHelp())
    .action(() => terminal.print(command.helpInformation() + filterHelp()));
}

function filterHelp(): string {
  const fields = filterFields();
  const width = Math.max(...fields.map(({ name }) => name.length));
  return `
Terms stand beside each other and must all fit. "!" before one turns it round, a comma in a value means "or", a value
with blanks stands in quotes. A word without a field is looked for in every text. The page and top have the same.

Fields:
${fields.map(({ name, example }) => `  ${name.padEnd(width)}  ${example}`).join("\n")}

Numbers and rates take >, >=, <, <= or a range: rate:>1mbit, port:8000-8999. Rates are bits (5mbit) or bytes (1MB).

Examples:
  monitauri ps firefox                          a word
  monitauri ps user:ada,root '!app:sshd'        two users, without one program
  monitauri connections port:443 remote:10.0.0.0/8
  monitauri connections country:DE,AT '!org:hetzner'
  monitauri connections --filter 'rate:>1mbit rtt:>50ms'`;
}
