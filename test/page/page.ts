// The page as people meet it: a built daemon that serves it, and Debian's Chromium that opens it.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { killGroup } from "../e2e/generators/place.ts";
import { MAIN } from "../e2e/real-daemon.ts";
import { host } from "../e2e/world.ts";

export const CHROMIUM = "/usr/bin/chromium";
/** A machine that is busy with other tests takes its time. */
const WAIT_MS = 45_000;

export interface ServedDaemon extends AsyncDisposable {
  readonly pid: number;
  /** "http://127.0.0.1:8473" */
  readonly origin: string;
  readonly port: number;
  /** An address with a fresh code. */
  invite(): Promise<string>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** As Ctrl-C does. */
  stop(): Promise<void>;
}

export interface ServeOptions {
  readonly data: string;
  /** 0: any that is free. */
  readonly port?: number;
  readonly interval?: string;
}

/** @throws when it does not say where its page is. */
export async function serveDaemon({
  data,
  port = 0,
  interval,
}: ServeOptions): Promise<ServedDaemon> {
  const args = [MAIN, "start", "--no-open", "--data", data, "--port", String(port)];
  if (interval !== undefined) args.push("--interval", interval);
  const child = host.spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  let said = "";
  const ready = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`No page within ${WAIT_MS / 1000} s:\n${said}`)),
      WAIT_MS,
    );
    const hear = (text: string) => {
      said += text;
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (address === undefined || !/Ctrl-C/.test(said)) return;
      clearTimeout(timer);
      resolve(address);
    };
    child.stdout?.setEncoding("utf8").on("data", hear);
    child.stderr?.setEncoding("utf8").on("data", hear);
    void ended.then(() => reject(new Error(`The daemon ended:\n${said}`)));
  });
  const kill = async () => {
    killGroup(child);
    await ended;
  };
  const origin = await ready.catch(async (error) => {
    await kill();
    throw error;
  });
  return {
    pid: child.pid ?? 0,
    origin,
    port: Number(new URL(origin).port),
    async invite() {
      const text = await host.exec(process.execPath, [MAIN, "open", "--print", "--data", data]);
      const [address = ""] = /http:\/\/\S+#code=\S+/.exec(text) ?? [];
      return address;
    },
    kill,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** What is missing for such tests, as a sentence; undefined: nothing. */
export function whyNoBrowser(): string | undefined {
  return existsSync(CHROMIUM) ? undefined : `not installed: chromium (${CHROMIUM})`;
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    // As root Chromium refuses to start with its sandbox.
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--force-color-profile=srgb",
    ],
  });
}

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  readonly scale?: number;
}

export function openContext(browser: Browser, look: Look = {}): Promise<BrowserContext> {
  const { width = 1440, height = 980, theme = "light", scale = 1 } = look;
  return browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    deviceScaleFactor: scale,
    reducedMotion: "reduce",
    locale: "en-US",
  });
}

/** Signs in and waits for the first numbers. */
export async function openPage(context: BrowserContext, daemon: ServedDaemon): Promise<Page> {
  const page = await context.newPage();
  await page.goto(await daemon.invite());
  await page.waitForSelector(".nums .digits");
  return page;
}
