/** The programs of docs/standalone.md as they stand there: a trained network becomes a file, and a bare page without a network uses it. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  adam,
  type Classification,
  type Classifier,
  createClassifier,
  createTrainer,
  loadModel,
  saveModel,
  wasm,
} from "../../src/index.ts";
import { toStandaloneModule } from "../../src/standalone.ts";
import { launchBrowser, type StaticServer, serve } from "../support/browser.ts";
import { mnistSmall } from "../support/mnist_small.ts";
import { referenceNetwork } from "../support/networks.ts";
import type { StandaloneModule } from "../support/standalone.ts";

const DIGITS = 20;
let folder: string;
let server: StaticServer;
let browser: Browser;
let classifier: Classifier;
let images: Uint8Array;
let labels: ArrayLike<number>;
/** What the library says of the digits. */
const wanted: Classification[] = [];

type Write = (names: Record<string, unknown>) => Promise<void>;

/** Runs the document's first program with files in a folder. */
async function runProgram(program: string): Promise<void> {
  const body = program.replace(/^import .*$/gm, "");
  const names = {
    ...{ loadModel, toStandaloneModule },
    readFile: (name: string) => readFile(join(folder, name)),
    writeFile: (name: string, text: string) => writeFile(join(folder, name), text),
  };
  const AsyncFunction = (async () => undefined).constructor as new (...parts: string[]) => Write;
  await new AsyncFunction(`{ ${Object.keys(names).join(", ")} }`, body)(names);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corteza-standalone-"));
  const model = referenceNetwork();
  const trainer = await createTrainer(model, {
    ...{ backend: await wasm(), loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 32 },
  });
  await trainer.fit(await mnistSmall("train"), { epochs: 1 });
  trainer.dispose();
  await writeFile(join(folder, "digits.safetensors"), saveModel(model));
  const text = await readFile(resolve(import.meta.dirname, "../../docs/standalone.md"), "utf8");
  const blocks = [...text.matchAll(/```(js|html)\n([\s\S]*?)```/g)].map(([, , block]) => block ?? "");
  expect(blocks.length).toBe(3);
  const [program = "", html = "", main = ""] = blocks;
  await runProgram(program);
  await writeFile(join(folder, "index.html"), html);
  await writeFile(join(folder, "main.js"), main);
  const names = /const labels = (\[.*\]);/.exec(program)?.[1] ?? "";
  classifier = await createClassifier(model, { backend: cpu(), labels: JSON.parse(names) });
  const test = await mnistSmall("test");
  images = (test.images as Uint8Array).slice(0, DIGITS * 784);
  labels = test.labels as ArrayLike<number>;
  for (let digit = 0; digit < DIGITS; digit++) {
    wanted.push(await classifier.predict(images.slice(digit * 784, (digit + 1) * 784)));
  }
  server = await serve(folder);
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The page with the network switched off as soon as it has its three files. */
async function openPage(withGpu: boolean): Promise<{ page: Page; faults: string[]; requests: string[] }> {
  const page = await browser.newPage();
  const [faults, requests]: [string[], string[]] = [[], []];
  page.on("pageerror", (error) => faults.push(String(error.stack)));
  page.on("console", (message) => {
    // That one is the browser's own wish, whenever it has it.
    const isIcon = message.location().url.endsWith("/favicon.ico");
    if (message.type() === "error" && !isIcon) faults.push(message.text());
  });
  page.on("request", (request) => requests.push(request.url().replace(server.url, "")));
  if (!withGpu) await page.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
  await page.goto(server.url);
  await page.context().setOffline(true);
  return { page, faults, requests };
}

/** Answers of the page's module for all digits, and how long the first took once all was compiled. */
async function answersOf(page: Page, pixels: number[]) {
  // As a text: Vite has its own way with import() in a test.
  const imported = await page.evaluateHandle<StandaloneModule>('import(new URL("network.js", location.href).href)');
  return imported.evaluate(async (module, all) => {
    const kind = await module.load();
    const compiled = performance.now();
    const answers: { index: number; probabilities: number[] }[] = [];
    let first = 0;
    for (let start = 0; start < all.length; start += 784) {
      const { index, probabilities } = await module.predict(Uint8Array.from(all.slice(start, start + 784)));
      first ||= performance.now() - compiled;
      answers.push({ index, probabilities: [...probabilities] });
    }
    return { kind, answers, compiled, first };
  }, pixels);
}

/** Draws a one, with the mouse. */
async function draw(page: Page): Promise<void> {
  const box = (await page.locator("#pad").boundingBox()) ?? { x: 0, y: 0 };
  await page.mouse.move(box.x + 150, box.y + 50);
  await page.mouse.down();
  for (let step = 1; step <= 8; step++) await page.mouse.move(box.x + 150 - 2 * step, box.y + 50 + 22 * step);
  await page.mouse.up();
  await page.waitForFunction(() => document.querySelector("#answer")?.textContent?.includes("%"));
}

it.each([
  ["webgpu", true],
  ["javascript", false],
] as const)("answers as the library does, by %s, with the network switched off", async (kind, withGpu) => {
  const { page, faults, requests } = await openPage(withGpu);
  const found = await answersOf(page, [...images]);
  console.log(
    `${found.kind}: compiled ${found.compiled.toFixed(0)} ms after the page began, first answer ${found.first.toFixed(1)} ms later`,
  );
  expect(found.kind).toBe(kind);
  let right = 0;
  for (const [digit, { index, probabilities }] of found.answers.entries()) {
    expect(index).toBe(wanted[digit]?.index);
    probabilities.forEach((value, place) => {
      expect(Math.abs(value - (wanted[digit]?.probabilities[place] ?? Number.NaN))).toBeLessThan(1e-5);
    });
    right += Number(index === labels[digit]);
  }
  expect(right).toBeGreaterThan(0.6 * DIGITS);

  await draw(page);
  const shown = await page.textContent("#answer");
  const data = await page.evaluate(() => {
    const pad = document.querySelector("#pad") as HTMLCanvasElement;
    return [...(pad.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, 280, 280).data];
  });
  const drawn = { width: 280, height: 280, data: Uint8ClampedArray.from(data) } as ImageData;
  const { label, index, probabilities } = await classifier.predict(drawn);
  expect(shown).toBe(`${label} (${Math.round(100 * (probabilities[index] as number))} %)`);
  expect(requests.filter((name) => name !== "favicon.ico")).toEqual(["", "main.js", "network.js"]);
  expect(faults).toEqual([]);
  await page.close();
});
