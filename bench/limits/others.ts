// Side by side: wondershaper for a whole machine, trickle for one program, at 10 Mbit/s.
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { payloadRate, rule, startTransfer, wireFactor } from "../../test/e2e/limiting.ts";
import { host } from "../../test/e2e/world.ts";
import { row } from "../results.ts";
import { type Ground, MEGABIT, makeGround } from "./ground.ts";

const CAP = 10 * MEGABIT;
const KILOBITS = 10_000;

interface Shaping {
  readonly name: string;
  readonly missing?: string;
  /** Put before the program's command line. */
  readonly wrapper?: readonly string[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function others(): Promise<object> {
  await install("wondershaper");
  await install("trickle");
  await using ground = await makeGround();
  const { a } = ground.world;
  const limiter = await ground.limiter();
  const nothing = async () => {};
  const program = ground.program("limited");
  const kinds: Shaping[] = [
    {
      name: "Monitauri, whole machine",
      start: () =>
        limiter.apply([
          rule({ kind: "machine" }, { txBytesPerSecond: CAP, rxBytesPerSecond: CAP }),
        ]),
      stop: () => limiter.apply([]),
    },
    {
      name: "wondershaper",
      ...missing("wondershaper"),
      start: async () =>
        void (await a.exec("sh", [
          "-c",
          `wondershaper ${a.device} ${KILOBITS} ${KILOBITS} || true`,
        ])),
      stop: async () => {
        await a.exec("sh", ["-c", `wondershaper clear ${a.device} || true`]);
      },
    },
    {
      name: "Monitauri, one program",
      start: () =>
        limiter.apply([
          rule(
            { kind: "application", pattern: program },
            { txBytesPerSecond: CAP, rxBytesPerSecond: CAP },
          ),
        ]),
      stop: () => limiter.apply([]),
    },
    {
      name: "trickle",
      ...missing("trickle"),
      wrapper: ["trickle", "-s", "-d", String(CAP / 1024), "-u", String(CAP / 1024)],
      start: nothing,
      stop: nothing,
    },
  ];
  const found: object[] = [];
  console.log(
    row(
      "at 10 Mbit/s",
      "up TCP",
      "down TCP",
      "down TCP, IPv6",
      "up UDP",
      "down UDP",
      "root qdisc kept",
    ),
  );
  console.log("|---|---|---|---|---|---|---|");
  for (const kind of kinds) {
    if (kind.missing !== undefined) {
      console.log(row(kind.name, `not measured: ${kind.missing}`, "", "", "", "", ""));
      continue;
    }
    const shares: string[] = [];
    const root = await rootOf(ground);
    await kind.start();
    const kept = (await rootOf(ground)) === root ? "yes" : "no";
    for (const [direction, protocol, family] of [
      ["up", "tcp", "ip4"],
      ["down", "tcp", "ip4"],
      ["down", "tcp", "ip6"],
      ["up", "udp", "ip4"],
      ["down", "udp", "ip4"],
    ] as const) {
      shares.push(
        await share(ground, { direction, protocol, family, wrapper: kind.wrapper, program }),
      );
    }
    await kind.stop();
    found.push({ name: kind.name, shares, kept });
    console.log(row(kind.name, ...shares, kept));
  }
  return { found };
}

interface Case {
  readonly direction: "up" | "down";
  readonly protocol: "tcp" | "udp";
  readonly family: "ip4" | "ip6";
  readonly wrapper: readonly string[] | undefined;
  readonly program: string;
}

/** Of the cap on the wire. */
async function share({ world: { a, b } }: Ground, one: Case): Promise<string> {
  const { direction, protocol, family, wrapper, program } = one;
  const options = { protocol, offered: 2 * CAP };
  const [first, ...rest] = wrapper ?? [];
  const place =
    first === undefined
      ? a
      : {
          ...a,
          spawn: (file: string, args: readonly string[], more?: object) =>
            a.spawn(first, [...rest, file, ...args], more),
        };
  try {
    await using transfer =
      direction === "up"
        ? await startTransfer(
            { place, program, options },
            { place: b, options },
            { address: b[family] },
          )
        : await startTransfer(
            { place: b, options },
            { place, program, options },
            { address: a[family] },
          );
    await sleep(6_500);
    const rate = payloadRate(await transfer.stop(), 1, 6) * wireFactor(protocol, b[family]);
    return `${((rate / CAP) * 100).toFixed(0)} %`;
  } catch (error) {
    return `failed: ${(error as Error).message.slice(0, 40)}`;
  }
}

async function rootOf({ world: { a } }: Ground): Promise<string> {
  const text = await a.exec("tc", ["qdisc", "show", "dev", a.device]);
  return text.split("\n").find((line) => line.includes(" root ")) ?? "";
}

function missing(program: string): { missing?: string } {
  const isThere = ["/usr/bin", "/usr/sbin", "/sbin", "/bin"].some((folder) =>
    existsSync(`${folder}/${program}`),
  );
  return isThere ? {} : { missing: `${program} is not installed` };
}

async function install(name: string): Promise<void> {
  if (missing(name).missing === undefined) return;
  await host.exec("apt-get", ["install", "-y", "--no-install-recommends", name]).catch(() => {});
}
