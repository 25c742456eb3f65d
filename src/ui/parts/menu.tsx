/** What is set once: units, theme; and the way to the list of keys. */

import { useEffect, useRef } from "react";
import { useStore } from "../store/create-store.ts";
import { namesHidden, THEMES, theme, UNITS, units } from "../store/settings.ts";
import { Icon } from "./icons.tsx";
import { openKeysDialog } from "./keys-dialog.tsx";
import { Segmented } from "./segmented.tsx";

const THEME_NAMES = { system: "System", light: "Light", dark: "Dark" } as const;
const UNIT_NAMES = { bits: "bit/s", bytes: "B/s" } as const;

/** Hidden: for a picture that others see. */
const NAMES = [
  { value: "shown", text: "Shown" },
  { value: "hidden", text: "Hidden" },
] as const;

export function Menu() {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const { current } = menu;
      if (current === null || !current.open) return;
      const isEscape = event instanceof KeyboardEvent && event.key === "Escape";
      const isOutside = event.type === "pointerdown" && !current.contains(event.target as Node);
      if (isEscape || isOutside) current.open = false;
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details className="menu" ref={menu}>
      <summary className="button" aria-label="Settings" title="Settings">
        <Icon name="more" />
      </summary>
      <div className="sheet">
        <p>
          Rates in
          <Segmented
            small
            label="Rates in"
            options={UNITS.map((value) => ({ value, text: UNIT_NAMES[value] }))}
            value={useStore(units)}
            onChange={(value) => units.set(value)}
          />
        </p>
        <p>
          Theme
          <Segmented
            small
            label="Theme"
            options={THEMES.map((value) => ({ value, text: THEME_NAMES[value] }))}
            value={useStore(theme)}
            onChange={(value) => theme.set(value)}
          />
        </p>
        <p>
          Names
          <Segmented
            small
            label="Names"
            options={NAMES}
            value={useStore(namesHidden) ? "hidden" : "shown"}
            onChange={(value) => namesHidden.set(value === "hidden")}
          />
        </p>
        <button
          type="button"
          className="ghost wide"
          onClick={() => {
            if (menu.current !== null) menu.current.open = false;
            openKeysDialog();
          }}
        >
          Keyboard <kbd>?</kbd>
        </button>
      </div>
    </details>
  );
}
