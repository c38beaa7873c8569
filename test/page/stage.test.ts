/** The network on the first screen: what it shows is what the network does, and each layer leads inside. */
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { layOutMaps, pictureOfMaps } from "../../src/core/maps_picture.ts";
import { cpu } from "../../src/cpu.ts";
import { createTrainer, loadModel, sgd } from "../../src/index.ts";
import { launchBrowser } from "../support/browser.ts";

const site = inject("demo");
let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  page = await browser.newPage({ locale: "en-US", viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(60_000);
  await page.goto(`${site.url}#train?epochs=1`);
  await page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
});

afterAll(() => browser?.close());

const LAYERS = ["conv2d", "max_pooling2d", "conv2d_1", "max_pooling2d_1"];
const drawn = () =>
  expect.poll(() => page.locator(".stage-picture.drawn").count(), { timeout: 30_000 }).toBe(LAYERS.length);

/** Bytes of what is seen on canvases, red, green, blue and opacity a pixel. */
const pixelsOf = (selector: string) =>
  page.locator(selector).evaluateAll((canvases) =>
    (canvases as HTMLCanvasElement[]).map((canvas) => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext("2d");
      context?.drawImage(canvas, 0, 0);
      return Array.from(context?.getImageData(0, 0, canvas.width, canvas.height).data ?? []);
    }),
  );

/** Maps of every layer for the digit on the stage, by the CPU backend with the weights that the page saves. */
async function expectedPictures(): Promise<Uint8ClampedArray[]> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save-network")]);
  const model = await loadModel(await readFile(await download.path()));
  const [ink = []] = await pixelsOf("#stage-input");
  const pixels = Float32Array.from({ length: 28 * 28 }, (_, pixel) => (ink[4 * pixel + 3] ?? 0) / 255);
  const trainer = await createTrainer(model, {
    ...{ backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }) },
  });
  const { layers } = await trainer.inspect(pixels);
  trainer.dispose();
  return LAYERS.map((name) => {
    const { output } = layers.find((layer) => layer.name === name)!;
    // The default is as many in a row as the page has: half as wide as high, or square.
    return pictureOfMaps(layOutMaps(output.shape, { columns: output.shape[2] === 32 ? 4 : 8 }), output.data);
  });
}

async function expectTruth(): Promise<void> {
  await drawn();
  const expected = await expectedPictures();
  // A value that lies between two of 255 shades may be rounded either way by sums in another order.
  await expect
    .poll(async () => {
      const shown = await pixelsOf(".stage-layer canvas");
      return expected.map((bytes, layer) =>
        shown[layer]?.length === bytes.length
          ? Math.max(...bytes.map((byte, index) => Math.abs(byte - (shown[layer]?.[index] ?? 0))))
          : "another size",
      );
    })
    .toEqual(LAYERS.map(() => expect.toSatisfy((difference) => typeof difference === "number" && difference <= 2)));
}

describe("the network on the first screen", () => {
  it("shows each layer's maps of a held-out digit, as the CPU backend computes them, before any training", async () => {
    await expectTruth();
    expect((await page.locator(".stage-shape").allTextContents()).slice(0, 3)).toEqual([
      "28×28×1 = 784",
      "28×28×32 = 25,088",
      "14×14×32 = 6,272",
    ]);
    expect(await page.textContent("#stage-note")).toContain("random weights");
    await expect.poll(() => page.locator("#stage-bars .bar-value:text-matches('%')").count()).toBe(10);
  });

  it("follows a drawing and the training, and then still shows what the network does", async () => {
    await page.click("#run");
    await page.locator("digit-pad").scrollIntoViewIfNeeded();
    const box = (await page.locator("digit-pad").boundingBox())!;
    const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
    await page.mouse.move(...at(0.5, 0.15));
    await page.mouse.down();
    await page.mouse.move(...at(0.5, 0.85), { steps: 8 });
    await page.mouse.up();
    await page.waitForSelector('html[data-phase="ready"]:has(#accuracy:not(.pending))', { timeout: 200_000 });
    await expect.poll(() => page.textContent("#stage-note")).toContain("has learned");
    await expectTruth();
    // What the view Draw says of the drawing is the same.
    const shares = (list: string) => page.locator(`${list} .bar-value`).allTextContents();
    await expect.poll(async () => (await shares("#stage-bars")).join()).toBe((await shares("#bars")).join());
  });

  it("says what a layer does where one points, and leads to its step inside", async () => {
    const pool = page.locator(".stage-layer").nth(1);
    await pool.hover();
    await expect.poll(() => page.textContent("#stage-note")).toContain("2×2 values only the largest stays");
    await page.mouse.move(2, 2);
    await pool.focus();
    await page.keyboard.press("Shift+Tab");
    await expect.poll(() => page.textContent("#stage-note")).toContain("32 filters of 3×3");
    expect(await page.locator(".stage-layer").first().getAttribute("aria-description")).toContain("320 parameters");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#view-inside:visible");
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain("Convolution 1");
    await page.click('a[data-view="train"]');
    await page.locator(".stage-layer").nth(3).click();
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain("Max pooling 2");
  });

  it("has the layers of another network, one below the other on a phone", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.click('a[data-view="train"]');
    await page.selectOption("#preset", "residual");
    await page.click("#network-apply");
    const names = () => page.locator(".stage-layer .stage-name").allTextContents();
    await expect.poll(names).not.toEqual(["Convolution 1", "Max pooling 1", "Convolution 2", "Max pooling 2"]);
    const tops = await page
      .locator(".stage-strip > li")
      .evaluateAll((items) => items.map((item) => item.getBoundingClientRect().top));
    expect(tops).toEqual([...tops].sort((one, other) => one - other));
    expect(new Set(tops).size).toBe(tops.length);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});
