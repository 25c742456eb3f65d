/** The page: navigation, what stands above every view, and the view of the address. */

import { Banner } from "./parts/banner.tsx";
import { Header } from "./parts/header.tsx";
import { KeysDialog } from "./parts/keys-dialog.tsx";
import { lazyView } from "./parts/lazy-view.tsx";
import { LimitConfirm } from "./parts/limit-confirm.tsx";
import { Side } from "./parts/side.tsx";
import { SignIn } from "./parts/sign-in.tsx";
import { Link, useRoute } from "./router/router.tsx";
import type { Route } from "./router/routes.ts";
import { useStore } from "./store/create-store.ts";
import { editing } from "./store/limits.ts";
import { link } from "./store/live.ts";

const Overview = lazyView(() =>
  import("./views/overview/overview.tsx").then((view) => view.Overview),
);
const Applications = lazyView(() =>
  import("./views/applications/applications.tsx").then((view) => view.Applications),
);
const ApplicationView = lazyView(() =>
  import("./views/application/application.tsx").then((view) => view.ApplicationView),
);
const ProcessView = lazyView(() =>
  import("./views/application/process.tsx").then((view) => view.ProcessView),
);
const Connections = lazyView(() =>
  import("./views/connections/connections.tsx").then((view) => view.Connections),
);
const Listening = lazyView(() =>
  import("./views/connections/listening.tsx").then((view) => view.Listening),
);
const AddressView = lazyView(() =>
  import("./views/remote/remote.tsx").then((view) => view.AddressView),
);
const HostView = lazyView(() => import("./views/remote/remote.tsx").then((view) => view.HostView));
const CountryView = lazyView(() =>
  import("./views/remote/area.tsx").then((view) => view.CountryView),
);
const NetworkView = lazyView(() =>
  import("./views/remote/area.tsx").then((view) => view.NetworkView),
);
const Places = lazyView(() => import("./views/places/places.tsx").then((view) => view.Places));
const History = lazyView(() => import("./views/history/history.tsx").then((view) => view.History));
const Alerts = lazyView(() => import("./views/alerts/alerts.tsx").then((view) => view.Alerts));
const Health = lazyView(() => import("./views/health/health.tsx").then((view) => view.Health));

const Limits = lazyView(() => import("./views/limits/limits.tsx").then((view) => view.Limits));
const LimitEditors = lazyView(() =>
  import("./views/limits/editors.tsx").then((view) => view.Editors),
);

export function App() {
  const route = useRoute();
  if (useStore(link).state === "unknown-session") return <SignIn />;
  return (
    <div className="shell">
      <Side />
      <main id="main">
        <Banner />
        <LimitConfirm />
        <View route={route} />
      </main>
      <KeysDialog />
      <Editors />
    </div>
  );
}

/** Their code comes when one is opened. */
function Editors() {
  return useStore(editing) === undefined ? null : <LimitEditors />;
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case "overview":
      return <Overview />;
    case "applications":
      return <Applications />;
    case "application":
      return <ApplicationView key={route.key} appKey={route.key} />;
    case "process":
      return <ProcessView key={route.pid} appKey={route.key} pid={route.pid} />;
    case "connections":
      return <Connections />;
    case "listening":
      return <Listening />;
    case "remote":
      return <AddressView key={route.address} address={route.address} />;
    case "host":
      return <HostView key={route.name} name={route.name} />;
    case "country":
      return <CountryView key={route.code} code={route.code} />;
    case "network":
      return <NetworkView key={route.asn} asn={route.asn} />;
    case "places":
      return <Places />;
    case "history":
      return <History />;
    case "alerts":
      return <Alerts tab={route.tab} />;
    case "limits":
      return <Limits />;
    case "health":
      return <Health />;
    case "nowhere":
      return (
        <>
          <Header title="Nothing here" windowTitle="Nothing here" />
          <p className="card quiet">
            There is no view at this address. <Link href="/">Go to the overview.</Link>
          </p>
        </>
      );
  }
}
