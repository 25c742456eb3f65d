// Reads from a TypeScript source what the architecture rules are about: what it imports, in every
// form that the language has, and a few other facts. Uses a real parser, so neither comments nor
// strings can deceive it.
import { parseSync } from "oxc-parser";

export type SourceFacts = {
  /** Every module named by an import, export, `import()`, `import("...")` type or `require`. */
  imports: string[];
  /** What `new URL(..., import.meta.url)` names: the code of a worker, or a file to read. */
  addresses: string[];
  hasDefaultExport: boolean;
  readsPlatform: boolean;
  opensWithComment: boolean;
};

/** Stands in `imports` for an `import()` whose target can only be known at run time. */
export const UNKNOWN_TARGET = "(computed)";

type Node = { type: string; [key: string]: unknown };

const PLATFORM_MODULES = new Set(["process", "os"]);

/**
 * The facts of one source.
 * @throws Error when it does not parse: a file that cannot be read must not pass as a file without
 * imports.
 */
export function sourceFacts(path: string, text: string): SourceFacts {
  const { program, comments, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path} does not parse: ${errors[0].message}`);
  const facts: SourceFacts = {
    imports: [],
    addresses: [],
    hasDefaultExport: false,
    readsPlatform: false,
    opensWithComment:
      text
        .slice(0, comments[0]?.start ?? text.length)
        .replace(/^#!.*/, "")
        .trim() === "" && (comments[0]?.value.trim().length ?? 0) > 0,
  };
  visit(program, (node) => {
    facts.imports.push(...importedModules(node));
    facts.addresses.push(...namedAddresses(node));
    facts.hasDefaultExport ||= isDefaultExport(node);
    facts.readsPlatform ||= isPlatformRead(node);
  });
  return facts;
}

function visit(value: unknown, look: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, look);
  } else if (isNode(value)) {
    look(value);
    for (const child of Object.values(value)) visit(child, look);
  }
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" && value !== null && typeof Reflect.get(value, "type") === "string"
  );
}

function importedModules(node: Node): string[] {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
    case "ImportExpression":
    case "TSImportType":
      return isNode(node.source) ? [moduleName(node.source)] : [];
    case "TSExternalModuleReference":
      return isNode(node.expression) ? [moduleName(node.expression)] : [];
    case "CallExpression":
      return isNamed(node.callee, "require") ? [moduleName(argument(node, 0))] : [];
    default:
      return [];
  }
}

function namedAddresses(node: Node): string[] {
  if (node.type !== "NewExpression" || !isNamed(node.callee, "URL")) return [];
  const base = argument(node, 1);
  return isNode(base) && isNamed(base.property, "url") ? [moduleName(argument(node, 0))] : [];
}

// Of a template only what stands before its first hole: "../store/worker" of
// `../store/worker${extension}`.
function moduleName(node: unknown): string {
  if (!isNode(node)) return UNKNOWN_TARGET;
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type !== "TemplateLiteral") return UNKNOWN_TARGET;
  const [first] = node.quasis as { value: { cooked: string } }[];
  return first === undefined || first.value.cooked === "" ? UNKNOWN_TARGET : first.value.cooked;
}

function argument(node: Node, index: number): unknown {
  return (node.arguments as unknown[])[index];
}

function isDefaultExport(node: Node): boolean {
  if (node.type === "ExportDefaultDeclaration") return true;
  return node.type === "ExportSpecifier" && isNamed(node.exported, "default");
}

// process.platform, process["platform"], const { platform } = process, import { platform } from
// "node:process", os.platform()
function isPlatformRead(node: Node): boolean {
  switch (node.type) {
    case "MemberExpression":
      return isPlatformOwner(node.object) && isNamed(node.property, "platform");
    case "VariableDeclarator":
      return isPlatformOwner(node.init) && hasPlatformKey(node.id, "properties", "key");
    case "ImportDeclaration":
      return (
        PLATFORM_MODULES.has(moduleName(node.source).replace("node:", "")) &&
        hasPlatformKey(node, "specifiers", "imported")
      );
    default:
      return false;
  }
}

function isPlatformOwner(node: unknown): boolean {
  return [...PLATFORM_MODULES].some((name) => isNamed(node, name));
}

function hasPlatformKey(node: unknown, list: string, key: string): boolean {
  const items = isNode(node) ? node[list] : undefined;
  return (
    Array.isArray(items) && items.some((item) => isNode(item) && isNamed(item[key], "platform"))
  );
}

/** An identifier of that name, or that name as a string. */
function isNamed(node: unknown, name: string): boolean {
  return isNode(node) && (node.name === name || node.value === name);
}
