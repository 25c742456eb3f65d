/** Copies what the view shows as text that spreadsheets take: columns with tabs between. */

import { useRef, useState } from "react";
import { asText, type TextTable } from "./text-table.ts";

const SAID_MS = 1_600;

export function CopyButton({ text }: { readonly text: () => TextTable | Promise<TextTable> }) {
  const [said, say] = useState("Copy");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const copy = async () => {
    clearTimeout(timer.current);
    try {
      const rows = await text();
      await navigator.clipboard.writeText(asText(rows));
      say(`Copied ${Math.max(0, rows.length - 1)} rows`);
    } catch {
      say("Cannot copy here");
    }
    timer.current = setTimeout(() => say("Copy"), SAID_MS);
  };
  return (
    <button type="button" className="wide-only" onClick={() => void copy()}>
      <span aria-live="polite">{said}</span>
    </button>
  );
}
