// Compiles the generators in C once per content, into a private folder of the temporary directory.
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { run } from "./place.ts";

const FLAGS = ["-O2", "-g0", "-std=gnu11", "-Wall", "-Werror", "-pthread"];

const running = new Map<string, Promise<string>>();

/** The path of the program made from `source`, a .c file beside `generator.h`. @throws with the compiler's words. */
export function compile(source: string): Promise<string> {
  const known = running.get(source);
  if (known !== undefined) return known;
  const made = make(source);
  running.set(source, made);
  return made;
}

async function make(source: string): Promise<string> {
  const header = join(dirname(source), "generator.h");
  const hash = createHash("sha256").update(FLAGS.join(" "));
  for (const path of [header, source]) hash.update(readFileSync(path));
  const name = `${basename(source, ".c")}-${hash.digest("hex").slice(0, 16)}`;
  const program = join(privateFolder(), name);
  if (existsSync(program)) return program;
  const unfinished = `${program}.${process.pid}`;
  const compiler = await run("sh", ["-c", "command -v cc || command -v clang-14"]);
  await run(compiler.trim(), [...FLAGS, "-o", unfinished, source]);
  renameSync(unfinished, program); // Whole or not at all, also with two test runs.
  return program;
}

/** Nobody else may put a program there that tests then run as root. */
function privateFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `monitauri-generators-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o022) !== 0) {
    throw new Error(`Cannot use ${folder}: it belongs to somebody else or others may write to it`);
  }
  return folder;
}
