/** Where the page is: the browser's own history, so that back works and every view is a link. */

import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { createStore, useStore } from "../store/create-store.ts";
import { type Route, routeOf } from "./routes.ts";

const here = createStore(location.pathname + location.search);

addEventListener("popstate", () => here.set(location.pathname + location.search));

export function useRoute(): Route {
  const url = new URL(useStore(here), location.origin);
  return routeOf(url.pathname, url.searchParams);
}

/** Path and query. */
export function useAddress(): string {
  return useStore(here);
}

/** @param keepPlace where the same view stays: what one looks at does not jump away. */
export function navigate(to: string, { keepPlace = false } = {}): void {
  if (to === here.get()) return;
  history.pushState(null, "", to);
  here.set(to);
  if (!keepPlace) scrollTo(0, 0);
}

/** No new entry of the browser's history. */
export function replaceAddress(to: string): void {
  history.replaceState(history.state, "", to);
  here.set(to);
}

/** A value of the address's query and how to change it; a change is no new entry of the history. */
export function useQuery(name: string): readonly [string, (value: string) => void] {
  const url = new URL(useStore(here), location.origin);
  return [url.searchParams.get(name) ?? "", (value) => setQuery({ [name]: value })];
}

export function setQuery(values: Readonly<Record<string, string>>): void {
  const url = new URL(here.get(), location.origin);
  for (const [name, value] of Object.entries(values)) {
    if (value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  replaceAddress(url.pathname + url.search);
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { readonly href: string };

export function Link({ href, children, ...rest }: LinkProps) {
  return (
    <a {...rest} href={href} onClick={(event) => follow(event, href)}>
      {children}
    </a>
  );
}

/** Follows a plain click; with a modifier the browser opens its tab or window. */
export function follow(event: MouseEvent, href: string): void {
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!isPlain || event.altKey || event.defaultPrevented) return;
  event.preventDefault();
  navigate(href);
}
