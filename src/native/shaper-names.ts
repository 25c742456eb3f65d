/** Devices of our own that limits shape with, by the direction that they are for. bpf/dropped.bpf.h knows how they begin. */
export const SHAPER_NAMES = { tx: "monitauri-up", rx: "monitauri-down" } as const;
