/** Runs the live screen: samples, answers and keys go into the state, the state goes onto the terminal. */

import { setTimeout as sleep } from "node:timers/promises";
import { MonitauriError } from "../../model/error.ts";
import type { Monitauri } from "../../model/monitauri.ts";
import { type Press, pressed } from "./keys.ts";
import { layout, pageOf } from "./layout.ts";
import { isUnicode, paint } from "./paint.ts";
import { createQuestions } from "./questions.ts";
import { type ControlLetter, openScreen, type Screen } from "./screen.ts";
import { firstState, withSample } from "./state.ts";

export interface TopOptions {
  readonly bytes: boolean;
  readonly filter: string;
}

const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
/** As a shell reports a program that a signal ended. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Until the user leaves; resolves to the exit code. */
export async function runTop(daemon: Monitauri, options: TopOptions): Promise<number> {
  const { promise: left, resolve: leave } = Promise.withResolvers<number>();
  const abort = new AbortController();
  const ascii = !isUnicode(process.env);
  const colorDepth = process.stdout.getColorDepth();
  const questions = createQuestions(daemon, () => performance.now());
  let state = firstState(options);

  const screen: Screen = openScreen({
    pressed: onPress,
    control: onControl,
    cleared: () => setImmediate(draw),
  });
  process.on("SIGTSTP", screen.suspend);
  for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => leave(code));

  function size() {
    const { columns = 80, rows = 24 } = process.stdout;
    return { columns, rows };
  }

  function draw(): void {
    if (abort.signal.aborted) return;
    const lines = layout(state, { ...size(), ascii });
    screen.draw(lines.map((line) => paint(line, { colorDepth, ascii })));
  }

  function onPress(press: Press): void {
    if ("text" in press && press.text === "q" && state.typing === undefined) return leave(0);
    state = pressed(state, press, pageOf(size()));
    draw();
    void refresh();
  }

  function onControl(letter: ControlLetter): void {
    if (letter === "c" || letter === "d") leave(0);
    else if (letter === "z") screen.suspend();
  }

  let asking = false;
  let again = false;
  async function refresh(): Promise<void> {
    again = asking;
    if (asking || state.lost !== undefined) return;
    asking = true;
    try {
      const change = await questions.ask(state, performance.now());
      state = change(state);
    } catch (error) {
      // The stream says what there is to say when the daemon is gone.
      if (!(error instanceof MonitauriError)) throw error;
    } finally {
      asking = false;
    }
    draw();
    if (again) await refresh();
  }

  /** One sample after the other, also of daemons that come later. */
  async function follow(): Promise<void> {
    let after = 0;
    for (let waitMs = SHORTEST_WAIT_MS; !abort.signal.aborted; ) {
      let reason = "it has ended";
      try {
        for await (const sample of daemon.live({ after })) {
          if (abort.signal.aborted) return;
          if (state.lost !== undefined) questions.forget();
          after = sample.id;
          waitMs = SHORTEST_WAIT_MS;
          state = withSample(state, sample);
          // Draws when the answers are there: once for each sample. What comes in one piece is shown as one.
          setImmediate(() => void refresh());
        }
      } catch (error) {
        if (!(error instanceof MonitauriError)) throw error;
        reason = error.message;
      }
      if (abort.signal.aborted) return;
      state = { ...state, lost: `The daemon is gone (${reason}). Trying again until it is back.` };
      draw();
      await sleep(waitMs, undefined, { signal: abort.signal }).catch(() => undefined);
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
    }
  }

  try {
    draw();
    return await Promise.race([left, follow().then(() => 0)]);
  } finally {
    abort.abort();
    screen.close();
  }
}
