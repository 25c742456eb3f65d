/** Programs that are attached together: all of them, or none. */

import type { BpfLink } from "../native/bpf-object.ts";

export interface LinkGroup {
  /** Nothing where it is attached already. @throws what a step throws; those before it are undone then. */
  attach(): void;
  /** The last first. */
  detach(): void;
}

/** @param steps in their order; one that attaches nothing gives nothing back. */
export function createLinkGroup(
  steps: () => readonly (() => Pick<BpfLink, "close"> | undefined)[],
): LinkGroup {
  const links: Pick<BpfLink, "close">[] = [];
  let isAttached = false;

  function detach(): void {
    isAttached = false;
    for (const link of links.splice(0).reverse()) link.close();
  }

  return {
    attach() {
      if (isAttached) return;
      try {
        for (const step of steps()) {
          const link = step();
          if (link !== undefined) links.push(link);
        }
        isAttached = true;
      } catch (error) {
        detach();
        throw error;
      }
    },
    detach,
  };
}
