// The other kernels, as data and as files: what is known of each, and how it comes from Debian's
// archive into the cache. Nothing is installed on this machine.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

interface Release {
  /** Of Debian's archive; the first package found is taken. */
  readonly suite: string;
  readonly package: string;
}

/** Names for the command line, the most important first. */
export const RELEASES: Readonly<Record<string, Release>> = {
  "6.1": { suite: "bookworm", package: "linux-image-cloud-amd64" },
  "6.12": { suite: "bookworm-backports", package: "linux-image-cloud-amd64" },
};

export interface Kernel {
  readonly name: string;
  /** As `uname -r` says. */
  readonly version: string;
  readonly image: string;
  /** Holds `modules.dep` and what it lists. */
  readonly modules: string;
  /** The file system with the modules. */
  readonly disk: string;
}

export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(base, "monitauri", "kernels");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** From the cache, else from the archive. @throws when the archive does not have it. */
export function obtainKernel(name: string, makeDisk: (from: string, to: string) => void): Kernel {
  const release = RELEASES[name];
  if (release === undefined) {
    throw new Error(`Unknown kernel "${name}". There are: ${Object.keys(RELEASES).join(", ")}`);
  }
  const folder = join(cacheFolder(), name);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    try {
      download(release, unfinished);
      prepare(unfinished, makeDisk);
      renameSync(unfinished, folder); // Whole or not at all.
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  const version = readdirSync(join(folder, "lib/modules"))[0] ?? "";
  return {
    name,
    version,
    image: join(folder, "boot", `vmlinuz-${version}`),
    modules: join(folder, "lib/modules", version),
    disk: join(folder, "modules.ext4"),
  };
}

function download(release: Release, into: string): void {
  const folder = join(into, "apt");
  for (const part of ["lists/partial", "archives/partial"]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  const sources = join(folder, "private.sources");
  writeFileSync(sources, sourceOf(release.suite));
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    "Dir::Etc::sourceparts=-",
    `Dir::State::lists=${join(folder, "lists")}`,
    `Dir::Cache=${folder}`,
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
  const apt = (program: string, ...args: string[]) =>
    execFileSync(program, [...options, ...args], { cwd: folder, encoding: "utf8" });
  apt("apt-get", "-qq", "update");
  // The package by this name only depends on the one that has the files.
  const depends = apt("apt-cache", "depends", `${release.package}/${release.suite}`);
  const real = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (real === undefined) throw new Error(`Cannot find ${release.package} in ${release.suite}`);
  apt("apt-get", "-qq", "download", `${real}/${release.suite}`);
  const [file] = globSync(join(folder, "*.deb"));
  if (file === undefined) throw new Error(`apt-get has downloaded no ${real}`);
  execFileSync("dpkg-deb", ["-x", file, into]);
  rmSync(folder, { recursive: true });
}

/** The machine's own mirror of Debian's archive, with another suite. The machine's settings stay as they are. */
function sourceOf(suite: string): string {
  const files = globSync("/etc/apt/sources.list.d/*.sources").map((path) =>
    readFileSync(path, "utf8"),
  );
  for (const entry of files.join("\n\n").split(/\n\s*\n/)) {
    const uri = /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(entry)?.[1];
    const key = /^Signed-By:\s*(\S+)/m.exec(entry)?.[1];
    if (uri !== undefined && key !== undefined) return source(uri, suite, key);
  }
  return source(
    "http://deb.debian.org/debian",
    suite,
    "/usr/share/keyrings/debian-archive-keyring.gpg",
  );
}

function source(uri: string, suite: string, key: string): string {
  return `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: ${key}\n`;
}

/** Modules as the guest wants them: not compressed, with an index, in a file system of their own. */
function prepare(folder: string, makeDisk: (from: string, to: string) => void): void {
  const lib = join(folder, existsSync(join(folder, "lib/modules")) ? "lib" : "usr/lib");
  const modules = join(lib, "modules");
  const version = readdirSync(modules)[0] ?? "";
  const packed = globSync(join(modules, "**/*.ko.xz"));
  if (packed.length > 0) execFileSync("xz", ["-d", ...packed]);
  if (lib.endsWith("usr/lib")) renameSync(lib, join(folder, "lib"));
  execFileSync("depmod", ["-b", folder, version], { env: toolsEnvironment() });
  makeDisk(join(folder, "lib/modules"), join(folder, "modules.ext4"));
}

/** Tools of root may be outside of an ordinary PATH. */
export function toolsEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` };
}
