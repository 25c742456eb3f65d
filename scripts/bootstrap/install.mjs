// Installs node_modules as the lockfile says, under the Node that Monitauri runs on.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { findNode, MINIMUM_NODE, nodePackage } from "../../bin/runtime.mjs";
import {
  BootstrapError,
  makeOwnedFolder,
  requireWritable,
  runStep,
  writeOwnedFile,
} from "./steps.mjs";

const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED)\b/;

const UNTRUSTED =
  /\b(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)\b/;
const SHOWN_LINES = 20;

/**
 * Whether node_modules holds every package of the lockfile that belongs on this machine, at its
 * version.
 */
export function isInstalled(root) {
  const wanted = readPackages(join(root, "package-lock.json"));
  const present = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined)
    throw new BootstrapError(
      `Cannot read ${join(root, "package-lock.json")}: restore it from the repository.`,
    );
  if (present === undefined) return false;
  return [...needed(wanted)].every((path) => present[path]?.version === wanted[path].version);
}

/**
 * Paths of the packages that npm puts on this machine. What only a package for another machine
 * depends on is left out with it, although it names no machine itself.
 */
export function needed(packages) {
  const found = new Set();
  const visit = (path) => {
    const { dependencies, devDependencies, optionalDependencies } = packages[path];
    const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    for (const name of names) {
      const at = resolve(packages, path, name);
      if (at === undefined || found.has(at) || !belongsHere(packages[at])) continue;
      found.add(at);
      visit(at);
    }
  };
  visit("");
  return found;
}

/** Where Node finds a package by its name: beside the asking one, else further up. */
function resolve(packages, from, name) {
  for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, "")) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === "") return undefined;
  }
}

/** Runs `npm ci`, with a Node fetched for the purpose where this one is too old. */
export async function install(root) {
  requireWritable(root);
  const npm = findNpm();
  const fetched = join(root, ".bootstrap");
  try {
    // Under an older Node npm silently leaves out optional packages whose "engines" ask for a newer
    // one: native binaries would be missing. So npm itself has to run under the Node that they will
    // run on.
    const node = findNode(root) ?? (await fetchNode(root, npm, fetched));
    const packages = needed(readPackages(join(root, "package-lock.json"))).size;
    await npmCi(root, `installing ${packages} packages`, { node, npm, folder: root });
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
}

async function fetchNode(root, npm, folder) {
  const wanted = nodePackage(root);
  if (wanted === undefined) {
    throw new BootstrapError(
      `Cannot install: this is Node ${process.versions.node}, Monitauri needs ${MINIMUM_NODE} or later, and there is no ` +
        `Node package for ${process.platform} ${process.arch}. Install a newer Node, then run the same command again.`,
    );
  }
  writeNodeManifest(root, folder, wanted);
  const title = `getting Node ${wanted.version} (npm package ${wanted.name}, about 50 MB)`;
  await npmCi(root, title, { node: process.execPath, npm, folder });
  return join(folder, "node_modules", wanted.name, "bin", "node");
}

// A project of its own with one package, pinned by our lockfile's hash: the binary is checked
// before it runs.
function writeNodeManifest(root, folder, { name, version }) {
  const path = `node_modules/${name}`;
  const { optional: _, ...entry } = readPackages(join(root, "package-lock.json"))[path];
  const manifest = {
    name: "bootstrap",
    version: "0.0.0",
    private: true,
    dependencies: { [name]: version },
  };
  const lock = { ...manifest, lockfileVersion: 3, packages: { "": manifest, [path]: entry } };
  rmSync(folder, { recursive: true, force: true });
  makeOwnedFolder(root, folder);
  writeOwnedFile(root, join(folder, "package.json"), JSON.stringify(manifest));
  writeOwnedFile(root, join(folder, "package-lock.json"), JSON.stringify(lock));
}

async function npmCi(root, title, { node, npm, folder }) {
  // Two more attempts, after 2 and 4 seconds: npm's own 10 and 60 look like a hang.
  const retry = ["--fetch-retry-mintimeout=2000", "--fetch-retry-factor=2"];
  const args = [npm, "ci", "--prefix", folder, "--no-audit", "--no-fund", ...retry];
  const step = { command: node, args, cwd: folder, env: npmEnvironment(npm) };
  const { code, output } = await runStep(root, title, step);
  if (code === 0) return;
  const reason = UNREACHABLE.exec(output)?.[1];
  if (reason !== undefined) {
    throw new BootstrapError(
      `Cannot install: npm does not reach its package registry (${reason}). Check the network, ` +
        'the proxy ("npm config get https-proxy") and the address ("npm config get registry"), ' +
        "then run the same command again.",
    );
  }
  const untrusted = UNTRUSTED.exec(output)?.[1];
  if (untrusted !== undefined) {
    throw new BootstrapError(
      `Cannot install: npm does not trust the certificate of its registry (${untrusted}). ` +
        'Name the right authority with "npm config set cafile FILE", then try again.',
    );
  }
  throw new BootstrapError(`Cannot install: npm ci failed (${code}):\n${firstLines(output)}`);
}

// npm looks for some things beside the Node that runs it, and here that is not the Node it came with.
function npmEnvironment(npm) {
  const env = {};
  // The machine's own configuration (registry, proxy, certificates). Under `npm start` it is named.
  if (process.env.npm_config_globalconfig === undefined) {
    const asked = spawnSync(process.execPath, [npm, "config", "get", "globalconfig"], {
      encoding: "utf8",
    });
    if (asked.status === 0) env.npm_config_globalconfig = asked.stdout.trim();
  }
  // The parts of Debian's own npm package.
  if (npm.startsWith("/usr/share/nodejs/")) env.NODE_PATH = "/usr/share/nodejs";
  return env;
}

// npm follows its message with pages of usage.
function firstLines(output) {
  const lines = output.split("\n").filter((line) => !line.startsWith("npm warn Unknown"));
  return lines.slice(0, SHOWN_LINES).join("\n");
}

// npm names itself to the scripts it runs; typed on its own, bin/monitauri has to look for it.
function findNpm() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = [
    process.env.npm_execpath ?? "",
    ...folders.map((folder) => join(folder, "npm")),
  ];
  for (const candidate of candidates) {
    if (!existsSync(candidate)) continue;
    const path = realpathSync(candidate);
    if (basename(path) === "npm-cli.js") return path;
  }
  throw new BootstrapError(
    'Cannot install: npm is not on the PATH. Install npm, or run "npm start" in the checkout.',
  );
}

/**
 * Whether a lockfile entry is for this system: wrong ones are left out by npm and must not count as
 * missing.
 */
function belongsHere({ os, cpu, libc }) {
  return (
    allows(os, process.platform) &&
    allows(cpu, process.arch) &&
    (libc === undefined || libc.includes("glibc"))
  );
}

// A manifest may give one name or a list.
function allows(names, value) {
  return names === undefined || [names].flat().includes(value);
}

function readPackages(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, "utf8")).packages;
  } catch {
    return undefined;
  }
}
