// Runs one step of the installation: as the owner of the checkout, with a line that says what
// happens and how long it took.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, chownSync, constants, mkdirSync, statSync, writeFileSync } from "node:fs";

const REMINDER_MS = 15_000;
const KEPT_OUTPUT_CHARS = 64 * 1024;

/**
 * A failure the user can do something about; its message says what failed, how things stand and
 * what to do.
 */
export class BootstrapError extends Error {}

/**
 * Runs `command`; resolves to `{ code, output }`. What it does is told on stderr, so that stdout
 * stays the program's.
 */
export function runStep(root, title, { command, args, cwd = root, env = {} }) {
  const startedMs = Date.now();
  const seconds = () => `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
  console.error(`monitauri: ${title} ...`);
  const reminder = setInterval(
    () => console.error(`monitauri: still ${title} (${seconds()})`),
    REMINDER_MS,
  );
  return new Promise((resolve, reject) => {
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_OUTPUT_CHARS);
    };
    const child = spawn(command, args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      ...ownerOptions(root, env),
    });
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => {
      clearInterval(reminder);
      reject(new BootstrapError(`Cannot run ${command}: ${error.message}.`));
    });
    child.on("close", (code, signal) => {
      clearInterval(reminder);
      if (code === 0) console.error(`monitauri: ${title}: done in ${seconds()}`);
      resolve({ code: code ?? signal, output });
    });
  });
}

/** Throws unless the one who will run the steps may write to the checkout. */
export function requireWritable(root) {
  if (checkoutOwner(root) !== undefined) return;
  try {
    accessSync(root, constants.W_OK);
  } catch {
    throw new BootstrapError(
      `Cannot install or build in ${root}: user ${process.getuid()} may not write there. ` +
        "Run the same command once as the owner of that folder.",
    );
  }
}

/**
 * Who must run the steps when that is not this process: with `sudo npm start` the owner of the
 * checkout, so that no file of root's is left in it. Undefined when this process may write itself.
 */
export function checkoutOwner(root, { uid = process.getuid(), env = process.env } = {}) {
  const owner = statSync(root);
  if (uid !== 0 || owner.uid === 0 || env.SUDO_UID !== String(owner.uid)) return undefined;
  return { uid: owner.uid, gid: Number(env.SUDO_GID ?? owner.gid), name: env.SUDO_USER };
}

/** Writes a file that belongs to the owner of the checkout. */
export function writeOwnedFile(root, path, text) {
  writeFileSync(path, text);
  giveToOwner(root, path);
}

/** Makes a folder that belongs to the owner of the checkout. */
export function makeOwnedFolder(root, path) {
  mkdirSync(path);
  giveToOwner(root, path);
}

function giveToOwner(root, path) {
  const owner = checkoutOwner(root);
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
}

function ownerOptions(root, extra) {
  const owner = checkoutOwner(root);
  if (owner === undefined) return { env: { ...process.env, ...extra } };
  const env = {
    ...process.env,
    ...extra,
    HOME: homeOf(owner),
    USER: owner.name,
    LOGNAME: owner.name,
  };
  // npm hands root's own cache and configuration files down in these; the owner has others.
  for (const name of ["npm_config_cache", "npm_config_userconfig", "npm_config_prefix"])
    delete env[name];
  return { uid: owner.uid, gid: owner.gid, env };
}

function homeOf({ name }) {
  // The shell knows every account database (files, LDAP, Directory Services); Node only its own
  // user.
  if (!/^[\w][\w.@-]*$/.test(name ?? ""))
    throw new BootstrapError(`Cannot use SUDO_USER "${name}" as a user name.`);
  const home = spawnSync("/bin/sh", ["-c", `printf %s ~${name}`], { encoding: "utf8" }).stdout;
  if (!home.startsWith("/")) throw new BootstrapError(`Cannot find the home folder of ${name}.`);
  return home;
}
