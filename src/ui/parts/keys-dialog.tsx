/** The list of keys. */

import { createStore, useStore } from "../store/create-store.ts";
import { Modal } from "./modal.tsx";

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
  if (!useStore(isOpen)) return null;
  const close = () => isOpen.set(false);
  return (
    <Modal title="Keyboard" onClose={close} closesBeside>
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
      <button type="button" onClick={close}>
        Close
      </button>
    </Modal>
  );
}
