/** The bench's page, built and served, and browsers that open it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { build, preview } from "vite";
import { chromiumFlags, ensureChromium } from "../scripts/chromium.mjs";

export const MAX_MILLISECONDS = 600_000;

export interface BenchServer {
  /** The page in a browser of its own, just started. */
  open(): Promise<{ browser: Browser; page: Page }>;
  /** Closes what was opened, too. */
  close(): Promise<void>;
}

/** Builds the page and serves it until it is closed. */
export async function serveBench(): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), "corteza-bench-"));
  const root = resolve(import.meta.dirname, "page");
  await build({
    root,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production"] },
    build: { outDir: folder, emptyOutDir: true, target: "es2023", chunkSizeWarningLimit: 1e6 },
  });
  const server = await preview({
    root,
    configFile: false,
    logLevel: "error",
    build: { outDir: folder },
    preview: {
      port: 0,
      host: "127.0.0.1",
      // An isolated page has a clock of 5 µs instead of 100, and threads for WebAssembly.
      headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
    },
  });
  const address = server.resolvedUrls?.local[0] ?? "";
  const browsers: Browser[] = [];
  return {
    async open() {
      const browser = await chromium.launch({ executablePath: ensureChromium(), args: chromiumFlags() });
      browsers.push(browser);
      const page = await browser.newPage();
      page.setDefaultTimeout(MAX_MILLISECONDS);
      page.on("pageerror", (error) => console.error(`page: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error") console.error(`page: ${message.text()}`);
      });
      await page.goto(address);
      await page.waitForFunction(() => globalThis.bench !== undefined);
      return { browser, page };
    },
    async close() {
      await Promise.all(browsers.map((browser) => browser.close()));
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
