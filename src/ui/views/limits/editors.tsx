/** Whichever editor is open. */

import { useStore } from "../../store/create-store.ts";
import { editing } from "../../store/limits.ts";
import { LimitEditor } from "./limit-editor.tsx";
import { QuotaEditor } from "./quota-editor.tsx";

export function Editors() {
  const open = useStore(editing);
  if (open === undefined) return null;
  return open.kind === "limit" ? (
    <LimitEditor key={open.state?.rule.id ?? "new"} state={open.state} target={open.target} />
  ) : (
    <QuotaEditor key={open.quota?.id ?? "new"} quota={open.quota} />
  );
}
