/** The head of a view: where one is, and what of the traffic is looked at. */

import { type ReactNode, useEffect } from "react";
import { useStore } from "../store/create-store.ts";
import { interfaces, pausedAtMs, togglePause } from "../store/live.ts";
import { isScope, scopeLabel } from "../store/scope.ts";
import { SPANS, scope, span } from "../store/settings.ts";
import { Menu } from "./menu.tsx";
import { Segmented } from "./segmented.tsx";

export interface HeaderProps {
  readonly title: ReactNode;
  /** Of the browser's window, where the title is no text. */
  readonly windowTitle: string;
  /** Where it belongs to, as links. */
  readonly trail?: ReactNode;
  readonly withSpan?: boolean;
  readonly withScope?: boolean;
  readonly children?: ReactNode;
}

export function Header(props: HeaderProps) {
  const { title, windowTitle, trail, withSpan = false, withScope = false, children } = props;
  useEffect(() => {
    document.title = windowTitle === "" ? "Monitauri" : `${windowTitle} · Monitauri`;
  }, [windowTitle]);
  return (
    <header className="head">
      <div className="title">
        {trail === undefined ? null : <p className="trail">{trail}</p>}
        <h1>{title}</h1>
      </div>
      <div className="tools">
        {children}
        {withScope ? <ScopeChooser /> : null}
        {withSpan ? <SpanChooser /> : null}
        <PauseButton />
        <Menu />
      </div>
    </header>
  );
}

function ScopeChooser() {
  const chosen = useStore(scope);
  const names = useStore(interfaces).filter(({ kind }) => kind !== "loopback");
  const options = [
    { value: "all", text: "All networks" },
    ...names.map(({ name }) => ({ value: `if:${name}`, text: name })),
    { value: "loopback", text: "Loopback" },
  ];
  // One that is gone stays chosen, and says so.
  if (!options.some(({ value }) => value === chosen)) {
    options.push({ value: chosen, text: `${scopeLabel(chosen)} (gone)` });
  }
  return (
    <select
      aria-label="Interface"
      value={chosen}
      onChange={({ target }) => isScope(target.value) && scope.set(target.value)}
    >
      {options.map(({ value, text }) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

function SpanChooser() {
  return (
    <Segmented
      label="Time shown"
      options={SPANS.map((minutes) => ({
        value: minutes,
        text: (
          <>
            {minutes}
            <span className={minutes === 15 ? "" : "wide-only"}> min</span>
          </>
        ),
      }))}
      value={useStore(span)}
      onChange={(minutes) => span.set(minutes)}
    />
  );
}

function PauseButton() {
  const isPaused = useStore(pausedAtMs) !== undefined;
  return (
    <button type="button" aria-pressed={isPaused} onClick={togglePause} title="p">
      {isPaused ? "Go on" : "Pause"}
    </button>
  );
}
