/** Alerts: what fired, the rules that make it fire, and where it is sent. */

import { Header } from "../../parts/header.tsx";
import { Link } from "../../router/router.tsx";
import { Channels } from "./channels.tsx";
import { NotifyButton } from "./notify-button.tsx";
import { Rules } from "./rules.tsx";
import { Timeline } from "./timeline.tsx";

export const ALERT_TABS = ["log", "rules", "channels"] as const;
export type AlertTab = (typeof ALERT_TABS)[number];

const TABS: readonly { readonly tab: AlertTab; readonly href: string; readonly text: string }[] = [
  { tab: "log", href: "/alerts", text: "What fired" },
  { tab: "rules", href: "/alerts/rules", text: "Rules" },
  { tab: "channels", href: "/alerts/channels", text: "Where alerts go" },
];

export function Alerts({ tab }: { readonly tab: AlertTab }) {
  return (
    <>
      <Header title="Alerts" windowTitle="Alerts">
        <NotifyButton />
      </Header>
      <nav className="tabs" aria-label="Alerts">
        {TABS.map((one) => (
          <Link key={one.tab} href={one.href} aria-current={one.tab === tab ? "page" : undefined}>
            {one.text}
          </Link>
        ))}
      </nav>
      {tab === "log" ? <Timeline /> : null}
      {tab === "rules" ? <Rules /> : null}
      {tab === "channels" ? <Channels /> : null}
    </>
  );
}
