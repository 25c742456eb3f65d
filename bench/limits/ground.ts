// What the parts of bench/limits.ts share: two namespaces, a limiter in one, programs that are told apart.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyProgram } from "../../test/e2e/generators/program.ts";
import { type LimiterProcess, PYTHON, startLimiter } from "../../test/e2e/limiting.ts";
import { makeWorld, type World } from "../../test/e2e/world.ts";

export const MEGABIT = 125_000;

export interface Ground extends AsyncDisposable {
  readonly world: World;
  readonly folder: string;
  readonly journal: string;
  /** Starts one, or gives the one that runs. */
  limiter(): Promise<LimiterProcess>;
  /** Forgets a limiter that was killed. */
  forget(): void;
  /** Another Python: a program of its own to every rule. */
  program(name: string): string;
}

export async function makeGround(): Promise<Ground> {
  const world = await makeWorld();
  await world.a.exec("ip", ["route", "add", "default", "via", world.b.ip4]);
  const folder = mkdtempSync(join(tmpdir(), "monitauri-bench-"));
  const journal = join(folder, "limits.journal");
  let running: LimiterProcess | undefined;
  return {
    world,
    folder,
    journal,
    async limiter() {
      running ??= await startLimiter(world.a, journal);
      return running;
    },
    forget() {
      running = undefined;
    },
    program: (name) => copyProgram(PYTHON, join(folder, name)),
    async [Symbol.asyncDispose]() {
      await running?.[Symbol.asyncDispose]();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Qdiscs, filters and links of the limited end, as text. */
export async function stateOf({ world: { a } }: Ground): Promise<string> {
  const links = await a.exec("ip", ["-o", "link", "show"]);
  const filters = ["ingress", "egress"].map((hook) =>
    a.exec("tc", ["filter", "show", "dev", a.device, hook]),
  );
  const names = links.match(/^\d+: [^:@]+/gm);
  return [await a.exec("tc", ["qdisc", "show"]), ...(await Promise.all(filters)), names].join("\n");
}
