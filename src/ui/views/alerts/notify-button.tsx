/** Whether this browser shows alerts as notifications of its own. */

import { useState } from "react";
import { useStore } from "../../store/create-store.ts";
import { notifies } from "../../store/settings.ts";

export function NotifyButton() {
  const isOn = useStore(notifies);
  const [isRefused, setRefused] = useState(
    "Notification" in globalThis && Notification.permission === "denied",
  );
  if (!("Notification" in globalThis)) return null;
  const toggle = async () => {
    if (isOn) return notifies.set(false);
    const answer = await Notification.requestPermission();
    setRefused(answer === "denied");
    notifies.set(answer === "granted");
  };
  return (
    <button
      type="button"
      aria-pressed={isOn && !isRefused}
      disabled={isRefused}
      title={
        isRefused
          ? "This browser refuses notifications of this page; allow them in its settings"
          : "Alerts as notifications of this browser, while the page is open in a tab"
      }
      onClick={() => void toggle()}
    >
      Notify me here
    </button>
  );
}
