/** What a page does that embeds the package as npm publishes it: the documents' first examples, as they stand there. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser, type StaticServer, serve } from "../support/browser.ts";
import { GLYPHS, pointerPaths } from "../support/digit_strokes.ts";

const root = resolve(import.meta.dirname, "../..");

/** The first program of a document in a language. */
export function firstExample(document: string, language: string): string {
  const text = readFileSync(join(root, document), "utf8");
  const [, program] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text) ?? [];
  if (program === undefined) throw new Error(`${document} has no example in ${language}.`);
  return program;
}

async function drawDigit(page: Page, digit: number): Promise<void> {
  const box = await page.locator("digit-pad .surface").first().boundingBox();
  if (box === null) throw new Error("The pad is not on the page.");
  const glyph = GLYPHS.find((one) => one.digit === digit)!;
  const size = 0.7 * box.width;
  for (const path of pointerPaths(glyph, size, box.x + 0.15 * box.width, box.y + 0.15 * box.width, size / 12)) {
    await page.mouse.move(path[0]!.x, path[0]!.y);
    await page.mouse.down();
    for (const { x, y } of path) await page.mouse.move(x, y);
    await page.mouse.up();
  }
}

/** Names of what axe finds wrong. */
async function violations(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page }).analyze();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** `folder`: where the package is installed. */
export function describeEmbedding(folder: () => string): void {
  let browser: Browser;
  let server: StaticServer;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), serve(folder())]);
    copyFileSync(join(root, "examples/digit-pad/digits.safetensors"), join(folder(), "digits.safetensors"));
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** A page of a document, with the faults that it meets. */
  async function opened(name: string, html: string): Promise<{ page: Page; errors: string[] }> {
    writeFileSync(join(folder(), name), html);
    const page = await (await browser.newContext()).newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error.stack)));
    await page.goto(`${server.url}${name}`);
    return { page, errors };
  }

  it("every entry can be imported in Node, where there is no page", () => {
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: object };
    const entries = Object.keys(exports).filter((name) => name !== "./package.json" && !name.endsWith("-host"));
    const imports = entries.map((name) => `import "${name.replace(".", "corteza")}";`).join("\n");
    execFileSync(process.execPath, ["--input-type=module", "-e", imports], { cwd: folder() });
  });

  it("the command of the package runs", () => {
    const installed = join(folder(), "node_modules/corteza");
    const { bin, version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
      bin: { corteza: string };
      version: string;
    };
    const program = join(installed, bin.corteza);
    expect(readFileSync(program, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    const corteza = (...words: string[]) => execFileSync(process.execPath, [program, ...words], { encoding: "utf8" });
    expect(corteza("--version").trim()).toBe(version);
    expect(corteza("convert", "--help")).toContain("corteza convert IN OUT");
    // Whoever reads may have enough.
    const piped = spawnSync("sh", ["-c", `"${process.execPath}" "${program}" --help | true`], { encoding: "utf8" });
    expect(piped.stderr).toBe("");
  });

  it("the 15 lines of docs/digit-pad.md read a digit", async () => {
    const html = firstExample("docs/digit-pad.md", "html");
    expect(html.trim().split("\n").length).toBeLessThanOrEqual(16);
    const { page, errors } = await opened("pad.html", html);
    await page.waitForSelector("digit-pad .surface");
    await drawDigit(page, 5);
    await expect.poll(() => page.title()).toMatch(/^5: \d+ %$/);
    expect(await page.evaluate(() => new FormData(document.forms[0]).get("digit"))).toBe("5");
    expect(errors).toEqual([]);
  });

  it("the 20 lines of docs/vis.md train on arrays of the page's own, and name what is on a canvas", async () => {
    const html = firstExample("docs/vis.md", "html");
    expect(html.trim().split("\n").length).toBeLessThanOrEqual(20);
    const { page, errors } = await opened("own.html", html);
    await page.waitForSelector("#answer:not(:empty)");
    expect(await page.textContent("#answer")).toBe("The canvas has a standing line.");
    expect(await page.locator("#curves tbody tr").count()).toBe(8);
    expect(errors).toEqual([]);
  });

  it.each(["light", "dark"] as const)("axe finds nothing wrong with pictures of corteza/vis in %s", async (scheme) => {
    const { page } = await opened(
      `vis-${scheme}.html`,
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>Pictures</title><style>:root { color-scheme: ${scheme} }</style>
      <main><h1>Pictures</h1><div id="a"></div><div id="b"></div><div id="c"></div><div id="d"></div></main>
      <script type="module">
        import * as vis from "./node_modules/corteza/dist/production/vis.js";
        const epochs = [{ epoch: 0, loss: 1, accuracy: 0.5, metrics: {}, learningRate: 0.1, seconds: 1 }];
        vis.showHistory(a, { epochs, stepLosses: [2, 1] });
        vis.showConfusion(b, [[3, 1], [0, 4]]);
        vis.showHistogram(c, [1, 2, NaN]);
        vis.showMaps(d, { shape: [2, 2, 1], data: Float32Array.of(1, 2, -3, 4) });
        for (const { firstElementChild } of [a, b, c, d]) firstElementChild.shadowRoot.querySelector("details").open = true;
        document.body.dataset.ready = "";
      </script></html>`,
    );
    await page.waitForSelector("body[data-ready]");
    expect(await violations(page)).toEqual([]);
  });

  it.each(["light", "dark"] as const)(
    "axe finds nothing wrong with a pad in %s, empty, answered and failed",
    async (scheme) => {
      const { page } = await opened(
        `axe-${scheme}.html`,
        `<!doctype html><html lang="en"><meta charset="utf-8"><title>Pad</title><style>:root { color-scheme: ${scheme} }</style>
      <script type="module" src="node_modules/corteza/dist/production/digit_pad.js"></script>
      <main><h1>Pad</h1><digit-pad src="digits.safetensors" teachable></digit-pad>
      <digit-pad theme="light" aria-label="Another"></digit-pad><digit-pad theme="dark" lang="es"></digit-pad>
      <digit-pad src="nothing" aria-label="Failed"></digit-pad></main></html>`,
      );
      await page.waitForSelector("digit-pad .failed");
      expect(await violations(page)).toEqual([]);
      await drawDigit(page, 3);
      await page.waitForSelector("digit-pad .best");
      expect(await violations(page)).toEqual([]);
    },
  );
}
