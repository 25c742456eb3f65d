/** What the keys of the live screen do. */

import { filterFields } from "../../model/filter.ts";
import { type Line, piece } from "./frame.ts";

const KEYS: readonly [keys: string, does: string][] = [
  ["1 2 3, Tab", "applications, processes, connections"],
  ["Up Down, j k", "choose a row (also Page Up, Page Down, Home, End)"],
  ["Enter, Esc", "look into an application, and back"],
  ["/", "filter: a word, or terms as app:curl port:443 rate:>1mbit"],
  ["a d u t n", "sort by both rates, download, upload, total, name"],
  ["r", "the other way round"],
  ["i", "all networks, each interface, loopback"],
  ["b", "rates in bits or bytes"],
  ["Space", "pause and go on"],
  ["q, Ctrl-C", "quit; Ctrl-Z stops, fg goes on"],
];
const KEYS_WIDTH = 14;

export function helpLines(): readonly Line[] {
  const names = filterFields().map(({ name }) => name);
  const third = Math.ceil(names.length / 3);
  return [
    [piece("Keys", "bold")],
    ...KEYS.map(([keys, does]) => [piece(`  ${keys.padEnd(KEYS_WIDTH)}`, "bold"), piece(does)]),
    [],
    [piece("Fields of filters", "bold")],
    ...[0, 1, 2].map((line) => [
      piece(`  ${names.slice(line * third, (line + 1) * third).join(" ")}`),
    ]),
    [piece("Downloads come in, uploads go out. TOTAL is since the daemon started.", "dim")],
  ];
}
