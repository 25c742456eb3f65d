/** The navigation, and in its corner how far the numbers can be trusted. */

import { Link, useRoute } from "../router/router.tsx";
import type { Route } from "../router/routes.ts";
import { useUnread } from "../store/alerts.ts";
import { useLimits } from "../store/limits.ts";
import { useAskedStatus } from "../store/status.ts";
import { type ICONS, Icon, Logo } from "./icons.tsx";
import { useTrust } from "./use-trust.ts";

interface Entry {
  readonly href: string;
  readonly text: string;
  readonly icon: keyof typeof ICONS;
  readonly views: readonly Route["view"][];
}

const ENTRIES: readonly Entry[] = [
  { href: "/", text: "Overview", icon: "overview", views: ["overview"] },
  {
    href: "/applications",
    text: "Applications",
    icon: "applications",
    views: ["applications", "application", "process"],
  },
  {
    href: "/connections",
    text: "Connections",
    icon: "connections",
    views: ["connections", "listening", "remote", "host", "country", "network", "places"],
  },
  { href: "/history", text: "History", icon: "history", views: ["history"] },
  { href: "/limits", text: "Limits", icon: "limits", views: ["limits"] },
  { href: "/alerts", text: "Alerts", icon: "alerts", views: ["alerts"] },
  { href: "/health", text: "Health", icon: "health", views: ["health"] },
];

export function Side() {
  const { view } = useRoute();
  const trust = useTrust(useAskedStatus().data);
  const unread = useUnread() ?? 0;
  const limits = useLimits()?.limits.length ?? 0;
  return (
    <nav className="side" aria-label="Views">
      <Link href="/" className="brand" aria-label="Monitauri, overview">
        <Logo />
        <span>Monitauri</span>
      </Link>
      {ENTRIES.map(({ href, text, icon, views }) => (
        <Link
          key={href}
          href={href}
          className="entry"
          title={text}
          aria-current={views.includes(view) ? "page" : undefined}
        >
          <Icon name={icon} />
          <span>{text}</span>
          {icon === "alerts" && unread > 0 ? <Badge count={unread} /> : null}
          {icon === "limits" && limits > 0 ? (
            <b className="count">
              {limits}
              <span className="unseen"> set</span>
            </b>
          ) : null}
          {icon === "health" && !trust.isFull ? (
            <i className="lamp less" aria-hidden="true" />
          ) : null}
        </Link>
      ))}
      <Link
        href="/health"
        className={trust.isFull ? "trust" : "trust less"}
        title={trust.isFull ? `${trust.counting}: ${trust.detail}` : trust.reasons.join("; ")}
      >
        <i className={trust.isFull ? "lamp" : "lamp less"} aria-hidden="true" />
        <span>
          {trust.counting}
          <small>{trust.detail}</small>
        </span>
      </Link>
    </nav>
  );
}

const MOST_SHOWN = 99;

function Badge({ count }: { readonly count: number }) {
  return (
    <b className="badge">
      {count > MOST_SHOWN ? `${MOST_SHOWN}+` : count}
      <span className="unseen"> unread</span>
    </b>
  );
}
