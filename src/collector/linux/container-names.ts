/** Names and images of containers, from the engines' own files. */

import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CgroupContainer, containerText } from "../../model/cgroup.ts";
import { printable } from "../../model/printable.ts";
import type { Container } from "../../model/process.ts";

/** Containers that are remembered; the one read longest ago is forgotten first. */
const CONTAINER_LIMIT = 1_024;
/** Larger files are not read. */
const FILE_BYTES_LIMIT = 1_048_576;
/** A container can be renamed. */
const KNOWN_MS = 60_000;
/** Engines write their files while the container starts. */
const UNKNOWN_MS = 5_000;

/** Docker's own folder and the one of its snap. */
const DOCKER_FOLDERS = ["var/lib/docker", "var/snap/docker/common/var-lib-docker"];
const PODMAN_FILE = "var/lib/containers/storage/overlay-containers/containers.json";

export interface ContainerNames {
  /** The container as a person knows it; without name and image where the engine's files do not tell. */
  describe(found: CgroupContainer): Container;
}

interface Labels {
  readonly name?: string;
  readonly image?: string;
}

/** `root` is the folder that stands for "/". */
export function openContainerNames({
  root = "/",
  monotonicMs = () => performance.now(),
}: {
  root?: string;
  monotonicMs?: () => number;
} = {}): ContainerNames {
  const cache = new Map<string, { container: Container; untilMs: number }>();
  let podman: { labels: Map<string, Labels>; untilMs: number } | undefined;

  function describe(found: CgroupContainer): Container {
    const key = `${found.engine}:${found.id}@${found.owner ?? ""}`;
    const known = cache.get(key);
    if (known && monotonicMs() < known.untilMs) return known.container;
    const labels = labelsOf(found);
    const container = { engine: found.engine, id: printable(containerText(found)), ...labels };
    cache.delete(key);
    const oldest = cache.size >= CONTAINER_LIMIT ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    const keptMs = labels.name === undefined ? UNKNOWN_MS : KNOWN_MS;
    cache.set(key, { container, untilMs: monotonicMs() + keptMs });
    return container;
  }

  function labelsOf(found: CgroupContainer): Labels {
    const { engine, id, owner } = found;
    if (engine === "lxc") return { name: printable(containerText(found)) };
    // The machine's engines know nothing of it, and its id may be another's.
    if (owner !== undefined) return {};
    if (engine === "podman") return podmanLabels().get(id) ?? {};
    if (!/^[0-9a-f]{64}$/.test(id)) return {};
    if (engine !== "docker" && engine !== "kubernetes") return {};
    for (const folder of DOCKER_FOLDERS) {
      const config = readJson(join(root, folder, "containers", id, "config.v2.json"));
      if (config !== undefined) return dockerLabels(config);
    }
    return {};
  }

  /** One file for all containers: read at most once in UNKNOWN_MS, however many are asked for. */
  function podmanLabels(): ReadonlyMap<string, Labels> {
    if (!podman || monotonicMs() >= podman.untilMs) {
      const labels = parsePodman(readJson(join(root, PODMAN_FILE)));
      podman = { labels, untilMs: monotonicMs() + UNKNOWN_MS };
    }
    return podman.labels;
  }

  return { describe };
}

/** Docker's Name begins with a slash. */
function dockerLabels(config: unknown): Labels {
  const name = field(config, "Name");
  return labelled(typeof name === "string" ? name.replace(/^\//, "") : name, imageOf(config));
}

function imageOf(config: unknown): unknown {
  return field(field(config, "Config"), "Image");
}

/** The file of containers/storage: the image's name is in `metadata`, which is JSON in a string. */
function parsePodman(list: unknown): Map<string, Labels> {
  const labels = new Map<string, Labels>();
  if (!Array.isArray(list)) return labels;
  for (const item of list) {
    const id = field(item, "id");
    const names = field(item, "names");
    const metadata = parseJson(field(item, "metadata"));
    if (typeof id !== "string") continue;
    labels.set(
      id,
      labelled(Array.isArray(names) ? names[0] : undefined, field(metadata, "image-name")),
    );
  }
  return labels;
}

function labelled(name: unknown, image: unknown): Labels {
  return {
    ...(typeof name === "string" && name !== "" ? { name: printable(name) } : {}),
    ...(typeof image === "string" && image !== "" ? { image: printable(image) } : {}),
  };
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

/** undefined where the file is missing, too large, no regular file or no JSON. */
function readJson(path: string): unknown {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > FILE_BYTES_LIMIT) return undefined;
    return parseJson(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

function parseJson(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
