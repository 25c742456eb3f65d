/** Takes secrets out of text that a person or a log will see, also in the forms in which protocols carry them. */

import { printable } from "../../model/printable.ts";
import type { Secrets } from "./channel-file.ts";

const HIDDEN = "[secret]";
/** What another side says is shown up to here. */
const MAX_SHOWN = 300;
/** A shorter secret would blank out ordinary words; it is also the shortest that a channel takes. */
export const SHORTEST_SECRET = 4;

/** @returns a function that makes a line printable and leaves out every secret, whoever repeats it. */
export function createRedactor(secrets: Secrets, user = ""): (text: string) => string {
  const forms = Object.values(secrets)
    .filter((secret) => secret !== undefined && secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => formsOf(secret, user))
    .sort((one, other) => other.length - one.length);
  return (text) => {
    const shown = forms.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text);
    return printable(shown, MAX_SHOWN);
  };
}

function formsOf(secret: string, user: string): string[] {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const plain = base64(`\0${user}\0${secret}`);
  // Inside longer base64 a secret has one of three shapes; their middles are searched for.
  const shifted = ["", "a", "aa"].map((before) => {
    const text = base64(before + secret);
    return text.slice(before === "" ? 0 : 4, text.length - 4);
  });
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    plain,
    ...shifted.filter((text) => text.length >= 6),
    ...addressParts(secret),
  ];
}

/** Of a webhook's address everything behind the host is secret; an error may name only the path. */
function addressParts(secret: string): string[] {
  if (!/^https?:\/\//i.test(secret) || !URL.canParse(secret)) return [];
  const { href, pathname, search, password } = new URL(secret);
  const parts = [href, `${pathname}${search}`, pathname, ...pathname.split("/"), search, password];
  return parts.filter((part) => part.length >= 8);
}
