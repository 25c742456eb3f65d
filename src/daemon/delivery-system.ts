/** What the delivery of alerts needs of this system: programs as other users, the log's socket, desktops. */

import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type {
  DeliverySystem,
  DesktopNote,
  DesktopSession,
  RunOptions,
  RunResult,
} from "../alerts/deliver/delivery-system.ts";
import { MonitauriError } from "../model/error.ts";
import { runCommand } from "../native/command.ts";
import { sendDatagram } from "../native/unix-datagram.ts";
import { findUser, findUserById, type User } from "../native/users.ts";
import { platform } from "./platform.ts";

/** Whom a command runs as where the channel does not say and we are root: who may set channels is not therefore root. */
const NOBODY = "nobody";
const OTHERS_MAY_WRITE = 0o022;
const STICKY = 0o1000;
/** Sessions that are looked at; a machine with more people at screens has other worries. */
const MAX_DESKTOPS = 20;
const USER_FOLDERS = "/run/user";

export interface DeliverySystemOptions {
  readonly uid: number;
  /** Names of config.toml: whom commands may run as besides "nobody"; looked up at each run. */
  readonly commandUsers: () => readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createDeliverySystem(options: DeliverySystemOptions): DeliverySystem {
  return {
    run: (argv, run) => runAs(argv, run, options),
    checkCommand: (program, user) => {
      checkedProgram(program, userOf(user, options).uid);
    },
    sendDatagram,
    exists: existsSync,
    desktops: () => (platform === "darwin" ? ownDesktop(options) : linuxDesktops(options)),
    desktopUser: (name) => desktopUser(name, options),
    notify: (session, note, signal) => notify(session, note, { ...options, signal }),
  };
}

/** As the session's user. */
async function notify(
  { user, env }: DesktopSession,
  note: DesktopNote,
  { uid, signal }: DeliverySystemOptions & { signal: AbortSignal },
): Promise<RunResult> {
  const argv = platform === "darwin" ? osascriptArgv(note) : notifySendArgv(note);
  const found = findUser(user);
  if (uid === 0 && found === undefined) {
    throw new MonitauriError("unsupported", `Cannot show it to ${user}: there is no such user`);
  }
  return runCommand(argv, {
    env,
    maxOutputChars: 2_000,
    signal,
    group: true,
    ...(uid === 0 && found !== undefined ? { user: { uid: found.uid, gid: found.gid } } : {}),
  });
}

async function runAs(
  argv: readonly [string, ...string[]],
  run: RunOptions,
  options: DeliverySystemOptions,
): Promise<RunResult> {
  const user = userOf(run.user, options);
  const [given, ...args] = argv;
  const program = checkedProgram(given, user.uid);
  const isOurs = user.uid === options.uid;
  const { input, env, timeoutMs, maxOutputChars, signal } = run;
  return runCommand([program, ...args], {
    // Some programs do what they are called.
    argv0: given,
    input,
    env,
    timeoutMs,
    maxOutputChars,
    signal,
    group: true,
    ...(isOurs ? {} : { user: { uid: user.uid, gid: user.gid } }),
  });
}

function userOf(
  name: string | undefined,
  { uid, commandUsers }: DeliverySystemOptions,
): Pick<User, "uid" | "gid"> {
  const own = { uid, gid: process.getegid?.() ?? 0 };
  if (uid !== 0) {
    const wanted = name === undefined ? undefined : findUser(name);
    if (name === undefined || wanted?.uid === uid) return own;
    throw new MonitauriError(
      "forbidden",
      `Cannot run a command as ${name}: Monitauri does not run as root. Leave the user out`,
    );
  }
  const wanted = name ?? NOBODY;
  if (wanted !== NOBODY && !commandUsers().includes(wanted)) {
    throw new MonitauriError(
      "forbidden",
      `Cannot run a command as ${wanted}: config.toml does not allow it. Add alertCommandUsers = ["${wanted}"] there`,
    );
  }
  const found = findUser(wanted);
  if (found !== undefined) return found;
  throw new MonitauriError(
    "unsupported",
    `Cannot run a command as ${wanted}: there is no such user`,
  );
}

/** What others can rewrite or put something else in the place of must not run as somebody else. Names without a folder
 * come from the system's own ones.
 * @returns what was checked, without links: one on the way to it may be changed meanwhile. */
function checkedProgram(path: string, uid: number): string {
  if (!path.startsWith("/")) return path;
  const real = realPath(path);
  for (let each = real; ; each = dirname(each)) {
    const { mode, uid: owner } = statSync(each);
    // In a sticky folder, as /tmp, only the owner of a file can replace it.
    const isOpen = (mode & OTHERS_MAY_WRITE) !== 0 && !(each !== real && (mode & STICKY) !== 0);
    if (isOpen || (owner !== 0 && owner !== uid)) {
      throw new MonitauriError(
        "forbidden",
        `Cannot run ${path}: ${each} can be changed by other users. chmod go-w ${each}, and give it to root or the user`,
      );
    }
    if (each === dirname(each)) return real;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    throw new MonitauriError("unsupported", `Cannot run ${path}: it does not exist`);
  }
}

/** Alerts tell what other users' programs do: root's daemon shows them to nobody who was not named, or started it. */
function desktopUser(name: string, { uid, env }: DeliverySystemOptions): string {
  if (uid !== 0 || name !== "") return name;
  const invoker = env.SUDO_USER ?? "";
  if (invoker !== "" && invoker !== "root") return invoker;
  throw new MonitauriError(
    "invalid",
    "Cannot show alerts on every desktop: they tell of all users' programs. Say whose desktop it is (--run-as USER)",
  );
}

/** A session's bus is where systemd puts it (file-hierarchy(7)); whoever owns the folder owns the session. */
function linuxDesktops({ uid, env }: DeliverySystemOptions): DesktopSession[] {
  if (uid !== 0) {
    const address = env.DBUS_SESSION_BUS_ADDRESS;
    if (address !== undefined) return [sessionOf(uid, address)];
    return busOf(uid) === undefined ? [] : [sessionOf(uid, `unix:path=${busOf(uid)}`)];
  }
  return numbersIn(USER_FOLDERS)
    .filter((each) => each !== 0)
    .flatMap((each) => {
      const bus = busOf(each);
      return bus === undefined ? [] : [sessionOf(each, `unix:path=${bus}`)];
    });
}

function busOf(uid: number): string | undefined {
  const path = `${USER_FOLDERS}/${uid}/bus`;
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isSocket() && found.uid === uid ? path : undefined;
}

function sessionOf(uid: number, address: string): DesktopSession {
  return {
    user: findUserById(uid)?.name ?? String(uid),
    env: { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: `${USER_FOLDERS}/${uid}` },
  };
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .slice(0, MAX_DESKTOPS)
      .map(Number);
  } catch {
    return [];
  }
}

/** Of a macOS daemon without root: our own. Root would need launchctl asuser, which comes with the macOS build. */
function ownDesktop({ uid }: DeliverySystemOptions): DesktopSession[] {
  return uid === 0 ? [] : [{ user: findUserById(uid)?.name ?? String(uid), env: {} }];
}

/** "--" ends the options: a title may begin with a dash. */
export function notifySendArgv({ title, text, urgency }: DesktopNote): [string, ...string[]] {
  return ["notify-send", "--app-name=Monitauri", `--urgency=${urgency}`, "--", title, text];
}

/** The texts are arguments of the script, never part of it. */
function osascriptArgv({ title, text }: DesktopNote): [string, ...string[]] {
  const script =
    'on run {theTitle, theText}\ndisplay notification theText with title "Monitauri" subtitle theTitle\nend run';
  return ["osascript", "-e", script, title, text];
}
