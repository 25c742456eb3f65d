/** Ends this process at once. process.exit() waits for every thread, and one may hang in a system call: reading of a
 * network file system that does not answer, for example. */

import koffi from "koffi";

/** _exit(2): all threads end and the kernel takes back what they held; no handler runs. */
export const endProcess: (code: number) => void = koffi.load(null).func("void _exit(int code)");
