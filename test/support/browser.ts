/** What tests of whole pages need: a Chromium of their own and a server for a folder. They run in Node. */
import { createReadStream } from "node:fs";
import { mkdtemp, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, resolve, sep } from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { build } from "vite";
import { chromiumFlags, ensureChromium } from "../../scripts/chromium.mjs";

export interface BrowserOptions {
  /** False: `navigator.gpu` is there, but gives no adapter, as on many people's machines. Default true. */
  webgpu?: boolean;
  /** More command-line flags. */
  args?: readonly string[];
}

/** The Chromium that the other tests use; `close()` it. */
export function launchBrowser({ webgpu = true, args = [] }: BrowserOptions = {}): Promise<Browser> {
  return chromium.launch({ executablePath: ensureChromium(), args: [...chromiumFlags({ webgpu }), ...args] });
}

/** Builds the demo as `npm run build:demo` does, into a temporary folder, which whoever asks removes. */
export async function buildDemo(): Promise<string> {
  const site = await mkdtemp(join(tmpdir(), "corteza-page-"));
  const root = resolve(import.meta.dirname, "../..");
  // Vitest says "test" here, with which Vite would build a page for development: one without its service worker.
  const environment = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  try {
    await build({
      root,
      configFile: join(root, "vite.config.ts"),
      logLevel: "error",
      build: { outDir: site, emptyOutDir: true },
    });
  } finally {
    process.env["NODE_ENV"] = environment;
  }
  return site;
}

const MIME_TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  // No Content-Encoding with it: the page unpacks the data set itself.
  ".gz": "application/gzip",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

export interface StaticServer {
  /** With a slash at the end. */
  url: string;
  close(): Promise<void>;
}

/** Serves a folder's files on 127.0.0.1, as any static host would; nothing outside of the folder. */
export async function serve(folder: string): Promise<StaticServer> {
  const root = resolve(folder);
  const server = createServer(async (request, response) => {
    try {
      const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
      const file = resolve(root, `.${path.endsWith("/") ? `${path}index.html` : path}`);
      if (!file.startsWith(root + sep)) throw new Error("outside of the folder");
      const found = await stat(file);
      if (!found.isFile()) throw new Error("not a file");
      response.writeHead(200, {
        "Content-Type": MIME_TYPES[extname(file)] ?? "application/octet-stream",
        "Content-Length": found.size,
        "Cache-Control": "no-store",
        // As hosts that allow any origin do.
        Vary: "Origin",
      });
      if (request.method === "HEAD") response.end();
      else createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("not found");
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** Waits until what moves or changes its colour on a page has come to rest: colours half-way are not the page's. */
export async function atRest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    // What was changed just now begins to move with the next frame.
    for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
    const ends = document
      .getAnimations()
      .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime ?? 0))
      // One that is taken away rejects.
      .map(({ finished }) => finished.catch(() => undefined));
    await Promise.all(ends);
  });
}

/** Presses the button of a language, and waits until the page, which fetches its sentences then, is written in it. */
export async function changeLanguage(page: Page, language: string): Promise<void> {
  await page.click(`[data-language="${language}"]`);
  await page.evaluate(async (wanted) => {
    const frame = () => new Promise(requestAnimationFrame);
    while (document.documentElement.lang !== wanted) await frame();
    // Some of it is written in the next frame.
    for (let frames = 0; frames < 2; frames++) await frame();
  }, language);
}

/** Throws where something of the page stays wider than its window. Charts follow the window's width some frames later. */
export async function fitsItsWidth(page: Page, where = "the page"): Promise<void> {
  const fits = () => document.documentElement.scrollWidth <= innerWidth;
  await page.waitForFunction(fits, undefined, { timeout: 30_000 }).catch((cause) => {
    throw new Error(`${where}: wider than its window`, { cause });
  });
}
