// A limiter in a process of its own, in a network namespace, told what to do by lines of JSON: killing it is what
// happens to a daemon that is killed. Started by limiting.ts.
import { createInterface } from "node:readline";
import { openLinuxLimiter } from "../../src/limits/linux.ts";

const [journal = ""] = process.argv.slice(2);
const limiter = await openLinuxLimiter({
  journal,
  processes: async () => [],
  onFault: (message) => process.stderr.write(`${message}\n`),
});
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { apply, plan, clear, achieved, close, hang, ahead } = JSON.parse(line);
  try {
    if (apply !== undefined) await limiter.apply(apply);
    if (plan !== undefined) say({ lines: await limiter.plan(plan) });
    else if (achieved) say({ achieved: limiter.achieved() });
    else if (clear) await limiter.clear();
    else if (close) await limiter.close();
    else if (ahead !== undefined) {
      const { bigint } = process.hrtime;
      process.hrtime.bigint = () => bigint() + BigInt(ahead) * 1_000_000n;
    } else if (hang !== undefined) {
      const endMs = performance.now() + hang;
      while (performance.now() < endMs);
    }
    if (plan === undefined && !achieved) say({ done: true });
  } catch (error) {
    say({ error: error instanceof Error ? error.message : String(error) });
  }
}
await limiter.close();

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
