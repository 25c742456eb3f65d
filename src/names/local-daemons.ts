/** Daemons that Linux and macOS usually run on known local ports: a hint where the owner of a socket is not known. */

import { isMappedIpv4 } from "../model/address.ts";

interface LocalDaemon {
  readonly name: string;
  readonly protocol: number;
  readonly port: number;
  /** Last octets behind 127 that it listens on; without: any address of this host. */
  readonly loopback?: readonly [number, number, number];
}

const TCP = 6;
const UDP = 17;

const DAEMONS: readonly LocalDaemon[] = [
  // systemd-resolved.service(8): the stub, and the one that only forwards.
  ...[TCP, UDP].flatMap((protocol): LocalDaemon[] => [
    { name: "systemd-resolved", protocol, port: 53, loopback: [0, 0, 53] },
    { name: "systemd-resolved", protocol, port: 53, loopback: [0, 0, 54] },
    { name: "systemd-resolved", protocol, port: 5355 },
    { name: "rpcbind", protocol, port: 111 },
  ]),
  { name: "avahi-daemon", protocol: UDP, port: 5353 },
  { name: "cupsd", protocol: TCP, port: 631 },
  { name: "cups-browsed", protocol: UDP, port: 631 },
  { name: "sshd", protocol: TCP, port: 22 },
  { name: "chronyd", protocol: UDP, port: 323 },
  { name: "dhclient", protocol: UDP, port: 68 },
  { name: "tailscaled", protocol: UDP, port: 41_641 },
  { name: "containerd", protocol: TCP, port: 10_010 },
  { name: "kubelet", protocol: TCP, port: 10_250 },
];

/** "cupsd" for a socket of this host on TCP port 631; a guess from the port, to be shown as such. undefined: no guess. */
export function usualDaemon(local: {
  protocol: number;
  address: Uint8Array;
  port: number;
}): string | undefined {
  return DAEMONS.find((each) => {
    if (each.protocol !== local.protocol || each.port !== local.port) return false;
    return each.loopback === undefined || isLoopback(local.address, each.loopback);
  })?.name;
}

function isLoopback(address: Uint8Array, last: readonly [number, number, number]): boolean {
  if (!isMappedIpv4(address) || address[12] !== 127) return false;
  return last.every((value, i) => address[13 + i] === value);
}
