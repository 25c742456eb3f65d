// Programs with names of their own and known traffic: copies of one small program, so that each is an application.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killGroup, type Place } from "../e2e/generators/place.ts";

const LOAD = join(import.meta.dirname, "load.py");
const PYTHON = "/usr/bin/python3";

export interface Course {
  readonly name: string;
  readonly downBitsPerSecond: number;
  readonly upBitsPerSecond: number;
  readonly shape: "steady" | "waves" | "bursts" | "ramp" | "trickle";
  /** What its TLS hello asks for; without, there is none. */
  readonly host?: string;
  /** Of the hello; "h2" where not given. */
  readonly alpn?: string;
}

export interface Programs extends Disposable {
  /** The path of a program of this name; the file is made on first use. */
  pathOf(name: string): string;
  serve(at: Place, address: string, port: number): ChildProcess;
  /** Gets so many bytes of payload; resolves when it has them. The program stays. */
  fetch(
    at: Place,
    name: string,
    from: { address: string; port: number; bytes: number },
  ): Promise<void>;
  run(at: Place, course: Course, to: { address: string; port: number }): ChildProcess;
}

export function openPrograms(): Programs {
  const folder = mkdtempSync(join(tmpdir(), "programs-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  // Its path shows on the page as an argument: not that of a checkout.
  const load = join(folder, "load.py");
  copyFileSync(LOAD, load);
  const made = new Set<string>();
  const children: ChildProcess[] = [];

  function pathOf(name: string): string {
    const path = join(bin, name);
    if (!made.has(name)) copyFileSync(PYTHON, path);
    made.add(name);
    return path;
  }

  function start(at: Place, name: string, args: readonly string[]): ChildProcess {
    // The copy finds its library by this; isolated, it reads nothing else of the user's.
    const env = { PYTHONHOME: "/usr", PYTHONDONTWRITEBYTECODE: "1" };
    const child = at.spawn(pathOf(name), [load, ...args], {
      stdio: ["ignore", "pipe", "ignore"],
      env,
    });
    children.push(child);
    return child;
  }

  return {
    pathOf,
    serve: (at, address, port) => start(at, "server", ["serve", address, String(port)]),
    async fetch(at, name, { address, port, bytes }) {
      const child = start(at, name, ["fetch", address, String(port), String(bytes)]);
      if (child.stdout === null) throw new Error("The program has no output");
      await once(child.stdout, "data");
    },
    run(at, course, { address, port }) {
      const { name, downBitsPerSecond, upBitsPerSecond, shape, host, alpn = "h2" } = course;
      const said = host === undefined ? [] : [host, alpn];
      const rates = [String(downBitsPerSecond), String(upBitsPerSecond)];
      return start(at, name, ["ask", address, String(port), ...rates, shape, ...said]);
    },
    [Symbol.dispose]() {
      for (const child of children) killGroup(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
