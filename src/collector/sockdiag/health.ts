/** What this way of counting can tell, and what it cannot. */

import type { CollectorHealth } from "../../model/snapshot.ts";
import { type Unavailable, unavailable } from "../../model/unavailable.ts";

export interface HealthFacts {
  readonly isRoot: boolean;
  readonly sockets: number;
  readonly limit: number;
  readonly overflow: number;
  /** The kernel reports sockets as they end. */
  readonly hearsEnds: boolean;
  /** Times that such reports were lost. */
  readonly lostEnds: number;
}

export function sockDiagHealth(facts: HealthFacts): CollectorHealth {
  return {
    source: "sock_diag",
    level: "TCP counters of the kernel, wire bytes from segment counts",
    missing: missing(facts),
    bounds: [
      {
        name: "sockets",
        used: facts.sockets,
        limit: facts.limit,
        whenFull: "further sockets are left out until others have closed",
      },
    ],
    overflowRxBytes: 0,
    overflowTxBytes: 0,
    overflowPayloadBytes: 0,
    processOverflow: 0,
    socketOverflow: facts.overflow,
    missedRuns: 0,
    lostObservations: 0,
    lostNames: 0,
    kernelBytes: 0,
  };
}

function missing(facts: HealthFacts): Unavailable[] {
  const remedy = facts.isRoot
    ? "make the eBPF collector work: see `monitauri doctor`"
    : "run with sudo";
  const found = [
    unavailable(
      "bytes of UDP, QUIC and ICMP per program",
      "the kernel keeps byte counters of TCP sockets only; UDP sockets show with zero bytes",
      remedy,
    ),
    unavailable(
      "programs of short connections",
      "the program of a connection that opens and closes between two readings is not known, unless it listens " +
        "on the port; connections in TIME-WAIT have no counters",
      remedy,
    ),
    unavailable(
      "traffic of containers and other network namespaces",
      "the kernel lists the sockets of one's own network namespace only",
      remedy,
    ),
  ];
  if (!facts.isRoot) {
    found.push(
      unavailable(
        "other users' programs",
        "their open files in /proc may not be read; their TCP connections show without a program",
        remedy,
      ),
    );
  }
  if (!facts.hearsEnds || facts.lostEnds > 0) {
    const reason = facts.hearsEnds
      ? `more sockets ended at once than the kernel could report (${facts.lostEnds} times)`
      : "the kernel does not report sockets as they end";
    found.push(unavailable("last bytes of closed connections", reason, remedy));
  }
  return found;
}
