// An interface with a name as on a laptop, and a neighbour behind it: what the page shows of both is fit to be seen.
import { removeNamespace } from "../e2e/generators/leftovers.ts";
import { atEnd, type Place, place, RUN, run, runSync } from "../e2e/generators/place.ts";

export interface Network extends AsyncDisposable {
  readonly interface: string;
  readonly here: Place;
  readonly there: Place;
  /** Of the neighbour; from 203.0.113.0/24 and 2001:db8::/32, which are for examples (RFC 5737, RFC 3849). */
  readonly addresses: readonly string[];
}

const HERE = ["203.0.113.5/24", "2001:db8:a::5/64"];
const THERE = ["203.0.113.20", "203.0.113.77", "203.0.113.140", "203.0.113.201", "2001:db8:a::20"];

/** @throws where the name is taken or namespaces cannot be made. */
export async function openNetwork(name: string): Promise<Network> {
  const namespace = `${RUN}-n`;
  const ip = (...args: string[]) => run("ip", args);
  const close = () => {
    removeNamespace(namespace);
    runSync("ip", ["link", "del", name]);
  };
  await ip("netns", "add", namespace);
  const release = atEnd(close);
  await ip("link", "add", name, "type", "veth", "peer", "name", "uplink", "netns", namespace);
  for (const address of HERE) await ip("address", "add", address, "dev", name, "nodad");
  for (const address of THERE) {
    const length = address.includes(":") ? 64 : 24;
    await ip("-n", namespace, "address", "add", `${address}/${length}`, "dev", "uplink", "nodad");
  }
  await ip("-n", namespace, "link", "set", "uplink", "up");
  await ip("link", "set", name, "up");
  return {
    interface: name,
    here: place(),
    there: place(namespace),
    addresses: THERE,
    async [Symbol.asyncDispose]() {
      release();
      close();
    },
  };
}
