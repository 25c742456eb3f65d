// A machine that looks like one in use: several programs with traffic to a neighbour in a network namespace.
import { setTimeout as sleep } from "node:timers/promises";
import { type Network, openNetwork } from "./network.ts";
import { type Course, openPrograms, type Programs } from "./programs.ts";

export const INTERFACE = "wlan0";
const PORT = 443;
const DATABASE_PORT = 5432;
/** Until the neighbour listens. */
const READY_MS = 600;

/** Neutral names (RFC 2606 keeps these for examples), and rates as at a desk. */
const COURSES: readonly Course[] = [
  {
    name: "browser",
    downBitsPerSecond: 52e6,
    upBitsPerSecond: 1.1e6,
    shape: "waves",
    host: "news.example.org",
  },
  {
    name: "backup",
    downBitsPerSecond: 2e5,
    upBitsPerSecond: 14e6,
    shape: "ramp",
    host: "backup.example.net",
  },
  {
    name: "video-call",
    downBitsPerSecond: 2.4e6,
    upBitsPerSecond: 1.8e6,
    shape: "steady",
    host: "meet.example.com",
  },
  {
    name: "updates",
    downBitsPerSecond: 1.5e7,
    upBitsPerSecond: 5e4,
    shape: "bursts",
    host: "updates.example.org",
  },
  {
    name: "music",
    downBitsPerSecond: 1.6e6,
    upBitsPerSecond: 3e4,
    shape: "bursts",
    host: "music.example.com",
  },
  {
    name: "database",
    downBitsPerSecond: 6e5,
    upBitsPerSecond: 4e5,
    shape: "waves",
    host: "data.example.net",
  },
  {
    name: "mail",
    downBitsPerSecond: 9e4,
    upBitsPerSecond: 4e4,
    shape: "trickle",
    host: "mail.example.net",
    alpn: "imap",
  },
  {
    name: "chat",
    downBitsPerSecond: 3e4,
    upBitsPerSecond: 2.4e4,
    shape: "trickle",
    host: "chat.example.com",
  },
  {
    name: "calendar",
    downBitsPerSecond: 8e3,
    upBitsPerSecond: 4e3,
    shape: "trickle",
    host: "calendar.example.org",
  },
  {
    name: "weather",
    downBitsPerSecond: 5e3,
    upBitsPerSecond: 2e3,
    shape: "trickle",
    host: "weather.example.org",
  },
];

export interface Stage extends AsyncDisposable {
  readonly network: Network;
  readonly programs: Programs;
  /** Starts the programs; they go on until the stage is closed. */
  play(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const network = await openNetwork(INTERFACE);
  const programs = openPrograms();
  const { here, there, addresses } = network;
  return {
    network,
    programs,
    async play() {
      for (const address of addresses) programs.serve(there, address, PORT);
      programs.serve(here, "127.0.0.1", DATABASE_PORT);
      await sleep(READY_MS);
      COURSES.forEach((course, at) => {
        const address = addresses[at % addresses.length] ?? "";
        programs.run(here, course, { address, port: PORT });
        if (course.name === "browser") {
          const other = { ...course, host: "films.example.com" };
          programs.run(here, other, { address: addresses.at(-1) ?? "", port: PORT });
        }
      });
      const local: Course = {
        name: "database",
        downBitsPerSecond: 4e6,
        upBitsPerSecond: 8e5,
        shape: "waves",
      };
      programs.run(here, local, { address: "127.0.0.1", port: DATABASE_PORT });
    },
    async [Symbol.asyncDispose]() {
      programs[Symbol.dispose]();
      await network[Symbol.asyncDispose]();
    },
  };
}
