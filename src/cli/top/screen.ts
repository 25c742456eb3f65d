/** The terminal as the live screen uses it: whole frames in, keys out. It is put back in order however this ends.
 *
 * Only lines that have changed are written, without a rendering library: at 200 x 60 and one frame a second this takes
 * 0.4 % of a core; Ink took 7 % and twice the memory in another run (docs/figures.md). */

import { emitKeypressEvents, type Interface, type Key } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { NamedKey, Press } from "./keys.ts";

export interface Screen {
  /** Whole lines, as many as the screen has. A terminal that is behind misses frames, it gets the next one. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back to the shell until `fg`. */
  suspend(): void;
  close(): void;
}

export interface ScreenEvents {
  pressed(press: Press): void;
  /** Ctrl-C, Ctrl-D and Ctrl-Z come as keys: the terminal makes no signals of them here. */
  control(letter: ControlLetter): void;
  /** Nothing is on the screen any more. */
  cleared(): void;
}

export type ControlLetter = "c" | "d" | "l" | "z";

/** The other screen, without a cursor, without breaking long lines. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
/** Terminals that know these show a frame in one go. */
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";
/** After that long Escape is the key, not the start of another one's sequence. */
const ESCAPE_MS = 100;
const STOP_MS = 50;

export function openScreen(events: ScreenEvents): Screen {
  const { stdin, stdout } = process;
  let drawn: readonly string[] = [];
  let isOpen = false;

  function enter(): void {
    isOpen = true;
    stdin.setRawMode(true);
    stdout.write(ENTER);
    clear();
  }

  function leave(): void {
    if (!isOpen) return;
    isOpen = false;
    stdout.write(LEAVE);
    stdin.setRawMode(false);
  }

  function clear(): void {
    drawn = [];
    events.cleared();
  }

  // What a terminal does with its lines when its size changes differs from one to the next.
  function resized(): void {
    if (!isOpen) return;
    stdout.write("\x1b[2J");
    clear();
  }

  function onKey(text: string | undefined, key: Key): void {
    const letter = key.ctrl ? /^[cdlz]$/.exec(key.name ?? "")?.[0] : undefined;
    if (letter === "l") resized();
    if (letter !== undefined) events.control(letter as ControlLetter);
    else {
      const press = pressOf(text, key);
      if (press !== undefined) events.pressed(press);
    }
  }

  // A program that fails says why on the screen that people see afterwards.
  process.on("exit", leave);
  process.on("uncaughtExceptionMonitor", leave);
  stdout.on("resize", resized);
  emitKeypressEvents(stdin, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface);
  stdin.on("keypress", onKey);
  enter();
  stdin.resume();

  return {
    draw(lines) {
      if (!isOpen || stdout.writableNeedDrain) return;
      const changes = changedLines(drawn, lines);
      drawn = lines;
      if (changes !== "") stdout.write(`${BEGIN}${changes}${END}`);
    },
    suspend() {
      leave();
      void stopped().then(enter);
    },
    close() {
      stdin.off("keypress", onKey);
      stdout.off("resize", resized);
      process.off("exit", leave);
      process.off("uncaughtExceptionMonitor", leave);
      leave();
      stdin.pause();
    },
  };
}

function changedLines(before: readonly string[], after: readonly string[]): string {
  return after.map((line, at) => (line === before[at] ? "" : `\x1b[${at + 1};1H${line}`)).join("");
}

function pressOf(text: string | undefined, { name, ctrl, meta, shift }: Key): Press | undefined {
  const named = NAMED[name ?? ""];
  if (named === "tab" && shift) return { key: "backTab" };
  if (named !== undefined) return { key: named };
  if (text === undefined || ctrl || meta || /\p{Cc}/u.test(text)) return undefined;
  return { text };
}

/** Names of node:readline. */
const NAMED: Readonly<Record<string, NamedKey>> = {
  up: "up",
  down: "down",
  pageup: "pageUp",
  pagedown: "pageDown",
  home: "home",
  end: "end",
  return: "enter",
  enter: "enter",
  escape: "escape",
  tab: "tab",
  backspace: "backspace",
};

/** Stops this process and those it was started with, as Ctrl-Z does elsewhere; resolves when it goes on. Where no shell
 * could let it go on, the kernel does not stop it (signal(7), orphaned groups). */
async function stopped(): Promise<void> {
  const listeners = process.listeners("SIGTSTP");
  process.removeAllListeners("SIGTSTP");
  process.kill(0, "SIGTSTP");
  // The stop may come a moment later, in another thread.
  await sleep(STOP_MS);
  for (const listener of listeners) process.on("SIGTSTP", listener);
}
