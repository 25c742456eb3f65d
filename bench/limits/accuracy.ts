// What arrives of each cap, as a share of the cap on the wire, over ten seconds after the first; and how much the first
// second has too much.
import { setTimeout as sleep } from "node:timers/promises";
import {
  payloadRate,
  rule,
  startTransfer,
  type Transfer,
  wireFactor,
} from "../../test/e2e/limiting.ts";
import { row } from "../results.ts";
import { type Ground, MEGABIT, makeGround } from "./ground.ts";

const SECONDS = 10;
/** Above it the machine is busy with one transfer; below, all run at once, each under a rule of its own. */
const ALONE_FROM_MEGABITS = 500;
const OFFERED = 1.5;

interface Case {
  readonly direction: "up" | "down";
  readonly protocol: "tcp" | "udp";
  readonly family: "ip4" | "ip6";
  readonly connections: number;
}

interface Cell extends Case {
  readonly megabits: number;
  /** What arrived, repeated segments of TCP too: the cap is one of the wire. */
  readonly share: number;
  /** What of it was new. */
  readonly newShare: number;
  /** Bytes of the first second as a share of the cap's, without the 64 KB that are free. */
  readonly firstSecond: number;
}

export async function accuracy(argument = "10"): Promise<object> {
  const megabits = Number(argument);
  const cases: Case[] = [];
  for (const protocol of ["tcp", "udp"] as const)
    for (const connections of [1, 32])
      for (const direction of ["up", "down"] as const)
        for (const family of ["ip4", "ip6"] as const)
          cases.push({ direction, protocol, family, connections });
  await using ground = await makeGround();
  const cells: Cell[] = [];
  const groups = megabits < ALONE_FROM_MEGABITS ? [cases] : cases.map((one) => [one]);
  for (const group of groups) {
    cells.push(...(await measureTogether(ground, group, megabits)));
  }
  console.log(
    row("protocol", "connections", "up IPv4", "up IPv6", "down IPv4", "down IPv6", "first second"),
  );
  console.log("|---|---|---|---|---|---|---|");
  for (const protocol of ["tcp", "udp"]) {
    for (const connections of [1, 32]) {
      const of = cells.filter(
        (one) => one.protocol === protocol && one.connections === connections,
      );
      const share = (direction: string, family: string) => {
        const cell = of.find((one) => one.direction === direction && one.family === family);
        const isLess = cell !== undefined && cell.newShare < cell.share - 0.02;
        return `${percent(cell?.share)}${isLess ? ` (new ${percent(cell.newShare)})` : ""}`;
      };
      const first = Math.max(...of.map((one) => one.firstSecond));
      console.log(
        row(
          protocol,
          connections,
          share("up", "ip4"),
          share("up", "ip6"),
          share("down", "ip4"),
          share("down", "ip6"),
          first.toFixed(2),
        ),
      );
    }
  }
  return { megabits, cells };
}

async function measureTogether(
  ground: Ground,
  cases: readonly Case[],
  megabits: number,
): Promise<Cell[]> {
  const { world } = ground;
  const cap = megabits * MEGABIT;
  const limiter = await ground.limiter();
  const programs = cases.map((_, at) => ground.program(`program-${at}`));
  await limiter.apply(
    cases.map(({ direction }, at) =>
      rule(
        { kind: "application", pattern: programs[at] ?? "" },
        direction === "up" ? { txBytesPerSecond: cap } : { rxBytesPerSecond: cap },
      ),
    ),
  );
  const transfers = await Promise.all(
    cases.map(({ direction, protocol, family, connections }, at) => {
      const options = { protocol, connections, offered: OFFERED * cap };
      const program = programs[at] ?? "";
      return direction === "up"
        ? startTransfer(
            { place: world.a, program, options },
            { place: world.b, options },
            { address: world.b[family] },
          )
        : startTransfer(
            { place: world.b, options },
            { place: world.a, program, options },
            { address: world.a[family] },
          );
    }),
  );
  await sleep((SECONDS + 1.5) * 1000);
  await Promise.all(transfers.map((one) => one.stop()));
  return cases.map((one, at): Cell => {
    const factor = wireFactor(one.protocol, world.b[one.family]);
    const mine = transfers[at]?.read() ?? [];
    const first = payloadRate(mine, 0, 1) * factor;
    const newShare = (payloadRate(mine, 1, 1 + SECONDS) * factor) / cap;
    return {
      ...one,
      megabits,
      share: one.protocol === "udp" ? newShare : segmentShare(transfers[at], cap),
      newShare,
      firstSecond: Math.max(0, first - 65_536) / cap,
    };
  });
}

/** A transfer has full segments only: 1,514 bytes each, whatever the family. */
function segmentShare(transfer: Transfer | undefined, cap: number): number {
  const segments = transfer?.segments() ?? [];
  const arrived = (segments[10 * (1 + SECONDS) - 1] ?? 0) - (segments[9] ?? 0);
  return (arrived * 1514) / SECONDS / cap;
}

function percent(share: number | undefined): string {
  return share === undefined ? "" : `${(share * 100).toFixed(1)} %`;
}
