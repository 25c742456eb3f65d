// The rules of the structure, each with its reason, as functions over one source;
// architecture.test.ts applies them.
import { posix } from "node:path";
import { type SourceFacts, sourceFacts, UNKNOWN_TARGET } from "./source-facts.ts";

const MAX_LINES = 400;
const AMBIGUOUS_UNIT = /[a-z]Bps\b|\b(rx|tx)_?bps\b/g;

const STAGES = ["collector", "sampler", "names", "store", "limits", "alerts", "recording", "api"];

/** What each folder of src may import besides itself, and why not more. "." is src/main.ts. */
export const DIRECTIONS: Record<string, { may: string[]; because: string }> = {
  model: { may: [], because: "the vocabulary is shared by everyone, so it must drag nobody along" },
  native: { may: ["model"], because: "the unsafe seam serves all stages and knows none" },
  collector: {
    may: ["model", "native"],
    because: "it reads the kernel; what becomes of a Snapshot is not its business",
  },
  sampler: {
    may: ["model"],
    because: "deltas and rates are pure arithmetic, testable without a system",
  },
  names: {
    may: ["model", "native"],
    because: "it names what it is given and takes part in no other stage",
  },
  store: { may: ["model"], because: "history keeps Samples, wherever they come from" },
  limits: {
    may: ["model", "native"],
    because: "it turns rules into commands; who counts the bytes does not matter",
  },
  alerts: { may: ["model"], because: "whether an alert fires is decided on Samples alone" },
  recording: {
    may: ["model", "native"],
    because: "packets are copied to a file, apart from the accounting",
  },
  api: {
    may: ["model"],
    because: "it serves any Monitauri, so that its tests can pass a plain object",
  },
  client: {
    may: ["model"],
    because: "it speaks HTTP through a function it is given, in a browser as in a terminal",
  },
  daemon: {
    may: ["model", "native", ...STAGES],
    because: "it alone composes, and it is no client of itself",
  },
  cli: {
    may: ["model", "client"],
    because: "a command sees what any other client of the daemon sees",
  },
  ui: { may: ["model", "client"], because: "a page sees what any other client of the daemon sees" },
  ".": { may: ["daemon", "cli"], because: "the entry point only hands over" },
};

/** Modules that one folder of src keeps to itself. */
const EXCLUSIVE: { module: RegExp; folder: string; because: string; testsMay?: true }[] = [
  {
    module: /^koffi($|\/)/,
    folder: "native",
    because: "a wrong foreign call kills the process: one folder to audit",
  },
  {
    module: /^(node:)?child_process$/,
    folder: "native",
    because: "commands run as root: one folder decides how",
    testsMay: true,
  },
  {
    module: /^(node:)?sqlite$/,
    folder: "store",
    because: "its interface is still changing: one folder to follow it",
  },
  { module: /^nodemailer($|\/)/, folder: "alerts", because: "only a delivered alert needs mail" },
];

/**
 * What breaks a rule in one file of src, as sentences. `path` is relative to the repository:
 * "src/store/roll-up.ts".
 */
export function violations(path: string, text: string): string[] {
  const facts = sourceFacts(path, text);
  return [
    ...facts.imports.flatMap((target) => importViolations(path, target)),
    ...facts.addresses.flatMap((target) => addressViolations(path, target)),
    ...formViolations(path, facts),
    ...lengthViolations(text),
    ...unitViolations(text),
  ].map((what) => `${path}: ${what}`);
}

/** Lines beyond the limit; applies to all TypeScript, also outside src. */
export function lengthViolations(text: string): string[] {
  const lines = text.replace(/\n$/, "").split("\n").length;
  return lines > MAX_LINES
    ? [`has ${lines} lines; split it along an idea (at most ${MAX_LINES})`]
    : [];
}

/** Names that leave open whether bits or bytes are meant; applies to src and bpf. */
export function unitViolations(text: string): string[] {
  return [...new Set(text.match(AMBIGUOUS_UNIT))].map(
    (name) =>
      `"${name}" may be bits or bytes, a factor of 8; write BitsPerSecond or BytesPerSecond`,
  );
}

function importViolations(path: string, target: string): string[] {
  if (target === UNKNOWN_TARGET)
    return ["imports a computed name, which no rule can follow; write it out"];
  return target.startsWith(".")
    ? directionViolations(path, target)
    : exclusiveViolations(path, target);
}

// A worker of another folder is an import in disguise. Files outside src are read, not run.
function addressViolations(path: string, target: string): string[] {
  const isInside = folderOf(posix.join(posix.dirname(path), target)) !== undefined;
  return isInside && target.startsWith(".") ? directionViolations(path, target) : [];
}

function directionViolations(path: string, target: string): string[] {
  const resolved = posix.join(posix.dirname(path), target);
  const from = folderOf(path);
  const to = folderOf(resolved);
  if (to === undefined) return [`imports ${target}, which is outside src and in no package`];
  const rule = DIRECTIONS[from ?? ""];
  if (rule === undefined) return [`the folder src/${from} is not in the direction table`];
  if (from === to || rule.may.includes(to)) return [];
  return [`imports ${target}, but ${name(from)} may import ${list(rule.may)}: ${rule.because}`];
}

function exclusiveViolations(path: string, target: string): string[] {
  return EXCLUSIVE.filter(({ module, folder }) => module.test(target) && folderOf(path) !== folder)
    .filter(({ testsMay }) => !(testsMay && isTest(path)))
    .map(({ folder, because }) => `imports ${target}, which belongs to src/${folder}: ${because}`);
}

function formViolations(path: string, facts: SourceFacts): string[] {
  const found: string[] = [];
  if (facts.hasDefaultExport)
    found.push("has a default export; one thing has one name in the whole repository");
  // A test may skip itself on the other system, and its titles say its job.
  if (isTest(path)) return found;
  if (facts.readsPlatform && path !== "src/daemon/platform.ts") {
    found.push("asks for the platform; src/daemon/platform.ts does so once and chooses the parts");
  }
  if (!facts.opensWithComment) found.push("does not open with a comment that says its job");
  return found;
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** "store" for src/store/x.ts, "." for src/main.ts, undefined outside src. */
function folderOf(path: string): string | undefined {
  const [top, folder, ...rest] = path.split("/");
  if (top !== "src" || folder === undefined) return undefined;
  return rest.length === 0 ? "." : folder;
}

function name(folder: string | undefined): string {
  return folder === "." ? "src/main.ts" : `src/${folder}`;
}

function list(folders: string[]): string {
  return folders.length === 0 ? "nothing" : `only ${folders.join(", ")}`;
}
