/** Networks in the formats of other programs, out of the page and into it. */
import { readFile } from "node:fs/promises";
import type { Browser, Download, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { dense, flatten, sequential } from "../../src/index.ts";
import { toOnnx } from "../../src/onnx.ts";
import { launchBrowser } from "../support/browser.ts";

const site = inject("demo");
let browser: Browser;
let page: Page;
const errors: string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  page = await browser.newPage({ locale: "en-US", acceptDownloads: true });
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => errors.push(String(error.stack)));
  await page.goto(`${site.url}#train?network=tiny&epochs=1`);
  await page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
  await page.click("#run");
  await page.waitForSelector('html[data-phase="ready"]:has(#accuracy:not(.pending))');
});

afterAll(() => browser?.close());

const text = async (selector: string) => (await page.textContent(selector)) ?? "";
const status = (words: string) => expect.poll(() => text("#keep-status"), { timeout: 30_000 }).toContain(words);

interface Saved {
  readonly name: string;
  readonly buffer: Buffer;
}

/** Saves the network at hand in a format; the files that came. */
async function save(format: string, files: number): Promise<Saved[]> {
  const downloads: Download[] = [];
  const hear = (download: Download) => downloads.push(download);
  page.on("download", hear);
  await page.selectOption("#save-format", format);
  await page.click("#save-network");
  await expect.poll(() => downloads.length, { timeout: 30_000 }).toBe(files);
  page.off("download", hear);
  return Promise.all(
    downloads.map(async (download) => ({
      name: download.suggestedFilename(),
      buffer: await readFile(await download.path()),
    })),
  );
}

const open = (files: readonly Saved[]) =>
  page.setInputFiles(
    "#network-file",
    files.map((file) => ({ ...file, mimeType: "application/octet-stream" })),
  );

describe("a network in the formats of others", () => {
  it("goes out as ONNX and as TensorFlow.js, comes back, reads the same digits and trains on", async () => {
    const accuracy = await text("#accuracy");
    const files = { ONNX: await save("onnx", 1), "TensorFlow.js": await save("tfjs", 2) };
    for (const [kind, saved] of Object.entries(files)) {
      await page.click("#reset");
      await page.waitForSelector("#accuracy.pending");
      await open(saved);
      await status(`Opened: a network of ${kind}`);
      await expect.poll(() => text("#accuracy-caption")).toContain("with the weights that came with it");
      // One digit of 500 may fall on the other side by rounding.
      expect(Math.abs(Number.parseFloat(await text("#accuracy")) - Number.parseFloat(accuracy))).toBeLessThanOrEqual(
        0.21,
      );
      // It is seen at work, layer by layer, and it trains.
      await expect.poll(() => page.locator(".stage-picture.drawn").count()).toBeGreaterThanOrEqual(4);
      await page.click("#epoch-step");
      await expect.poll(() => text("#accuracy-caption"), { timeout: 60_000 }).toMatch(/after \d+ steps/);
      await page.waitForSelector('html[data-phase="ready"]');
      await page.reload();
      await page.waitForSelector(".notice.advice");
      await page.click(".notice.advice button");
      await status("Opened");
    }
  });

  it("goes out as programs, as a module and as pictures, and each says what it does not keep", async () => {
    for (const [format, names, words] of [
      ["keras", ["network.py", "network.safetensors"], "The training is not in them"],
      ["pytorch", ["train.py", "train.safetensors"], "trains this network further"],
      ["typescript", ["network.ts"], "Neither weights nor training"],
      ["module", ["network.js"], "cannot be trained further"],
      ["svg", ["network.svg"], "picture of the layers"],
      ["mermaid", ["network.mmd"], "diagram in text"],
    ] as const) {
      const saved = await save(format, names.length);
      expect(saved.map(({ name }) => name).sort()).toEqual([...names].sort());
      for (const { name, buffer } of saved) expect(buffer.length, name).toBeGreaterThan(100);
      await status(words);
      await expect.poll(() => text("#save-note")).toContain(words);
    }
    await page.selectOption("#save-format", "corteza");
  });

  it("is refused where it is none for digits, or damaged, and the network at hand stays", async () => {
    const before = [await text("#accuracy"), await text("#accuracy-caption")];
    const other = sequential({ inputShape: [4, 4, 3] }, [flatten(), dense({ units: 2 })]);
    await open([{ name: "other.onnx", buffer: Buffer.from(toOnnx(other)) }]);
    await status("takes");
    await open([{ name: "damaged.onnx", buffer: Buffer.from("\u0008\u0001this is no network") }]);
    await status("not opened");
    await open([
      { name: "model.json", buffer: Buffer.from('{"modelTopology":{},"weightsManifest":[{"paths":["w.bin"]}]}') },
    ]);
    await status("w.bin");
    await open([{ name: "net.keras", buffer: Buffer.from("PK\u0003\u0004 and no archive") }]);
    await status("not opened");
    // A hostile text is read once, and answers come at once.
    await open([{ name: "model.json", buffer: Buffer.from(`{${'"paths":['.repeat(80_000)}`) }]);
    await status("nested too deeply");
    expect([await text("#accuracy"), await text("#accuracy-caption")]).toEqual(before);
    expect(errors).toEqual([]);
  });
});
