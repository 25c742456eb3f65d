/** What a limit would do, said by the daemon before anything is done. */

import { useEffect, useState } from "react";
import type { LimitPreview } from "../../../model/limit.ts";
import { client } from "../../store/live.ts";
import type { Wish } from "./draft.ts";

/** After the last key: nobody reads an answer to half a word. */
const PAUSE_MS = 600;

export interface Previewed {
  readonly found: LimitPreview | undefined;
  /** Why it cannot be. */
  readonly problem: string | undefined;
}

/** undefined until the first answer. */
export function usePreview(wish: Wish | string, id: string | undefined): Previewed | undefined {
  const [previewed, set] = useState<Previewed | undefined>(undefined);
  const asked = typeof wish === "string" ? undefined : JSON.stringify(wish);
  useEffect(() => {
    set(undefined);
    if (asked === undefined) return;
    let isOver = false;
    const timer = setTimeout(() => {
      client.previewLimit(JSON.parse(asked) as Wish, id).then(
        (found) => !isOver && set({ found, problem: undefined }),
        (error: unknown) =>
          !isOver &&
          set({
            found: undefined,
            problem: error instanceof Error ? error.message : String(error),
          }),
      );
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [asked, id]);
  return previewed;
}

export function Preview({ found }: { readonly found: Previewed | undefined }) {
  const preview = found?.found;
  return (
    <>
      {preview?.warnings.map((text) => (
        <p className="lead" key={text}>
          Note: {text}.
        </p>
      ))}
      {preview?.touchesSession ? (
        <p className="lead">
          It touches the connection that this page comes over: it is taken back after 15 seconds
          unless you confirm it.
        </p>
      ) : null}
      <details className="dry-run">
        <summary>What will be done</summary>
        {preview === undefined ? (
          <p className="lead">{found === undefined ? "…" : "Nothing, as it is now."}</p>
        ) : preview.lines.length === 0 ? (
          <p className="lead">Nothing now.</p>
        ) : (
          <pre tabIndex={0}>{preview.lines.join("\n")}</pre>
        )}
      </details>
    </>
  );
}
