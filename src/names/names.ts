/** Everything that is found out of flows from their first packets: the other end's name and what is spoken.
 *
 * Runs in the sampling thread, between the collector and the sampler; its cost follows new flows. */

import { addressText } from "../model/address.ts";
import type { FlowFacts, HostName, LearnedFacts, SpokenProtocol } from "../model/naming.ts";
import type { Observation } from "../model/observation.ts";
import type { Process } from "../model/process.ts";
import type { FlowTable, Snapshot } from "../model/snapshot.ts";
import { FlowNames } from "./flow-names.ts";
import { spokenProtocol } from "./protocol.ts";
import { RecentMap } from "./recent-map.ts";
import { readServices, type Services } from "./services.ts";

/** Flows of which one direction's first bytes wait for the other's; each has 4 kB at most. */
export const STARTING_FLOWS_LIMIT = 2_048;
/** Addresses with a name, as many as the sampler keeps remotes. */
export const HOSTS_LIMIT = 10_000;
/** login.defs(5): below it are the users of system services, such as a resolver that asks for everybody. */
const FIRST_PERSON_UID = 1_000;

export interface Names {
  /** What a snapshot's first packets told, of each flow the last word. */
  learn(snapshot: Snapshot): LearnedFacts[];
  /** The name that a connection to this address had last; undefined: none had one. */
  hostOf(address: string): HostName | undefined;
  /** Packets that no reader could make sense of without a mistake of its own; 0, or something is wrong here. */
  readonly faults: number;
}

/** Of FLOW_KINDS. */
const SOCKET = 0;

interface Starting {
  readonly serial: number;
  readonly sent: Observation | undefined;
  readonly received: Observation | undefined;
}

export function createNames(services: Services = readServices()): Names {
  const uids = new Map<Process["id"], number>();
  const flows = new FlowNames({ mayName: (told, user) => mayName(uids.get(told), uids.get(user)) });
  const starting = new RecentMap<number, Starting>(STARTING_FLOWS_LIMIT);
  const hosts = new RecentMap<string, HostName>(HOSTS_LIMIT);
  /** Serials of the flows that live, and those of them whose first packets were seen. */
  const seen = new Map<number, number>();
  const told = new Set<number>();
  let faults = 0;

  function learn(snapshot: Snapshot): LearnedFacts[] {
    const { observations, processes, exited, flows: table, atMs } = snapshot;
    for (const { id, uid } of processes) if (uid !== undefined) uids.set(id, uid);
    const learned = new Map<number, LearnedFacts>();
    for (const observation of observations) {
      try {
        const facts = factsFrom(observation);
        const { index, serial } = observation;
        if (facts === undefined) continue;
        learned.set(index, { index, serial, facts });
        told.add(index);
      } catch {
        faults += 1; // hostile bytes must not end the counting
      }
    }
    for (const facts of guesses(table, atMs)) learned.set(facts.index, facts);
    forgetClosed(table);
    for (const id of exited) uids.delete(id);
    return [...learned.values()];
  }

  /** undefined: nothing that was not known before. */
  function factsFrom(observation: Observation): FlowFacts | undefined {
    const { kind, index, serial } = observation;
    const changed = flows.observe(observation);
    if (kind === "dns") return undefined;
    const start = addStart(observation);
    const { name: host, spoken } = changed ?? flows.factsOf(index, serial) ?? {};
    if (host !== undefined) hosts.set(addressText(observation.remoteAddress), host);
    return { host, spoken: spoken ?? spokenBy(start, services) };
  }

  /** Of connections older than this daemon no first packet is known: their port and the DNS still say something. */
  function* guesses(table: FlowTable, atMs: number): Generator<LearnedFacts> {
    for (let row = 0; row < table.length; row++) {
      const index = table.index[row] as number;
      const serial = table.serial[row] as number;
      if (seen.get(index) === serial) continue;
      seen.set(index, serial);
      const remotePort = table.remotePort[row] as number;
      if (told.has(index) || remotePort === 0 || table.kind[row] !== SOCKET) continue;
      const address = table.addresses.subarray(row * 32 + 16, row * 32 + 32);
      const process = table.process[row] as number;
      const host = flows.dns.lookup({ address, process, atMs });
      const protocol = table.protocol[row] as number;
      const localPort = table.localPort[row] as number;
      const spoken = spokenProtocol({ protocol, localPort, remotePort }, services);
      if (host !== undefined || spoken !== undefined)
        yield { index, serial, facts: { host, spoken } };
    }
  }

  function addStart(observation: Observation): Starting {
    const { index, serial, kind } = observation;
    const before = starting.delete(index);
    const known = before?.serial === serial ? before : undefined;
    const start: Starting = {
      serial,
      sent: known?.sent ?? (kind === "first-sent" ? observation : undefined),
      received: known?.received ?? (kind === "first-received" ? observation : undefined),
    };
    if (start.sent === undefined || start.received === undefined) starting.set(index, start);
    return start;
  }

  function forgetClosed({ length, closed, index, serial }: FlowTable): void {
    for (let row = 0; row < length; row++) {
      if (closed[row] !== 1) continue;
      seen.delete(index[row] as number);
      told.delete(index[row] as number);
      flows.forget(index[row] as number, serial[row] as number);
      if (starting.peek(index[row] as number)?.serial === serial[row]) {
        starting.delete(index[row] as number);
      }
    }
  }

  return {
    learn,
    hostOf: (address) => hosts.get(address),
    get faults() {
      return faults;
    },
  };
}

function spokenBy({ sent, received }: Starting, services: Services): SpokenProtocol | undefined {
  const one = sent ?? received;
  if (one === undefined) return undefined;
  const { protocol, localPort, remotePort } = one;
  return spokenProtocol(
    {
      protocol,
      localPort,
      remotePort,
      sent: sent?.bytes,
      received: received?.bytes,
      sentPayloadBytes: sent?.payloadBytes,
      receivedPayloadBytes: received?.payloadBytes,
    },
    services,
  );
}

/** An answer that one program got from a server of its own must not name the connections of another user's. */
function mayName(told: number | undefined, user: number | undefined): boolean {
  return told !== undefined && (told < FIRST_PERSON_UID || told === user);
}
