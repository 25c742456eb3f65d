/** Who has which share of the bytes since the start: by application or by remote. */

import { useState } from "react";
import { Donut } from "../../charts/donut.tsx";
import type { Part } from "../../charts/donut-geometry.ts";
import { isLoopbackAddress } from "../../look/loopback-address.ts";
import { Segmented } from "../../parts/segmented.tsx";
import { applicationPath, remotePath } from "../../router/routes.ts";
import { useStore } from "../../store/create-store.ts";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import type { AppRow } from "../../store/rows.ts";
import { scope } from "../../store/settings.ts";

const REMOTES_MS = 3_000;
const BY = [
  { value: "application", text: "Applications" },
  { value: "remote", text: "Remotes" },
] as const;

export function Shares({ rows }: { readonly rows: readonly AppRow[] }) {
  const [by, setBy] = useState<"application" | "remote">("application");
  return (
    <section className="card shares" aria-labelledby="shares-title">
      <div className="card-head">
        <h2 id="shares-title">Share</h2>
        <Segmented small label="Share by" options={BY} value={by} onChange={setBy} />
      </div>
      {by === "application" ? <ByApplication rows={rows} /> : <ByRemote />}
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

function ByRemote() {
  const chosen = useStore(scope);
  const { data } = usePoll("remotes", REMOTES_MS, () => client.groups("remote"));
  if (chosen.startsWith("if:")) {
    return (
      <p className="quiet">
        Remotes are counted over all networks. Choose “All networks” to see their shares.
      </p>
    );
  }
  const parts = (data ?? [])
    .filter(({ key }) => isLoopbackAddress(key) === (chosen === "loopback"))
    .map(({ key, name, total }): Part => ({ key, name, bytes: total.rxBytes + total.txBytes }));
  return <Donut parts={parts} hrefOf={remotePath} othersHref="/connections" />;
}
