/** "This machine cannot": a missing ability as a value, with its reason and what to do about it. */

export interface Unavailable {
  readonly unavailable: true;
  /** What is missing, as a user would call it: "eBPF collector", "tcx device programs". */
  readonly feature: string;
  /** Why, with the state that was found: "the kernel has no BTF (/sys/kernel/btf/vmlinux is missing)". */
  readonly reason: string;
  /** What to do: "install a kernel with CONFIG_DEBUG_INFO_BTF=y". */
  readonly remedy: string;
}

export function unavailable(feature: string, reason: string, remedy: string): Unavailable {
  return { unavailable: true, feature, reason, remedy };
}

export function isUnavailable(value: unknown): value is Unavailable {
  return typeof value === "object" && value !== null && "unavailable" in value;
}
