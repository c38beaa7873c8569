/** Runs conformance suites inside a browser: serves a page, opens it headless, and hears what it reports. */
import { createServer, type IncomingMessage } from "node:http";
import { resolve } from "node:path";
import { chromium } from "playwright";
import { createServer as createViteServer, type Plugin } from "vite";
import type { RunEvent, RunRequest } from "../test/conformance/run.ts";
import { chromiumFlags, ensureChromium } from "./chromium.mjs";
import { conformanceFiles } from "./conformance-plugin.mjs";
import { openInFirefox } from "./firefox.mjs";

export type BrowserName = "chromium" | "firefox";

/** How long a browser may take to open the page and get a device. */
const OPENING_MS = 90_000;
/** How long no case may end. */
const STANDSTILL_MS = 240_000;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>Conformance</title><script type="module" src="/test/conformance/page.ts"></script>';

/** What to do when a page has no device. */
const ADAPTER_HELP: Readonly<Record<BrowserName, string>> = {
  chromium: "",
  firefox: " Without a GPU, Firefox needs Mesa's Vulkan driver: sudo apt-get install -y mesa-vulkan-drivers.",
};

interface OpenBrowser {
  /** Settles with why, when the browser is no longer there. */
  readonly gone: Promise<string>;
  close(): Promise<void>;
}

async function openInChromium(url: string): Promise<OpenBrowser> {
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumFlags() });
  const page = await browser.newPage();
  const gone = new Promise<string>((settle) => {
    page.on("crash", () => settle("the page crashed"));
    page.on("pageerror", (error) => settle(`the page threw ${error.message}`));
    browser.on("disconnected", () => settle("Chromium ended"));
  });
  await page.goto(url);
  return { gone, close: () => browser.close() };
}

const OPEN: Readonly<Record<BrowserName, (url: string) => Promise<OpenBrowser>>> = {
  chromium: openInChromium,
  firefox: openInFirefox,
};

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

/** The page at "/", and what it posts. */
function reportingPage(hear: (event: RunEvent, userAgent: string) => void): Plugin {
  return {
    name: "corteza-conformance-page",
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const { pathname } = new URL(request.url ?? "/", "http://localhost");
        if (pathname === "/conformance-report" && request.method === "POST") {
          hear(JSON.parse(await bodyOf(request)) as RunEvent, request.headers["user-agent"] ?? "");
          response.end();
        } else if (pathname === "/") {
          response.setHeader("Content-Type", "text/html; charset=utf-8");
          response.end(PAGE);
        } else next();
      });
    },
  };
}

/**
 * Runs `request` in the browser and hands each event on. Throws when the browser is missing or ends, when the page breaks,
 * and when no case ends for four minutes; the browser and the server are closed in any case.
 */
export async function runInBrowser(
  name: BrowserName,
  request: RunRequest,
  emit: (event: RunEvent, userAgent: string) => void,
): Promise<void> {
  let finish: () => void = () => {};
  let breakOff: (why: Error) => void = () => {};
  const over = new Promise<void>((settle, reject) => {
    [finish, breakOff] = [settle, reject];
  });
  // It may break before anybody waits for it.
  over.catch(() => {});
  let watchdog = setTimeout(
    () => breakOff(new Error(`${name}: the page has not opened a device within ${OPENING_MS / 1000} s.`)),
    OPENING_MS,
  );
  let standing = "";
  let opened = false;
  const hear = (event: RunEvent, userAgent: string): void => {
    emit(event, userAgent);
    if (event.type === "opened") opened = true;
    if (event.type === "done") finish();
    if (event.type === "broken") breakOff(new Error(`${name}: ${event.message}${opened ? "" : ADAPTER_HELP[name]}`));
    const at = event.type === "progress" ? `${event.source} after ${event.cases} cases` : event.type;
    if (event.type === "progress" && at === standing) return;
    standing = at;
    const names = event.type === "progress" ? `, in ${event.underWay.join(", ")}` : "";
    clearTimeout(watchdog);
    watchdog = setTimeout(
      () => breakOff(new Error(`${name}: stands still at ${at}${names}: no case ended for ${STANDSTILL_MS / 1000} s.`)),
      STANDSTILL_MS,
    );
  };
  const vite = await createViteServer({
    configFile: false,
    root: resolve(import.meta.dirname, ".."),
    logLevel: "error",
    appType: "custom",
    plugins: [conformanceFiles(), reportingPage(hear)],
    // A server of Vite's own ends the process on a signal, before the browser is closed.
    server: { middlewareMode: true, watch: null, hmr: false, ws: false },
    optimizeDeps: { noDiscovery: true, include: [] },
  });
  const server = createServer(vite.middlewares);
  const onSignal = () => breakOff(new Error(`${name}: stopped.`));
  for (const signal of SIGNALS) process.on(signal, onSignal);
  let browser: OpenBrowser | undefined;
  try {
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("the page's server has no port");
    const query = new URLSearchParams({ request: JSON.stringify(request) });
    browser = await OPEN[name](`http://127.0.0.1:${address.port}/?${query}`);
    browser.gone.then((why) => breakOff(new Error(`${name}: ${why} before the run was over.`)));
    await over;
  } finally {
    clearTimeout(watchdog);
    await browser?.close();
    server.closeAllConnections();
    server.close();
    await vite.close();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
