/** What is known of a socket that waits, from its port alone. */

import { parseAddress } from "../model/address.ts";
import type { Listener } from "../model/monitauri.ts";
import { usualDaemon } from "./local-daemons.ts";
import type { Services } from "./services.ts";

const NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, dccp: 33, sctp: 132 };

/** The listener with its service, and where its owner may not be seen, with the daemon that is usual there. */
export function namedListener(listener: Listener, services: Services): Listener {
  const protocol = NUMBERS[listener.protocol] ?? 0;
  const port = listener.localPort;
  const address = parseAddress(listener.localAddress);
  const usual =
    listener.pid === null && address !== undefined
      ? usualDaemon({ protocol, address, port })
      : undefined;
  return { ...listener, service: services.nameOf(protocol, port), usualDaemon: usual };
}
