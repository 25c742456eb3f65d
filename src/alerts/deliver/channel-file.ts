/** Channels with their secrets: the one file that holds any, readable by the daemon's user alone. */

import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { AlertChannelDraft, AlertSecretName } from "../../model/alert-channel.ts";
import { parseChannelDraft } from "../../model/alert-channel-schema.ts";
import { MonitauriError } from "../../model/error.ts";

export type Secrets = Readonly<Partial<Record<AlertSecretName, string>>>;

/** A channel as it is kept. */
export interface KeptChannel extends Required<Omit<AlertChannelDraft, "secrets">> {
  readonly secrets: Secrets;
}

const VERSION = 1;
const MAX_FILE_BYTES = 4 * 1024 * 1024;

export interface ReadChannels {
  readonly channels: KeptChannel[];
  /** These are all channels: others were removed. */
  readonly areAll: boolean;
  /** A sentence for the log: the file could not be used. */
  readonly warning?: string;
}

/** None where there is no file. One that cannot be used is set aside, so that nothing overwrites it. */
export async function readChannels(path: string): Promise<ReadChannels> {
  try {
    return { channels: await readKept(path), areAll: true };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    // Also at the start after the one that has set it aside.
    if (isMissing) return { channels: [], areAll: false };
    const aside = `${path}.broken`;
    await rename(path, aside).catch(() => {});
    // Not the error of a JSON parser: it shows a piece of the text.
    const state = error instanceof MonitauriError ? error.message : "it is not as it was written";
    return {
      channels: [],
      areAll: false,
      warning: `Cannot use ${path}: ${state}. It is now ${aside}; set the channels of alerts again`,
    };
  }
}

/** The old file or the new one, never half of one. @throws MonitauriError "failed". */
export async function saveChannels(path: string, channels: readonly KeptChannel[]): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await rm(fresh, { force: true });
    // "wx" makes it anew, with this mode, and follows no link.
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ version: VERSION, channels })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    // Half of one takes room where there is none.
    await rm(fresh, { force: true }).catch(() => {});
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new MonitauriError(
      "failed",
      `Cannot save ${path}: ${state}. Nothing was changed; make room or repair it, and try again`,
      { cause },
    );
  }
}

async function readKept(path: string): Promise<KeptChannel[]> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > MAX_FILE_BYTES) throw new Error("not ours");
    // Whoever copied it back may have left it readable.
    if ((found.mode & 0o077) !== 0) await file.chmod(0o600);
    return parsed(await readText(file));
  } finally {
    await file.close();
  }
}

function parsed(text: string): KeptChannel[] {
  const { version, channels } = JSON.parse(text) as { version: unknown; channels: unknown };
  if (version !== VERSION || !Array.isArray(channels)) throw new Error("not ours");
  return channels.map((each) => {
    const { enabled = true, secrets = {}, name, target } = parseChannelDraft(each);
    return { name, enabled, target, secrets };
  });
}

function readText(file: FileHandle): Promise<string> {
  return file.readFile("utf8");
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
