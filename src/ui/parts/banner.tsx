/** Says above the view when the connection or the view stands still. */

import { momentText } from "../look/quantity.ts";
import { useStore } from "../store/create-store.ts";
import { link, pausedAtMs, retryNow, shown, togglePause } from "../store/live.ts";

export function Banner() {
  const state = useStore(link);
  const heldMs = useStore(pausedAtMs);
  const isSeen = useStore(shown) !== undefined;
  return (
    <div role="status">
      {state.state === "lost" ? (
        <p className="banner wrong">
          <span>
            The daemon does not answer since <b>{momentText(state.sinceMs, Date.now())}</b>.{" "}
            {isSeen
              ? "You see what it said last; the page goes on by itself when it is back."
              : "The page goes on by itself when it is back."}
          </span>
          <button type="button" onClick={retryNow}>
            Try now
          </button>
        </p>
      ) : null}
      {heldMs === undefined ? null : (
        <p className="banner">
          <span>
            Paused at <b>{momentText(heldMs, Date.now())}</b>. Counting goes on.
          </span>
          <button type="button" onClick={togglePause}>
            Go on
          </button>
        </p>
      )}
    </div>
  );
}
