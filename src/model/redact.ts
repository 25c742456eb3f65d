/** Takes out of answers what tells people apart: addresses, host names, users, homes, containers, arguments. What stands in
 * their place is the same each time, has the same shape, and is nobody's. Numbers stay.
 *
 * Names are learned from the fields that hold them, then replaced wherever they stand: a container's name is also a part of
 * its application's. */

import { addressScope, isMappedIpv4, parseAddress } from "./address.ts";

/** Names and addresses remembered; what comes after is replaced by one word for all. */
export const MAX_REDACTED = 50_000;
export const TOO_MANY = "hidden";

export interface Redactor {
  /** A copy of an answer without what tells people apart. `path` is what was asked for: it says what rows are about. */
  answer<T>(value: T, path?: string): T;
  /** A line of CSV after `columns`, or any text. */
  line(text: string, columns?: readonly string[]): string;
  /** Text with what stands in the place of names put back: for questions about what was shown. */
  restore(text: string): string;
  /** What stands for what; createRedactor() takes it again. */
  state(): RedactorState;
}

export type RedactorState = readonly (readonly [original: string, shown: string])[];

type Kind = "host" | "user" | "container";

const ADDRESS_V4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)/g;
const ADDRESS_V6 = /(?<![\w:.])[\da-f]*:[\da-f:]*:[\da-f.:]*(?![\w:])/gi;
const MAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;
/** An instance of a unit (systemd.unit(5)) looks like an address. */
const UNIT = /\.(service|scope|slice|socket|timer|mount|target)$/;
const HOME = /(\/(?:home|Users)\/)([^/\s"',:)]+)/g;
const TOKEN = /[\p{L}\p{N}_.@*-]+/gu;
const PART = /[\p{L}\p{N}_]+/gu;
/** Everybody has them: they tell nobody apart, and a screen without them would be hard to read. */
const COMMON = new Set(["root", "localhost", "unknown", ""]);

export function createRedactor(state: RedactorState = []): Redactor {
  const shownFor = new Map<string, string>();
  const originalOf = new Map<string, string>();
  const counts = { host: 0, user: 0, container: 0, label: 0, v4: 0, v6: 0, private: 0 };
  for (const [original, shown] of state) remember(original, shown);
  // Numbers go on behind those that are taken.
  for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] = state.length;

  function remember(original: string, shown: string): string {
    if (shownFor.size >= MAX_REDACTED) return TOO_MANY;
    shownFor.set(original, shown);
    originalOf.set(shown, original);
    return shown;
  }

  function address(text: string): string {
    const bytes = parseAddress(text);
    if (bytes === undefined) return text;
    const scope = addressScope(bytes);
    if (scope === "loopback" || scope === "unspecified" || scope === "multicast") return text;
    const known = shownFor.get(text);
    if (known !== undefined) return known;
    const isPublic = scope === "public";
    const shown = freshAddress(bytes, isPublic);
    // Who has an address of those ranges all the same does not keep it.
    return remember(text, shown === text ? freshAddress(bytes, isPublic) : shown);
  }

  /** Of ranges that nobody has: 240.0.0.0/4 is reserved (RFC 1112), 2001:db8::/32 is for examples (RFC 3849). */
  function freshAddress(bytes: Uint8Array, isPublic: boolean): string {
    if (!isMappedIpv4(bytes)) {
      counts.v6 += 1;
      return `2001:db8:${isPublic ? "" : "f:"}:${counts.v6.toString(16)}`;
    }
    const number = isPublic ? ++counts.v4 : ++counts.private;
    return `${isPublic ? 240 : 250}.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  }

  /** "www.shop.example" keeps its number of labels, and shares "shop" with "img.shop.example". */
  function host(name: string): string {
    const key = name.toLowerCase();
    const known = shownFor.get(key);
    if (known !== undefined) return known;
    const labels = key.split(".");
    const shown = labels.map((label, at) => {
      if (label === "*" || (label === "local" && at === labels.length - 1)) return label;
      if (at === labels.length - 1 && labels.length > 1) return "example";
      return shownFor.get(`.${label}`) ?? remember(`.${label}`, `n${++counts.label}`);
    });
    return remember(key, shown.join("."));
  }

  function learn(kind: Kind, value: unknown): void {
    if (typeof value !== "string" || COMMON.has(value.toLowerCase())) return;
    if (kind === "host") {
      if (parseAddress(value) === undefined && !value.startsWith(":")) host(value);
      return;
    }
    const key = value.toLowerCase();
    if (!shownFor.has(key)) remember(key, `${kind}${++counts[kind]}`);
  }

  function text(value: string): string {
    return value
      .replace(MAIL, (found) => (UNIT.test(found) ? found : "someone@mail.example"))
      .replace(HOME, (_, folder: string, name: string) => {
        learn("user", name);
        return `${folder}${shownFor.get(name.toLowerCase()) ?? name}`;
      })
      .replace(ADDRESS_V6, address)
      .replace(ADDRESS_V4, address)
      .replace(TOKEN, token);
  }

  function token(word: string): string {
    const known = shownFor.get(word.toLowerCase());
    if (known !== undefined) return known;
    if (originalOf.has(word)) return word;
    return word.replace(PART, (part) => {
      const shown = shownFor.get(part.toLowerCase());
      return shown === undefined || originalOf.has(part) ? part : shown;
    });
  }

  /** Finds the names in an answer by the fields they stand in. */
  function collect(value: unknown, about: Kind | undefined): void {
    if (typeof value === "string") {
      const [, container] = /^container:(.+)$/.exec(value) ?? [];
      learn("container", container);
      return;
    }
    if (Array.isArray(value)) {
      for (const one of value) collect(one, about);
      return;
    }
    if (!isPlain(value)) return;
    for (const [field, inner] of Object.entries(value)) {
      if (field === "user") learn("user", inner);
      if (field === "remote") learn("host", inner);
      if (field === "host" && isPlain(inner)) {
        learn("host", inner.name);
        if (Array.isArray(inner.alternatives))
          for (const one of inner.alternatives) learn("host", one);
      }
      if (field === "container") {
        if (isPlain(inner))
          for (const one of [inner.name, inner.id, inner.image]) learn("container", one);
        else learn("container", inner);
      }
      if (about !== undefined && (field === "key" || field === "name")) learn(about, inner);
      collect(inner, about);
    }
  }

  function copy(value: unknown, field: string): unknown {
    if (typeof value === "string") {
      const shown = KEPT.has(field) ? value : text(value);
      const isName = NAMES.has(field) && !COMMON.has(value.toLowerCase());
      return isName && shownFor.size >= MAX_REDACTED && shown === value ? TOO_MANY : shown;
    }
    if (Array.isArray(value)) {
      if (field === "arguments")
        return value.map((one, at) => (at === 0 ? text(String(one)) : "…"));
      return value.map((one) => copy(one, field));
    }
    if (!isPlain(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, copy(inner, name)]),
    );
  }

  return {
    answer<T>(value: T, path = ""): T {
      collect(value, aboutOf(path));
      return copy(value, "") as T;
    },
    line(value, columns) {
      if (columns !== undefined) {
        for (const [at, cell] of cellsOf(value).entries()) {
          const column = columns[at] ?? "";
          if (column === "user" || column === "container") learn(column, cell);
          if (column === "remote") learn("host", cell);
          collect(cell, undefined);
        }
      }
      return text(value);
    },
    restore(value) {
      const shown = [...originalOf.keys()].filter((one) => value.includes(one));
      return shown
        .sort((a, b) => b.length - a.length)
        .reduce((all, one) => all.replaceAll(one, withoutDot(originalOf.get(one) ?? one)), value);
    },
    state: () => [...shownFor],
  };
}

/** Fields whose words are Monitauri's own. */
const KEPT = new Set([
  "protocol",
  "state",
  "source",
  "kind",
  "reason",
  "feature",
  "counting",
  "version",
  "package",
  "credit",
  "link",
  "licence",
  "country",
  "organisation",
  "engine",
  "level",
]);

/** Fields that hold names. */
const NAMES = new Set([
  "user",
  "container",
  "remote",
  "name",
  "key",
  "id",
  "image",
  "alternatives",
]);

/** What the keys and names of rows are, by the question. */
function aboutOf(path: string): Kind | undefined {
  const [, by] = /[?&](?:by|groupBy)=(\w+)/.exec(path) ?? [];
  if (by === "remote") return "host";
  return by === "user" || by === "container" ? by : undefined;
}

/** A label of a host name is kept with a dot before it, so that it is no user of the same name. */
function withoutDot(original: string): string {
  return original.startsWith(".") ? original.slice(1) : original;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** The cells of a line of CSV (RFC 4180). */
export function cellsOf(line: string): string[] {
  const cells = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...cells].map(([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain);
}
