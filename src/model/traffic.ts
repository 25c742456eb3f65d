/** Sums of traffic. */

import type { Traffic } from "./sample.ts";

export const NO_TRAFFIC: Traffic = {
  rxBytes: 0,
  txBytes: 0,
  rxPackets: 0,
  txPackets: 0,
  rxPayloadBytes: 0,
  txPayloadBytes: 0,
  rxDeviceBytes: 0,
  txDeviceBytes: 0,
};

export function addTraffic(a: Traffic, b: Traffic): Traffic {
  return {
    rxBytes: a.rxBytes + b.rxBytes,
    txBytes: a.txBytes + b.txBytes,
    rxPackets: a.rxPackets + b.rxPackets,
    txPackets: a.txPackets + b.txPackets,
    rxPayloadBytes: a.rxPayloadBytes + b.rxPayloadBytes,
    txPayloadBytes: a.txPayloadBytes + b.txPayloadBytes,
    rxDeviceBytes: a.rxDeviceBytes + b.rxDeviceBytes,
    txDeviceBytes: a.txDeviceBytes + b.txDeviceBytes,
  };
}
