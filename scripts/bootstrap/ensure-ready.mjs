// Installs what the lockfile asks for and builds what is stale; does nothing, in milliseconds, when
// all is in place.
import { build, isBuilt } from "./build.mjs";
import { install, isInstalled } from "./install.mjs";
import { BootstrapError } from "./steps.mjs";
import { takeTurn } from "./turn.mjs";

/**
 * True when the checkout at `root` is installed and built; false after saying on stderr why it is
 * not.
 */
export async function ensureReady(root, { rebuild = false } = {}) {
  let endTurn;
  try {
    if (!rebuild && isInstalled(root) && isBuilt(root)) return true;
    endTurn = await takeTurn(root);
    // Somebody else may have done it meanwhile.
    if (!isInstalled(root)) await install(root);
    if (rebuild || !isBuilt(root)) await build(root);
    return true;
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    console.error(`monitauri: ${error.message}`);
    return false;
  } finally {
    endTurn?.();
  }
}
