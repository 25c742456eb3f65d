/** What is known of connections under one roof: who talks, who waits to be talked to, and where the others are. */

import { Link, useRoute } from "../../router/router.tsx";

const TABS = [
  { href: "/connections", text: "Talking", view: "connections" },
  { href: "/listening", text: "Listening", view: "listening" },
  { href: "/places", text: "Places", view: "places" },
] as const;

export function Tabs() {
  const { view } = useRoute();
  return (
    <nav className="tabs" aria-label="Connections">
      {TABS.map((tab) => (
        <Link key={tab.href} href={tab.href} aria-current={tab.view === view ? "page" : undefined}>
          {tab.text}
        </Link>
      ))}
    </nav>
  );
}
