/** examples/plain-html as a visitor meets it: a page that imports the built dist/corteza.min.js from a static host. */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, type StaticServer, serve } from "../support/browser.ts";

const root = resolve(import.meta.dirname, "../..");
let server: StaticServer;
let browser: Browser;

beforeAll(async () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm run build failed:\n${stderr}`);
  server = await serve(root);
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

describe("the built single file in a plain page", () => {
  it("trains the reference network on the small set and classifies a digit", async () => {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error.stack)));
    await page.goto(`${server.url}examples/plain-html/`);
    await page.waitForFunction(() => document.querySelector("#progress")?.textContent?.includes("loss"), undefined, {
      timeout: 60_000,
    });
    await page.waitForFunction(() => document.querySelector("#answer")?.textContent !== "", undefined, {
      timeout: 240_000,
    });
    const [progress, answer] = await Promise.all([page.textContent("#progress"), page.textContent("#answer")]);
    console.log(progress);
    expect(errors).toEqual([]);
    // The browser's WebGPU is SwiftShader here, which is slower.
    expect(progress).toContain("WebAssembly · SIMD");
    expect(Number(/^([\d.]+) %/.exec(progress ?? "")?.[1])).toBeGreaterThan(85);
    // The first digit of the small test set is a 0.
    expect(answer).toMatch(/^The first one is a 0 .* it is labelled 0\.$/);
    await page.close();
  });

  it("runs the README's first example as pasted, in at most 20 lines", async () => {
    const example = /```html\n([\s\S]*?)```/.exec(await readFile(resolve(root, "README.md"), "utf8"))?.[1] ?? "";
    expect(example.trim().split("\n").length).toBeLessThanOrEqual(20);
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error.stack)));
    await page.route("**/first.html", (route) => route.fulfill({ contentType: "text/html", body: example }));
    await page.goto(`${server.url}first.html`);
    await page.waitForFunction(() => document.querySelector("#out")?.textContent?.includes("accuracy"), undefined, {
      timeout: 240_000,
    });
    const text = (await page.textContent("#out")) ?? "";
    expect(errors).toEqual([]);
    expect(text).toContain("28×28×16");
    expect(Number(/([\d.]+) %/.exec(text)?.[1])).toBeGreaterThan(80);
  });
});
