/** All that is in one country, or in one autonomous system: who of this machine talks there, and to whom. */

import { useMemo } from "react";
import { countryName } from "../../../model/country.ts";
import { formatBytes } from "../../../model/format.ts";
import type { GroupRow } from "../../../model/sample.ts";
import { Credits } from "../../parts/credits.tsx";
import { client } from "../../store/live.ts";
import { usePoll } from "../../store/poll.ts";
import { RemoteList } from "../application/connection-list.tsx";
import { remotesOf } from "../application/remotes.ts";
import { Remote } from "./remote.tsx";

const EVERY_MS = 1_000;
const TOTAL_MS = 3_000;
const MAX_CONNECTIONS = 1_000;

export function CountryView({ code }: { readonly code: string }) {
  const { data } = usePoll("by country", TOTAL_MS, () => client.groups("country"));
  return (
    <Area
      title={countryName(code)}
      beside={code}
      said="this country"
      filter={`country:${code}`}
      known={data?.find(({ key }) => key === code)}
      historyHref={`/history?by=application&country=${code}`}
    />
  );
}

export function NetworkView({ asn }: { readonly asn: number }) {
  const { data } = usePoll("by network", TOTAL_MS, () => client.groups("organisation"));
  const known = data?.find(({ key }) => key === `AS${asn}`);
  return (
    <Area
      title={known?.name ?? `AS${asn}`}
      beside={`AS${asn}`}
      said="this network"
      filter={`asn:${asn}`}
      known={known}
    />
  );
}

interface AreaProps {
  readonly title: string;
  readonly beside: string;
  readonly said: string;
  readonly filter: string;
  readonly known: GroupRow | undefined;
  readonly historyHref?: string;
}

function Area({ filter, known, historyHref, ...named }: AreaProps) {
  const { data } = usePoll(filter, EVERY_MS, () =>
    client.connections({ filter, limit: MAX_CONNECTIONS }),
  );
  const rows = useMemo(() => data?.connections ?? [], [data]);
  const total = known?.total;
  return (
    <>
      <Remote
        {...named}
        rows={rows}
        filter={filter}
        bytes={total}
        totalHead="Both, since start"
        totalText={
          total === undefined
            ? "nothing is remembered of it"
            : `down ${formatBytes(total.rxBytes)} · up ${formatBytes(total.txBytes)}`
        }
        historyHref={historyHref}
      >
        <RemoteList remotes={remotesOf(rows)} />
      </Remote>
      <Credits />
    </>
  );
}
