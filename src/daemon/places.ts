/** Where files and the socket are, as data: for root, for a user, and for one given folder. */

import { join } from "node:path";

export interface Places {
  /** What is kept: history, settings, the lock. */
  readonly data: string;
  /** What lives as long as the daemon: the socket. */
  readonly runtime: string;
  readonly socket: string;
  readonly lock: string;
  /** The database of what happened. */
  readonly history: string;
  /** Alert rules, what fired and what must not be forgotten. */
  readonly alerts: string;
  /** Messages of alerts that wait to be sent. */
  readonly alertQueue: string;
  /** Where alerts are sent, with passwords. */
  readonly alertChannels: string;
  /** Hashes of the secrets of pages and programs. */
  readonly access: string;
  /** Rules and quotas. */
  readonly limits: string;
  /** What was changed in the kernel for them. */
  readonly limitsJournal: string;
  readonly config: string;
}

export interface PlaceOptions {
  readonly platform: string;
  readonly uid: number;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** --data: everything in this folder. Where not given, MONITAURI_DATA. */
  readonly data?: string | undefined;
}

/** Where a daemon started like this keeps its things. */
export function daemonPlaces(options: PlaceOptions): Places {
  const folder = givenFolder(options);
  if (folder !== undefined) return placesIn({ data: folder, runtime: folder, config: folder });
  if (options.uid === 0) return rootPlaces(options.platform);
  return userPlaces(options);
}

/** The sockets that a command tries, in this order. */
export function clientSockets(options: PlaceOptions): string[] {
  if (isChosen(options)) return [daemonPlaces(options).socket];
  const places = [rootPlaces(options.platform), daemonPlaces(options)];
  return [...new Set(places.map(({ socket }) => socket))];
}

/** Whether the user named the folder; then it is the user who answers for it. */
export function isChosen(options: PlaceOptions): boolean {
  return givenFolder(options) !== undefined;
}

function givenFolder({ data, env }: PlaceOptions): string | undefined {
  return data || env.MONITAURI_DATA || undefined;
}

function rootPlaces(platform: string): Places {
  const config = "/etc/monitauri";
  return platform === "darwin"
    ? placesIn({
        data: "/Library/Application Support/Monitauri",
        runtime: "/var/run/monitauri",
        config,
      })
    : placesIn({ data: "/var/lib/monitauri", runtime: "/run/monitauri", config });
}

function userPlaces({ platform, uid, home, env }: PlaceOptions): Places {
  // Per-user and not shared, but in a folder where everybody may create: prepareFolder() checks it.
  const fallback = `/tmp/monitauri-${uid}`;
  if (platform === "darwin") {
    const folder = join(home, "Library", "Application Support", "Monitauri");
    return placesIn({ data: folder, runtime: fallback, config: folder });
  }
  // The XDG specification says that relative paths in these variables are invalid.
  const folder = (name: string) => (env[name]?.startsWith("/") ? env[name] : undefined);
  const runtime = folder("XDG_RUNTIME_DIR");
  return placesIn({
    data: join(folder("XDG_DATA_HOME") ?? join(home, ".local", "share"), "monitauri"),
    runtime: runtime === undefined ? fallback : join(runtime, "monitauri"),
    config: join(folder("XDG_CONFIG_HOME") ?? join(home, ".config"), "monitauri"),
  });
}

function placesIn(folders: { data: string; runtime: string; config: string }): Places {
  return {
    data: folders.data,
    runtime: folders.runtime,
    socket: join(folders.runtime, "daemon.sock"),
    lock: join(folders.data, "daemon.lock"),
    history: join(folders.data, "history.db"),
    alerts: join(folders.data, "alerts.journal"),
    alertQueue: join(folders.data, "alert-queue.journal"),
    alertChannels: join(folders.data, "alert-channels.json"),
    access: join(folders.data, "access.json"),
    limits: join(folders.data, "limits.json"),
    limitsJournal: join(folders.data, "limits-journal.json"),
    config: join(folders.config, "config.toml"),
  };
}
