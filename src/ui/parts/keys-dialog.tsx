/** The list of keys. */

import { useEffect, useRef } from "react";
import { createStore, useStore } from "../store/create-store.ts";

const isOpen = createStore(false);

export function openKeysDialog(): void {
  isOpen.set(true);
}

const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [["/"], "filter"],
  [["↑", "↓"], "move in a table"],
  [["Enter"], "open"],
  [["c"], "copy the row as text"],
  [["l"], "limit the application"],
  [["p"], "pause the view, or go on"],
  [["g", "o"], "Overview"],
  [["g", "a"], "Applications"],
  [["g", "c"], "Connections"],
  [["g", "h"], "History"],
  [["g", "l"], "Limits"],
  [["g", "t"], "Alerts"],
  [["g", "e"], "Health"],
  [["←", "→"], "move in History's chart, with Shift choose, Enter look closer"],
  [["⌫"], "a step back there"],
  [[",", "."], "the time before, the time after"],
  [["Esc"], "leave the filter, close this"],
  [["?"], "this list"],
];

export function KeysDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = useStore(isOpen);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="keys-title"
      onClose={() => isOpen.set(false)}
      onClick={({ target }) => target === dialog.current && isOpen.set(false)}
    >
      <div className="dialog">
        <h2 id="keys-title">Keyboard</h2>
        <dl className="keys">
          {KEYS.map(([keys, does]) => (
            <div key={does}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <button type="button" onClick={() => isOpen.set(false)}>
          Close
        </button>
      </div>
    </dialog>
  );
}
