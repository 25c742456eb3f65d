// The daemon's side of the launcher's contract: it learns that the launcher is gone, and counts one
// key press once.
import { Socket } from "node:net";

/**
 * A repetition of a signal within this time is the same wish, delivered twice. People are slower,
 * programs faster.
 */
export const SAME_PRESS_MS = 250;

/**
 * Calls `onGone` once when the launcher that started this process has died, by whatever cause, so
 * that no daemon outlives the command that started it. Undefined when this process has no launcher
 * above it: where Node can replace its process (see bin/launcher.mjs), the launcher has become the
 * daemon. Does not keep the process alive.
 */
export function watchParent(onGone: () => void): Disposable | undefined {
  const fd = process.env.MONITAURI_PARENT_FD;
  // Children of the daemon do not inherit the pipe and must not take another descriptor for it.
  delete process.env.MONITAURI_PARENT_FD;
  if (fd === undefined || !/^\d+$/.test(fd)) return undefined;
  const pipe = new Socket({ fd: Number(fd), readable: true, writable: false });
  // The launcher never writes: any end of the pipe, also an error, is the launcher's.
  pipe.on("error", () => {});
  pipe.once("close", onGone);
  pipe.resume();
  pipe.unref();
  return {
    [Symbol.dispose]() {
      pipe.off("close", onGone);
      pipe.destroy();
    },
  };
}

/**
 * Tells a second key press from the same one delivered twice: Ctrl-C in a terminal reaches the
 * whole process group, and npm as well as the launcher pass it on to a child that already has it
 * (measured: 1 ms apart). The function returned takes the time of a stop signal, in monotonic
 * milliseconds, and answers how many times the user has asked.
 */
export function pressCounter(): (atMs: number) => number {
  let presses = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  return (atMs) => {
    if (atMs - lastMs > SAME_PRESS_MS) {
      presses += 1;
      lastMs = atMs;
    }
    return presses;
  };
}
