// A past that looks like that of a machine in use, written through the history's own code: days with nights between,
// programs that do what they do at their hours, one day away.
import type { HistoryDetail } from "../../src/model/history.ts";
import { openHistoryStore } from "../../src/store/open.ts";
import { type Chance, chanceOf, detailOf, tickOf } from "../../src/store/scripted-ticks.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface PastOptions {
  /** Of the file. */
  readonly path: string;
  /** The past ends here. */
  readonly nowMs: number;
  readonly days: number;
  /** Of the ticks. */
  readonly everyMs: number;
  readonly zone: string;
  /** Folder of the programs. */
  readonly folder?: string;
}

interface Habit {
  readonly name: string;
  readonly hosts: readonly (readonly [name: string, country: string])[];
  /** Mean bytes a second while it is at work. */
  readonly rx: number;
  readonly tx: number;
  /** Hours of the day. */
  readonly hours: readonly [from: number, to: number];
  /** How often it does something in a tick. */
  readonly chance: number;
  readonly different?: Partial<HistoryDetail>;
}

/** Names for examples (RFC 2606). */
const HABITS: readonly Habit[] = [
  {
    name: "browser",
    hosts: [
      ["news.example.org", "DE"],
      ["films.example.com", "US"],
      ["maps.example.net", "NL"],
      ["shop.example.com", "IE"],
      ["forum.example.org", "FR"],
    ],
    rx: 900_000,
    tx: 40_000,
    hours: [8, 23],
    chance: 0.7,
    different: { spoken: "quic", ipProtocol: 17 },
  },
  {
    name: "backup",
    hosts: [["backup.example.net", "SE"]],
    rx: 20_000,
    tx: 1_400_000,
    hours: [12, 14],
    chance: 0.95,
    different: { scope: "vpn", interface: "wg0", user: "root" },
  },
  {
    name: "video-call",
    hosts: [["meet.example.com", "NL"]],
    rx: 310_000,
    tx: 240_000,
    hours: [9, 12],
    chance: 0.5,
    different: { spoken: "stun", ipProtocol: 17, port: 3478 },
  },
  {
    name: "music",
    hosts: [["music.example.com", "SE"]],
    rx: 45_000,
    tx: 900,
    hours: [13, 19],
    chance: 0.6,
  },
  {
    name: "updates",
    hosts: [["updates.example.org", "DE"]],
    rx: 2_500_000,
    tx: 30_000,
    hours: [8, 9],
    chance: 0.2,
    different: { spoken: "http", port: 80, user: "root" },
  },
  {
    name: "mail",
    hosts: [["mail.example.net", "DE"]],
    rx: 6_000,
    tx: 2_500,
    hours: [8, 23],
    chance: 0.35,
    different: { spoken: "imap", port: 993 },
  },
  {
    name: "chat",
    hosts: [["chat.example.com", "US"]],
    rx: 2_400,
    tx: 1_500,
    hours: [8, 23],
    chance: 0.6,
  },
  {
    name: "files",
    hosts: [["nas.home.arpa", ""]],
    rx: 700_000,
    tx: 500_000,
    hours: [18, 21],
    chance: 0.15,
    different: { scope: "lan", spoken: "smb", port: 445 },
  },
  {
    name: "database",
    hosts: [["127.0.0.1", ""]],
    rx: 90_000,
    tx: 90_000,
    hours: [8, 19],
    chance: 0.8,
    different: {
      scope: "loopback",
      interface: "lo",
      spoken: "postgresql",
      port: 5432,
      container: "web",
    },
  },
  {
    name: "sshd",
    hosts: [["198.51.100.7", ""]],
    rx: 300,
    tx: 900,
    hours: [10, 18],
    chance: 0.2,
    different: { direction: "in", spoken: "ssh", port: 22, user: "root", scope: "other" },
  },
];

export function fillPast(options: PastOptions): void {
  const { path, nowMs, days, everyMs, zone } = options;
  const chance = chanceOf(days);
  let atMs = nowMs - days * DAY_MS;
  let clockMs = atMs;
  const open = () => openHistoryStore({ path, version: "0.1.0", now: () => clockMs, zone });
  let store: ReturnType<typeof open> | undefined;
  const hour = new Intl.DateTimeFormat("en-GB", {
    hour: "numeric",
    hourCycle: "h23",
    timeZone: zone,
  });
  for (; atMs < nowMs; atMs += everyMs) {
    clockMs = atMs;
    const hourNow = Number(hour.format(atMs)) + (atMs % HOUR_MS) / HOUR_MS;
    const isAway = Math.floor((nowMs - atMs) / DAY_MS) === 5;
    const isOn = hourNow >= 8 && hourNow < 23.5 && !isAway;
    if (!isOn) {
      store?.close();
      store = undefined;
      continue;
    }
    store ??= open();
    const details = HABITS.flatMap((habit) => detailsOf(habit, { options, chance, hourNow, atMs }));
    store.append(tickOf(atMs, details, { intervalMs: everyMs }));
  }
  store?.close();
}

interface Moment {
  readonly options: PastOptions;
  readonly chance: Chance;
  readonly hourNow: number;
  readonly atMs: number;
}

function detailsOf(habit: Habit, { options, chance, hourNow, atMs }: Moment): HistoryDetail[] {
  const [from, to] = habit.hours;
  if (hourNow < from || hourNow >= to || chance() > habit.chance) return [];
  // Busiest in the middle of its hours, and another amount each day.
  const arch = Math.sin((Math.PI * (hourNow - from)) / (to - from));
  const mood = 0.4 + ((Math.floor(atMs / DAY_MS) * 7 + habit.name.length * 3) % 10) / 8;
  const seconds = options.everyMs / 1000;
  const [host = ["", ""] as const] = habit.hosts.slice(
    Math.floor(chance() ** 2 * habit.hosts.length),
  );
  const amount = (bytes: number) =>
    Math.round(bytes * seconds * mood * (0.25 + arch) * (0.5 + chance()));
  return [
    detailOf({
      application: `path:${options.folder ?? "/usr/bin"}/${habit.name}`,
      interface: "wlan0",
      user: "ada",
      remote: host[0],
      country: host[1],
      ...habit.different,
      rxBytes: amount(habit.rx),
      txBytes: amount(habit.tx),
      connectionsOpened: chance() < 0.3 ? 1 + Math.floor(chance() * 3) : 0,
    }),
  ];
}
