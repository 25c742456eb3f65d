/** Who has which share of the bytes since the start: by application, remote, protocol or country. */

import { useState } from "react";
import type { Grouping, GroupRow } from "../../../model/sample.ts";
import { Donut } from "../../charts/donut.tsx";
import { isLoopbackAddress } from "../../look/loopback-address.ts";
import { countryRowName } from "../../look/place.ts";
import { protocolName } from "../../look/spoken.ts";
import { isCountry } from "../../map/shares.ts";
import { Credits } from "../../parts/credits.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { Link } from "../../router/router.tsx";
import { applicationPath, countryPath, remotePath } from "../../router/routes.ts";
import { colourIn } from "../../store/colours.ts";
import { useStore } from "../../store/create-store.ts";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import type { AppRow } from "../../store/rows.ts";
import type { Scope } from "../../store/scope.ts";
import { scope } from "../../store/settings.ts";

const GROUPS_MS = 3_000;
const BY = [
  { value: "application", text: "Applications" },
  { value: "remote", text: "Remotes" },
  { value: "spoken", text: "Protocols" },
  { value: "country", text: "Countries" },
] as const;
type By = (typeof BY)[number]["value"];

export function Shares({ rows }: { readonly rows: readonly AppRow[] }) {
  const [by, setBy] = useState<By>("application");
  return (
    <section className="card shares" aria-labelledby="shares-title">
      <h2 className="unseen" id="shares-title">
        Share
      </h2>
      <Segmented small label="Share by" options={BY} value={by} onChange={setBy} />
      {by === "application" ? <ByApplication rows={rows} /> : <ByGroup by={by} />}
    </section>
  );
}

function ByApplication({ rows }: { readonly rows: readonly AppRow[] }) {
  const parts = rows.map(({ key, name, rxBytes, txBytes }) => ({
    key,
    name,
    bytes: rxBytes + txBytes,
  }));
  return <Donut parts={parts} hrefOf={applicationPath} othersHref="/applications" />;
}

/** What a kind of share shows of a row of its grouping. */
interface Look {
  readonly name: (row: GroupRow) => string;
  /** undefined: nothing is to be seen behind it. */
  readonly href: (key: string) => string | undefined;
  readonly isIn: (key: string, scope: Scope) => boolean;
}

const LOOKS: Readonly<Record<Exclude<By, "application">, Look>> = {
  remote: {
    name: ({ name }) => name,
    href: (key) => (isAddress(key) ? remotePath(key) : undefined),
    isIn: (key, chosen) => isLoopbackAddress(key) === (chosen === "loopback"),
  },
  spoken: {
    name: ({ key, name }) => (key.startsWith("remainder:") ? name : protocolName(name)),
    href: (key) => (/^[a-z\d-]+$/.test(key) ? `/connections?filter=proto:${key}` : undefined),
    isIn: (_, chosen) => chosen === "all",
  },
  country: {
    name: ({ key, name }) => countryRowName(key, name),
    href: (key) => (isCountry(key) ? countryPath(key) : undefined),
    isIn: (key, chosen) => (key === ":loopback") === (chosen === "loopback"),
  },
};

function ByGroup({ by }: { readonly by: Exclude<By, "application"> & Grouping }) {
  const chosen = useStore(scope);
  const { data } = usePoll(`share by ${by}`, GROUPS_MS, () => client.groups(by));
  if (chosen.startsWith("if:") || (by === "spoken" && chosen === "loopback")) {
    return (
      <p className="quiet">
        These are counted over all networks. Choose “All networks” to see their shares.
      </p>
    );
  }
  if (data === undefined) return <p className="quiet">Asking the daemon …</p>;
  const look = LOOKS[by];
  const parts = data
    .filter(({ key }) => look.isIn(key, chosen))
    .map((row) => ({
      key: row.key,
      name: look.name(row),
      bytes: row.total.rxBytes + row.total.txBytes,
    }));
  return (
    <>
      <Donut
        parts={by === "remote" ? byName(parts) : parts}
        hrefOf={look.href}
        othersHref="/connections"
        colour={(key) => colourIn(by, key)}
      />
      {by === "spoken" ? <p className="note">With what never leaves this computer.</p> : null}
      {by === "country" ? (
        <>
          <p className="note">
            <Link className="underlined" href="/places">
              On the map
            </Link>
          </p>
          <Credits />
        </>
      ) : null}
    </>
  );
}

/** Addresses of one name are one part, under the address with most bytes. */
function byName<T extends { readonly name: string; readonly bytes: number }>(parts: T[]): T[] {
  const found = new Map<string, T>();
  for (const part of [...parts].sort((a, b) => b.bytes - a.bytes)) {
    const before = found.get(part.name);
    found.set(
      part.name,
      before === undefined ? part : { ...before, bytes: before.bytes + part.bytes },
    );
  }
  return [...found.values()];
}

function isAddress(key: string): boolean {
  return !key.startsWith(":") || key.startsWith("::");
}
