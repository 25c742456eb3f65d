// What a scenario is: traffic of known processes, and what a monitor that is right would say of it.
import type { World } from "../../test/e2e/world.ts";

export interface Scenario {
  /** For `--only`: s01 to s24 as in the public yardstick, x01 and on beyond it. */
  readonly id: string;
  readonly title: string;
  /** Makes the traffic between the host and the other end, on a stage where a monitor may look on. */
  run(stage: Stage): Promise<Measured | NotHere>;
}

/** This kernel cannot do it. */
export interface NotHere {
  readonly notHere: string;
}

export interface Stage {
  /** `a` is the host's own namespace. */
  readonly world: World;
  /** Of bytes, datagrams or connections: the full amount, or a part of it. */
  amount(full: number): number;
  /** Name for a generator of the host's end, known to no other process. */
  readonly name: string;
  /** Starts the monitor, once, and resolves when it counts. Default: the world's device of the host. */
  watch(where?: { devices?: readonly string[] }): Promise<void>;
  /** Time in which a monitor may look up a new connection, or a refresh may show an old one. */
  look(): Promise<void>;
}

/** A process of the host's end. */
export interface Expected {
  readonly pid: number;
  /** /proc/PID/comm. */
  readonly name: string;
  /** What its generator passed to send and got from receive; the lower bound of its bytes on the wire. */
  readonly rxPayloadBytes: number;
  readonly txPayloadBytes: number;
  /** A part of the path or the arguments that tells it from another one with the same pid. */
  readonly sign?: string;
  /** It carries a tunnel: its packets are the tunnel's outer ones, and must not count as traffic twice. */
  readonly carrier?: true;
}

export interface Wire {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
}

export interface Measured {
  readonly processes: readonly Expected[];
  /** IP packets with their headers, of these processes together, as the kernel counted them. */
  readonly wire: Wire;
  /** What nft counted at the other end of what the host sent; undefined where it sees something else. */
  readonly nftTxBytes?: number;
  /** Of each packet. Default: 20. */
  readonly ipHeaderBytes?: number;
  /** Link header of the device that monitors see. Default: 14. */
  readonly linkHeaderBytes?: number;
  /** What must be there until the monitor has answered. */
  readonly held?: AsyncDisposable;
  /** Payload is not compared: the calls move more than payload. */
  readonly withoutPayload?: true;
  /** The traffic is of no process of this host: it must be on none. */
  readonly forwarded?: true;
  /** Processes with the same name must be told apart. */
  readonly tellApart?: true;
}

export const NO_WIRE: Wire = { rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0 };

export function isNotHere(found: Measured | NotHere): found is NotHere {
  return "notHere" in found;
}
