// Every scenario, in the order of the scorecards.
import type { Scenario } from "../scenario.ts";
import { CALLS } from "./calls.ts";
import { CONTAINER } from "./container.ts";
import { DATAGRAMS } from "./datagrams.ts";
import { DEVICES } from "./devices.ts";
import { loopback } from "./loopback.ts";
import { older } from "./older.ts";
import { PAST_THE_STACK } from "./past-the-stack.ts";
import { PROCESSES } from "./processes.ts";
import { TCP } from "./tcp.ts";
import { TUNNELS } from "./tunnels.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...TCP,
  ...DATAGRAMS,
  ...PAST_THE_STACK,
  ...CALLS,
  ...PROCESSES,
  ...CONTAINER,
  ...TUNNELS,
  ...DEVICES,
  loopback,
  older,
].sort((a, b) => a.id.localeCompare(b.id));
