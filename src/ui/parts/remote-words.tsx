/** Names and protocols in a row: what is only probable is set in italics with a "?", and says why where the pointer is. */

import type { HostName, SpokenProtocol } from "../../model/naming.ts";
import { hostTitle, isProbable } from "../look/host-words.ts";
import { spokenText, spokenTitle } from "../look/spoken.ts";

export function Host({ host }: { readonly host: HostName }) {
  const others = host.alternatives.length;
  return (
    <span className={isProbable(host) ? "guess" : undefined} title={hostTitle(host)}>
      <bdi>{host.name}</bdi>
      {isProbable(host) ? "?" : ""}
      {others > 0 ? <small> +{others}</small> : null}
    </span>
  );
}

export function Spoken({ spoken }: { readonly spoken: SpokenProtocol | undefined }) {
  if (spoken === undefined) return <span className="quiet">–</span>;
  return (
    <span
      className={spoken.source === "port" ? "guess" : undefined}
      title={`${spokenText(spoken)}: ${spokenTitle(spoken)}`}
    >
      <bdi>{spokenText(spoken)}</bdi>
    </span>
  );
}
