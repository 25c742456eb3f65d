/** Decides what people call the program that a process runs: the application it is counted under. */

import { printable } from "./printable.ts";
import type { Application, Container } from "./process.ts";

/** What is known of a process and of each of its ancestors. */
export interface ProgramFacts {
  readonly name: string;
  readonly path: string | undefined;
  readonly arguments: readonly string[];
  readonly container: Container | undefined;
  readonly unit: string | undefined;
  readonly kernelThread: boolean;
  /** Nearest first. Read only where a rule asks for it, so it may be a getter. */
  readonly parents: readonly ProgramFacts[];
  /** Working folder: what a relative script is relative to. */
  readonly cwd?: string | undefined;
  /** The script that was executed where its #! line made `path` run; needed once arguments are overwritten. */
  readonly script?: string | undefined;
}

const KEY_LIMIT = 4_352;
const PATH_LIMIT = 4_096;

/** How interpreters read their command lines, from their manual pages. After each option:
 * "!" code or a conversation follows, there is no script; ":" takes a value, attached or next;
 * "~" takes what is attached to it; "*" names a module; "=" names the script;
 * ">" (a first word) is followed by the script, and any other first word must look like a file. */
const COMMAND_LINES: readonly (readonly [RegExp, string])[] = [
  [/^(python|pypy)[\d.]*$/, "c! m* W: X: --check-hash-based-pycs:"],
  [/^((ba|da|z|k|mk|a|rba|)sh|fish|busybox)$/, "c! s! o: O: --rcfile: --init-file: --command!"],
  [
    /^node(js)?[\d.]*$/,
    "e! p! i! r: C: --eval! --print! --interactive! --test! --run! --require: --import: --loader: " +
      "--experimental-loader: --conditions: --title: --env-file: --env-file-if-exists: " +
      "--input-type: --inspect-port: --max-http-header-size: --openssl-config: --icu-data-dir: " +
      "--watch-path: --unhandled-rejections: --dns-result-order: --disable-warning:",
  ],
  [/^perl[\d.]*$/, "e! E! I: M~ m~ i~ F~ D~ C~ x~ d~ V~"],
  [
    /^ruby[\d.]*$/,
    "e! I: r: C: E: X: K~ W~ T~ F~ i~ x~ --encoding: --external-encoding: --internal-encoding:",
  ],
  [/^php(-cgi)?[\d.]*$/, "r! B! R! E! a! S! d: c: z: t: F: f="],
  [
    /^java$/,
    "-jar= -m* --module* -cp: -classpath: --class-path: -p: --module-path: --add-modules: " +
      "--upgrade-module-path: --add-opens: --add-exports: --add-reads: --limit-modules: " +
      "--patch-module: --source: --enable-native-access:",
  ],
  [
    /^deno$/,
    "run> serve> bench> test> c: --config: --import-map: --cert: --location: --seed: --port: --host:",
  ],
  [/^bun$/, "run> e! p! r: --eval! --print! --preload: --require: --cwd: --env-file: --config:"],
  [/^dotnet$/, "exec> --runtimeconfig: --depsfile: --additionalprobingpath: --fx-version:"],
  [/^Rscript$/, "e! g:"],
  [/^R$/, "e! f= --file="],
  [/^lua(jit)?[\d.]*$/, "i! e: l:"],
  [/^(mono|tclsh|wish|guile|pwsh)[\d.]*$/, "c! e!"],
];
const OPTIONS = COMMAND_LINES.map(([, text]) => optionsOf(text));

/** Programs of several executables: helpers, and the program that they belong to, below the same prefix. */
const SUITES: readonly (readonly [RegExp, string])[] = [
  [/^(.*)\/(?:lib|libexec)\/git-core\/[^/]+$/, "/bin/git"],
  [/^(.*)\/(?:lib|libexec)\/openssh\/sshd-[^/]+$/, "/sbin/sshd"],
  [/^(.*)\/(?:lib|libexec)\/postfix\/.+$/, "/sbin/postfix"],
  [/^(.*)\/(?:lib|libexec)\/dovecot\/[^/]+$/, "/sbin/dovecot"],
  [/^(.*)\/(?:lib|libexec)\/cups\/.+$/, "/sbin/cupsd"],
];
const APT_HELPER = /^\/usr\/lib(?:exec)?\/apt\/(?:methods|planners|solvers)\//;
/** Others that fetch through apt's helpers. */
const APT_CALLER = /\/(packagekitd|aptitude|synaptic|python[\d.]*)$/;
/** Content processes of Chromium, Electron and Firefox; Chromium joins its arguments with blanks. */
const CONTENT_ARGUMENT = /(?:^|\s)(?:--type=|-contentproc(?:\s|$))/;
/** Browser engines that other programs embed, and the sandbox between them. */
const EMBEDDED = /\/(QtWebEngineProcess|WebKit(Network|Web|GPU)Process)$/;
const SANDBOX = /\/(bwrap|xdg-dbus-proxy)$/;
/** Package managers of Node, as their script is called and as the title that they give themselves. */
const NODE_TOOL = /^(npm|npx|pnpm|yarn)(?:-cli)?(?:\.c?js)?$/;

export function applicationOf(facts: ProgramFacts): Application {
  if (facts.kernelThread) return application("kernel", "kernel", undefined);
  if (facts.container) return containerApplication(facts.container);
  const path = withoutDeleted(facts.path);
  if (path) {
    return helperOf(facts, path) ?? contentOf(facts, path) ?? scripted(facts, path) ?? plain(path);
  }
  if (facts.name) return application(`name:${facts.name}`, facts.name, undefined);
  return application("unknown", "unknown", undefined);
}

/** The kernel marks the path of an executable that was replaced or removed. */
export function withoutDeleted(path: string | undefined): string | undefined {
  return path?.replace(/ \(deleted\)$/, "");
}

/** `path` without "." and ".." and, where `folder` is given, absolute. */
export function resolvePath(path: string, folder?: string): string {
  const whole = path.startsWith("/") || folder === undefined ? path : `${folder}/${path}`;
  const absolute = whole.startsWith("/");
  const kept: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "" || part === ".") continue;
    const climbs = part === "..";
    if (climbs && kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!climbs || !absolute) kept.push(part);
  }
  return `${absolute ? "/" : ""}${kept.join("/")}`;
}

function containerApplication({ engine, id, name }: Container): Application {
  const label = engine === "unknown" ? "container" : engine;
  return application(`container:${name ?? id}`, `${name ?? id} (${label})`, undefined);
}

function helperOf(facts: ProgramFacts, path: string): Application | undefined {
  if (APT_HELPER.test(path)) {
    const [parent] = facts.parents;
    return APT_CALLER.test(parent?.path ?? "") && parent
      ? applicationOf(parent)
      : plain("/usr/bin/apt");
  }
  return suiteOf(path);
}

function suiteOf(path: string): Application | undefined {
  for (const [pattern, program] of SUITES) {
    const prefix = pattern.exec(path)?.[1];
    if (prefix !== undefined) return plain(`${prefix}${program}`);
  }
  return undefined;
}

/** A browser's content process belongs to the topmost ancestor in an unbroken line of the browser's processes. */
function contentOf(facts: ProgramFacts, path: string): Application | undefined {
  if (EMBEDDED.test(path)) {
    const owner = facts.parents.find(
      (p) => p.path && !EMBEDDED.test(p.path) && !SANDBOX.test(p.path),
    );
    return owner && applicationOf(owner);
  }
  if (!facts.arguments.some((argument) => CONTENT_ARGUMENT.test(argument))) return undefined;
  let top: string | undefined;
  for (const parent of facts.parents) {
    const above = withoutDeleted(parent.path);
    if (!above || !(above === path || isBelow(path, above))) break;
    top = above;
  }
  return top === undefined ? undefined : plain(top);
}

/** Whether `path` is in the folder of `program` or below, and that folder is the program's own. */
function isBelow(path: string, program: string): boolean {
  const folder = program.slice(0, program.lastIndexOf("/") + 1);
  return folder.length > 1 && !/\/s?bin\/$/.test(folder) && path.startsWith(folder);
}

/** What an interpreter runs; undefined where it is no interpreter, or runs nothing that has a name. */
function scripted(facts: ProgramFacts, path: string): Application | undefined {
  const options = optionsFor(path);
  if (!options) return undefined;
  const called = baseName(facts.arguments[0] ?? "").replace(/^-/, "");
  if (baseName(path) === "busybox" && !/^(ash|sh|busybox|)$/.test(called)) {
    return application(`path:${path}#${called}`, `${called} (busybox)`, path);
  }
  const title = titleOf(facts, options);
  if (title !== undefined) return titled(facts, path, title) ?? ofUnit(facts, path);
  const script = scriptIn(facts.arguments, options);
  return script ? ofScript(script, path, facts.cwd) : ofUnit(facts, path);
}

/** First word of the title that a process wrote over its arguments, as setproctitle(3) does: "gunicorn: master"
 * gives "gunicorn". undefined where the arguments are still those of an interpreter. */
function titleOf(facts: ProgramFacts, options: Options): string | undefined {
  const [title, ...more] = facts.arguments;
  if (!title || more.length > 0) return undefined;
  const word = baseName(/^[-[]?([^\s:\]]*)/.exec(title)?.[1] ?? "");
  return optionsFor(word) === options ? undefined : word;
}

/** The script that an interpreter ran before it got its title, or else the title. */
function titled(facts: ProgramFacts, path: string, title: string): Application | undefined {
  if (facts.script) return ofScript({ text: facts.script, isFile: true }, path, facts.cwd);
  if (NODE_TOOL.test(title)) return ofScript({ text: title, isFile: false }, path, undefined);
  const options = optionsFor(path);
  for (const parent of facts.parents) {
    if (!options || withoutDeleted(parent.path) !== path) break;
    if (parent.script) return ofScript({ text: parent.script, isFile: true }, path, parent.cwd);
    if (titleOf(parent, options) !== undefined) continue;
    const script = scriptIn(parent.arguments, options);
    if (script) return ofScript(script, path, parent.cwd);
  }
  if (isService(facts.unit)) return undefined;
  return /^[\w.+@-]+$/.test(title)
    ? ofScript({ text: title, isFile: false }, path, undefined)
    : undefined;
}

interface Script {
  readonly text: string;
  /** False: a module or a class. */
  readonly isFile: boolean;
}

/** The script among the arguments of an interpreter, the first of which is its own name. */
function scriptIn(given: readonly string[], options: Options): Script | undefined {
  const commands = [...options.values()].includes(">");
  for (let at = 1; at < given.length; at++) {
    const argument = given[at] ?? "";
    if (at === 1 && options.get(argument) === ">") continue;
    if (argument === "" || argument === "-") return undefined;
    if (argument === "--") return asScript(given[at + 1], options, commands);
    if (argument.startsWith("@") && options.has("-jar")) continue; // a file with more arguments
    if (!/^[-+]/.test(argument)) return asScript(argument, options, commands);
    const { role, attached } = optionIn(argument, options);
    if (role === "!") return undefined;
    const text = attached || given[at + 1];
    if (role === "*" || role === "=") return text ? { text, isFile: role === "=" } : undefined;
    if (role === ":" && attached === "") at++;
  }
  return undefined;
}

/** Java names a class; programs with commands of their own (deno, bun, dotnet) may mean one of those. */
function asScript(text: string | undefined, options: Options, commands: boolean) {
  if (!text || (commands && !/[./]/.test(text))) return undefined;
  return { text, isFile: !options.has("-jar") || text.endsWith(".java") };
}

type Options = ReadonlyMap<string, string>;

function optionIn(argument: string, options: Options): { role?: string; attached: string } {
  const equals = argument.indexOf("=");
  const word = equals > 0 ? argument.slice(0, equals) : argument;
  const role = options.get(word);
  if (role) return { role, attached: equals > 0 ? argument.slice(equals + 1) : "" };
  if (argument.startsWith("--")) return { attached: "" };
  for (let at = 1; at < argument.length; at++) {
    const letter = options.get(argument.charAt(at));
    if (letter === "~") break;
    if (letter) return { role: letter, attached: argument.slice(at + 1) };
  }
  return { attached: "" };
}

function optionsFor(path: string): Options | undefined {
  const file = baseName(path);
  return OPTIONS[COMMAND_LINES.findIndex(([pattern]) => pattern.test(file))];
}

function optionsOf(text: string): Options {
  return new Map(text.split(" ").map((option) => [option.slice(0, -1), option.slice(-1)]));
}

function ofScript({ text, isFile }: Script, path: string, cwd: string | undefined): Application {
  // The language without its minor version, so that an update keeps the name.
  const language = /^(?:(?:python|pypy)\d?|\D+)/.exec(baseName(path))?.[0] ?? baseName(path);
  const file = isFile ? baseName(text) || text : text;
  const tool = language.startsWith("node") ? NODE_TOOL.exec(file)?.[1] : undefined;
  if (tool) return application(`script:${tool}`, tool, path);
  const name = `${file} (${language})`;
  if (!isFile || text.includes("://")) return application(`script:${text}`, name, path);
  const whole = resolvePath(text, cwd);
  return suiteOf(whole) ?? application(`script:${whole}`, name, whole);
}

/** A daemon that has no other name than an interpreter's is known by its unit. */
function ofUnit({ unit }: ProgramFacts, path: string): Application | undefined {
  return unit && isService(unit) ? application(`unit:${unit}`, unit, path) : undefined;
}

function isService(unit: string | undefined): boolean {
  // A user's manager runs what has no unit of its own; a unit of his is behind a slash.
  return unit !== undefined && unit.endsWith(".service") && !/^user@[^/]*$/.test(unit);
}

function plain(path: string): Application {
  return application(`path:${stablePath(path)}`, baseName(path), path);
}

/** Folders that get a new name with each update or start: snap revisions, mounted AppImages. */
function stablePath(path: string): string {
  return path
    .replace(/^\/snap\/([^/]+)\/x?\d+\//, "/snap/$1/current/")
    .replace(/^(\/tmp\/\.mount_[^/]*)[^/]{6}\//, "$1*/");
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function application(key: string, name: string, path: string | undefined): Application {
  return {
    key: printable(key, KEY_LIMIT),
    name: printable(name) || "unknown",
    path: path === undefined ? undefined : printable(path, PATH_LIMIT),
  };
}
