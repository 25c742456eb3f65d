/** Whose data about addresses is shown: their licences want it said wherever it is. */

import type { DataCredit } from "../../model/naming.ts";
import { client } from "../store/live.ts";
import { usePoll } from "../store/poll.ts";

/** It changes with another version of Monitauri. */
const EVERY_MS = 600_000;

export function Credits() {
  const { data } = usePoll("credits", EVERY_MS, () => client.doctor());
  // One package may give several kinds of facts.
  const credits = new Map(data?.credits.map((one) => [one.credit, one]));
  if (credits.size === 0) return null;
  return (
    <p className="note">
      {[...credits.values()].map((one, at) => (
        <span key={one.credit}>
          {at > 0 ? " · " : ""}
          <CreditLink credit={one} />
        </span>
      ))}
    </p>
  );
}

export function CreditLink({ credit: { credit, link } }: { readonly credit: DataCredit }) {
  if (!link.startsWith("https://")) return credit;
  return (
    <a className="underlined" href={link} target="_blank" rel="noreferrer">
      {credit}
    </a>
  );
}
