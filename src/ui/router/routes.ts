/** The addresses of the views (pure). Keys of applications stand in the query: a path would need its slashes escaped. */

export type Route =
  | { readonly view: "overview" }
  | { readonly view: "applications" }
  | { readonly view: "application"; readonly key: string }
  | { readonly view: "process"; readonly key: string; readonly pid: number }
  | { readonly view: "connections" }
  | { readonly view: "listening" }
  /** An address, or a host name with whatever addresses it has. */
  | { readonly view: "remote"; readonly address: string }
  | { readonly view: "host"; readonly name: string }
  /** All of a country, or of an autonomous system. */
  | { readonly view: "country"; readonly code: string }
  | { readonly view: "network"; readonly asn: number }
  | { readonly view: "places" }
  /** Its question is in the query: views/history/question.ts. */
  | { readonly view: "history" }
  | { readonly view: "alerts"; readonly tab: "log" | "rules" | "channels" }
  | { readonly view: "limits" }
  | { readonly view: "health" }
  | { readonly view: "nowhere" };

export function routeOf(path: string, query: URLSearchParams): Route {
  const key = query.get("key") ?? "";
  switch (path) {
    case "/":
      return { view: "overview" };
    case "/applications":
      return { view: "applications" };
    case "/application":
      return key === "" ? { view: "nowhere" } : { view: "application", key };
    case "/process": {
      const pid = Number(query.get("pid"));
      return Number.isInteger(pid) && pid > 0 ? { view: "process", key, pid } : { view: "nowhere" };
    }
    case "/connections":
      return { view: "connections" };
    case "/listening":
      return { view: "listening" };
    case "/remote": {
      const address = query.get("address") ?? "";
      return address === "" ? { view: "nowhere" } : { view: "remote", address };
    }
    case "/host": {
      const name = query.get("name") ?? "";
      return name === "" ? { view: "nowhere" } : { view: "host", name };
    }
    case "/country": {
      const code = query.get("code") ?? "";
      return /^[A-Z]{2}$/.test(code) ? { view: "country", code } : { view: "nowhere" };
    }
    case "/network": {
      const asn = Number(query.get("asn"));
      return Number.isInteger(asn) && asn > 0 ? { view: "network", asn } : { view: "nowhere" };
    }
    case "/places":
      return { view: "places" };
    case "/history":
      return { view: "history" };
    case "/alerts":
      return { view: "alerts", tab: "log" };
    case "/alerts/rules":
      return { view: "alerts", tab: "rules" };
    case "/alerts/channels":
      return { view: "alerts", tab: "channels" };
    case "/limits":
      return { view: "limits" };
    case "/health":
      return { view: "health" };
    default:
      return { view: "nowhere" };
  }
}

export function applicationPath(key: string): string {
  return `/application?key=${encodeURIComponent(key)}`;
}

export function processPath(key: string, pid: number): string {
  return `/process?key=${encodeURIComponent(key)}&pid=${pid}`;
}

export function remotePath(address: string): string {
  return `/remote?address=${encodeURIComponent(address)}`;
}

/** The past of an application or a remote, with what it did grouped the next way. */
export function historyPath(step: "application" | "remote", key: string): string {
  const by = step === "application" ? "remote" : "application";
  return `/history?by=${by}&${step}=${encodeURIComponent(key)}`;
}

export function hostPath(name: string): string {
  return `/host?name=${encodeURIComponent(name)}`;
}

export function countryPath(code: string): string {
  return `/country?code=${code}`;
}

export function networkPath(asn: number): string {
  return `/network?asn=${asn}`;
}
