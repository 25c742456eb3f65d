/** Names to choose from, of what has used the network. */

import type { LimitKind } from "../../../model/limit.ts";
import { useStore } from "../../store/create-store.ts";
import { targetFor } from "../../store/limits.ts";
import { interfaces } from "../../store/live.ts";
import { useApplications } from "../../store/status.ts";

/** A longer list helps nobody to choose. */
const MOST = 200;

export function useSuggestions(kind: LimitKind): readonly string[] {
  const names = useStore(interfaces);
  const rows = (useApplications() ?? []).filter(({ remainder }) => remainder === null);
  const of = (): readonly (string | null | undefined)[] => {
    switch (kind) {
      case "application":
        return rows.map(({ key, application, path }) => {
          const target = targetFor({ key, name: application, path });
          return target.kind === "application" ? target.pattern : undefined;
        });
      case "interface":
        return names.filter((one) => one.kind !== "loopback").map(({ name }) => name);
      case "user":
        return rows.map(({ user }) => user);
      case "container":
        return rows.map(({ container }) => container?.name ?? container?.id);
      case "unit":
        return rows.map(({ unit }) => unit);
      default:
        return [];
    }
  };
  const known = of().filter((name) => name !== null && name !== undefined && name !== "");
  return [...new Set(known as string[])].slice(0, MOST);
}

export function Suggestions({
  id,
  values,
}: {
  readonly id: string;
  readonly values: readonly string[];
}) {
  return (
    <datalist id={id}>
      {values.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}
