/** Views whose code comes when they are opened, or a moment after the page stands: the first view waits for none of
 * the others. */

import { type ComponentType, useEffect, useState } from "react";

type Load = () => Promise<unknown>;

const others: Load[] = [];

/** A component in whose place `load` puts the real one. Must be made once, outside of any component. */
export function lazyView<P extends object>(
  load: () => Promise<ComponentType<P>>,
): ComponentType<P> {
  let found: ComponentType<P> | undefined;
  const get = async () => {
    found ??= await load();
  };
  others.push(get);
  return function Lazy(props: P) {
    const [state, setState] = useState<"coming" | "here" | "missing">("coming");
    useEffect(() => {
      if (found !== undefined) return;
      let isOver = false;
      const say = (next: "here" | "missing") => !isOver && setState(next);
      get().then(
        () => say("here"),
        () => say("missing"),
      );
      return () => {
        isOver = true;
      };
    }, []);
    if (found !== undefined) {
      const View = found;
      return <View {...props} />;
    }
    return state === "missing" ? <Missing /> : <Coming />;
  };
}

/** Fetches what was not needed yet: each view then opens at once, also after the daemon was replaced by a newer one
 * that has no such files. What fails is tried again when its view is opened. */
export function fetchOtherViews(): void {
  const one = async () => {
    await others
      .shift()?.()
      .catch(() => undefined);
    if (others.length > 0) setTimeout(one, PAUSE_MS);
  };
  setTimeout(one, FIRST_MS);
}

/** The page draws its first ticks before. */
const FIRST_MS = 2_500;
const PAUSE_MS = 200;

/** On this machine's own network a view comes within a few milliseconds: words would only flash. */
const QUIET_MS = 400;

function Coming() {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p className="quiet" data-coming="">
      {isLong ? "Opening …" : ""}
    </p>
  );
}

function Missing() {
  return (
    <p className="banner" role="alert">
      <span>
        This view did not come from the daemon: it does not answer, or is a newer one than this
        page. Load the page again.
      </span>
      <button type="button" onClick={() => location.reload()}>
        Load again
      </button>
    </p>
  );
}
