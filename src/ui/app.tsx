/** The page: navigation, what stands above every view, and the view of the address. */

import { Banner } from "./parts/banner.tsx";
import { Header } from "./parts/header.tsx";
import { KeysDialog } from "./parts/keys-dialog.tsx";
import { Side } from "./parts/side.tsx";
import { SignIn } from "./parts/sign-in.tsx";
import { Link, useRoute } from "./router/router.tsx";
import type { Route } from "./router/routes.ts";
import { useStore } from "./store/create-store.ts";
import { link } from "./store/live.ts";
import { ApplicationView } from "./views/application/application.tsx";
import { ProcessView } from "./views/application/process.tsx";
import { Applications } from "./views/applications/applications.tsx";
import { Connections } from "./views/connections/connections.tsx";
import { Listening } from "./views/connections/listening.tsx";
import { Health } from "./views/health/health.tsx";
import { Overview } from "./views/overview/overview.tsx";
import { AddressView, HostView } from "./views/remote/remote.tsx";

export function App() {
  const route = useRoute();
  if (useStore(link).state === "unknown-session") return <SignIn />;
  return (
    <div className="shell">
      <Side />
      <main id="main">
        <Banner />
        <View route={route} />
      </main>
      <KeysDialog />
    </div>
  );
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
