/** What the settings show is what the network really trains with: from a link, after a reload, from a file. */
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { rateFromTable } from "../../src/core/schedule_rates.ts";
import { cpu } from "../../src/cpu.ts";
import { decodeCheckpoint } from "../../src/formats/checkpoint.ts";
import {
  conv2d,
  createTrainer,
  dense,
  flatten,
  maxPooling2d,
  type Optimizer,
  rmsprop,
  sequential,
  sgd,
  type Tensor,
  toSafetensors,
} from "../../src/index.ts";
import { changeLanguage, launchBrowser } from "../support/browser.ts";

const site = inject("demo");
let browser: Browser;
let page: Page;
const errors: string[] = [];
const PATIENT = { timeout: 30_000 };

beforeAll(async () => {
  browser = await launchBrowser();
  const context = await browser.newContext({
    locale: "en-US",
    viewport: { width: 1280, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error.stack)));
});

afterAll(() => browser?.close());

interface Settings {
  readonly optimizer: string;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly vary: boolean;
}

async function shown(): Promise<Settings> {
  return {
    // Its place on the page may be folded up.
    optimizer: await page.locator("#optimizer option:checked").evaluate((option) => (option as HTMLOptionElement).text),
    learningRate: Number(await page.inputValue("#learning-rate")),
    batchSize: Number(await page.inputValue("#batch-size")),
    seed: Number(await page.inputValue("#seed")),
    vary: await page.isChecked("#augment"),
  };
}

/** What the trainer in the worker writes into a checkpoint, and what the program trains with that the page gives. */
async function real(): Promise<Omit<Settings, "optimizer"> & { rule: Optimizer["rule"]; parameters: number }> {
  await go("draw");
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("#save-network")]);
  const { config, tensors } = decodeCheckpoint(await readFile(await file.path()));
  const { optimizer: rule, batchSize, seed } = config as { optimizer: Optimizer["rule"] } & Settings;
  await page.click("#copy-code");
  await expect.poll(() => page.textContent("#keep-status"), PATIENT).toContain("program is copied");
  const code = await page.evaluate(() => navigator.clipboard.readText());
  const learningRate = Number(rateFromTable(tensors.get("trainer/learningRate")!.data, 0).toPrecision(7));
  expect(code).toContain(`learningRate: ${learningRate}`);
  expect(code).toContain(`batchSize: ${batchSize},`);
  expect(code).toContain(`  seed: ${seed},`);
  await go("train");
  const parameters = [...tensors].filter(([name]) => !/^(trainer|optimizer)\//.test(name));
  return {
    ...{ rule, learningRate, batchSize, seed, vary: code.includes("augment:") },
    parameters: parameters.reduce((sum, [, { data }]) => sum + data.length, 0),
  };
}

async function go(view: "train" | "draw"): Promise<void> {
  await page.click(`a[data-view="${view}"]`);
  await page.waitForSelector(`#view-${view}:visible`);
}

const ready = () => page.waitForSelector('html[data-phase="ready"] #accuracy:text-matches("\\\\d")');
const hash = () => new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
/** A row of the list "Memory of a step". */
const fact = (name: string) => page.locator("#facts div", { hasText: name }).locator("dd").textContent();
const kilobytes = (bytes: number) => `${Number((bytes / 1000).toPrecision(3))} kB`;

const REAL = { learningRate: 0.02, batchSize: 24, seed: 7, vary: false };
/** The tensors as PyTorch would write them, with names of its own kind, sorted by the alphabet. */
function inPyTorch(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const made: [string, Tensor][] = [];
  const layers = [...new Set([...tensors.keys()].map((name) => name.split("/")[0] ?? ""))];
  let channels = 1;
  for (const [index, layer] of layers.filter((name) => !/^(trainer|optimizer)$/.test(name)).entries()) {
    const kernel = tensors.get(`${layer}/kernel`)!;
    const bias = tensors.get(`${layer}/bias`)!;
    const [a = 0, b = 0, inner = 0, outer = 0] = kernel.shape;
    const data: number[] = [];
    if (kernel.shape.length === 4) {
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++)
          for (let place = 0; place < a * b; place++) data.push(kernel.data[(place * inner + i) * outer + o]!);
      channels = outer;
    } else {
      const area = a / channels;
      for (let o = 0; o < b; o++)
        for (let c = 0; c < channels; c++)
          for (let place = 0; place < area; place++) data.push(kernel.data[(place * channels + c) * b + o]!);
    }
    const shape = kernel.shape.length === 4 ? [outer, inner, a, b] : [b, a];
    made.push([`module${index}.bias`, bias], [`module${index}.weight`, { shape, data: Float32Array.from(data) }]);
  }
  return new Map(made);
}

const LINK = { ...REAL, optimizer: "SGD, momentum 0.9" };

describe("the settings that the page shows", () => {
  it("are those of a shared link, and the network trains with them", async () => {
    const settings = "optimizer=momentum&learning-rate=0.02&batch-size=24&seed=7&vary=0&epochs=3";
    await page.goto(`${site.url}#train?network=tiny&${settings}`);
    await ready();
    expect(await shown()).toEqual(LINK);
    expect(await page.inputValue("#epochs")).toBe("3");
    expect(await page.inputValue("#data-set")).toBe("small");
    expect(await real()).toMatchObject({ ...REAL, rule: sgd({ momentum: 0.9 }).rule });
    await page.click("#step");
    await page.waitForSelector("#accuracy:not(.pending)");
    await ready();
  });

  it("say how much the optimizer keeps: with momentum one number a parameter, in plain descent none", async () => {
    const { parameters } = await real();
    expect(await fact("Kept by the optimizer")).toBe(kilobytes(4 * parameters));
  });

  it("are those of the training that goes on after a reload", async () => {
    await expect.poll(() => page.locator("#run-list li").count(), PATIENT).toBe(1);
    // Another address: what the page would train with by itself.
    await page.goto("about:blank");
    await page.goto(`${site.url}#train?network=tiny&layers=5-0_o`);
    await ready();
    expect(await page.locator("#layers").innerText()).toContain("Dropout");
    expect(await shown()).toEqual({ optimizer: "Adam", learningRate: 0.001, batchSize: 32, seed: 1, vary: true });
    await page.click(".notice.advice button");
    await expect.poll(() => page.inputValue("#seed"), PATIENT).toBe("7");
    await ready();
    expect(await shown()).toEqual(LINK);
    expect(await page.inputValue("#data-set")).toBe("small");
    // One of the page's networks, which can be edited.
    expect(await page.inputValue("#preset")).toBe("tiny");
    expect(await page.locator("#layers").innerText()).not.toContain("Dropout");
    expect(await page.isVisible("#builder-tools")).toBe(true);
    expect(await real()).toMatchObject({ ...REAL, rule: sgd({ momentum: 0.9 }).rule });
    // A link to these settings has them.
    expect(Object.fromEntries(hash())).toEqual({
      ...{ network: "tiny", optimizer: "momentum", "learning-rate": "0.02" },
      ...{ "batch-size": "24", seed: "7", vary: "0" },
    });
    await page.selectOption("#batch-size", "32");
    await expect.poll(async () => (await real()).batchSize, PATIENT).toBe(32);
    expect(await shown()).toEqual({ ...LINK, batchSize: 32 });
  });

  it("are those of a file, also where the page does not offer them", async () => {
    const network = sequential({ inputShape: [28, 28, 1], seed: 5 }, [
      conv2d({ filters: 2, kernelSize: 5, strides: 3, activation: "relu" }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 10 }),
    ]);
    const optimizer = rmsprop({ learningRate: 0.004, momentum: 0.5 });
    const trainer = await createTrainer(network, {
      ...{ backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer, batchSize: 48, seed: 9 },
    });
    await trainer.trainOnBatch(new Float32Array(3 * 784).fill(0.5), [3, 1, 4]);
    await page.setInputFiles("#network-file", {
      ...{ name: "own.safetensors", mimeType: "application/octet-stream" },
      buffer: Buffer.from(await trainer.checkpoint()),
    });
    await expect.poll(() => page.inputValue("#seed"), PATIENT).toBe("9");
    await ready();
    const file = { learningRate: 0.004, batchSize: 48, seed: 9, vary: false };
    expect(await shown()).toEqual({ optimizer: "rmsprop", ...file });
    expect(await real()).toMatchObject({ ...file, rule: optimizer.rule });
    const { parameters } = network.summary();
    expect(await fact("Kept by the optimizer")).toBe(kilobytes(8 * parameters));
    expect(await page.textContent("#network-note")).toContain("file");
    // Another optimizer begins anew, with one of the page's networks; everything else stays as it is shown.
    await page.click("#more-settings summary");
    await page.selectOption("#optimizer", "sgd");
    await page.waitForSelector("#accuracy.pending");
    await ready();
    expect(await shown()).toEqual({ ...file, optimizer: "SGD", learningRate: 0.01 });
    expect(await real()).toMatchObject({ ...file, learningRate: 0.01, rule: sgd().rule });
    expect(await fact("Kept by the optimizer")).toBe("nothing");
    expect(await page.locator("#optimizer option").allTextContents()).toEqual(["Adam", "SGD, momentum 0.9", "SGD"]);
  });

  it("leave alone the weights of a file by PyTorch, which are known at once; weights of another network are refused", async () => {
    await page.goto("about:blank");
    await page.goto(`${site.url}#train?network=tiny`);
    await ready();
    await page.click("#epoch-step");
    await page.waitForSelector("#accuracy:not(.pending)");
    await ready();
    const accuracy = await page.textContent("#accuracy");
    expect(Number.parseFloat(accuracy ?? "")).toBeGreaterThan(40);
    await go("draw");
    const [file] = await Promise.all([page.waitForEvent("download"), page.click("#save-network")]);
    const weights = inPyTorch(decodeCheckpoint(await readFile(await file.path())).tensors);
    const open = (tensors = weights) =>
      page.setInputFiles("#network-file", {
        ...{ name: "digits.safetensors", mimeType: "application/octet-stream" },
        buffer: Buffer.from(toSafetensors(tensors, { format: "pt" })),
      });
    await page.click("#reset");
    await page.waitForSelector("#accuracy.pending");
    await ready();
    expect(await page.textContent("#accuracy")).not.toBe(accuracy);
    const before = await shown();
    await open();
    await expect.poll(() => page.textContent("#keep-status"), PATIENT).toContain("digits.safetensors");
    const status = await page.textContent("#keep-status");
    expect(status).toMatch(/all \d tensors.*module0 → conv2d, .* → dense\. They came in PyTorch’s layout/);
    await ready();
    expect(await page.textContent("#accuracy")).toBe(accuracy);
    expect(await page.textContent("#accuracy-caption")).toContain("with the weights that came with it");
    expect(await page.textContent("#teach-ask")).not.toContain("Train the network first");
    await go("train");
    expect(await shown()).toEqual(before);
    // From here on it is trained, and a reset brings these weights back.
    await page.click("#step");
    await page.waitForSelector('#accuracy-caption:text("after 1 step")');
    await ready();
    await page.click("#reset");
    await expect
      .poll(() => page.textContent("#accuracy-caption"), PATIENT)
      .toContain("with the weights that came with it");
    expect(await page.textContent("#accuracy")).toBe(accuracy);

    await go("draw");
    const wrong = new Map(weights).set("module0.bias", { shape: [3], data: new Float32Array(3) });
    await open(wrong);
    await page.waitForSelector("#keep-status.refused");
    expect(await page.textContent("#keep-status")).toMatch(
      /Nothing in the file fits “conv2d\/kernel” .*The network has no place for “module0.bias” 3/,
    );
    await changeLanguage(page, "es");
    expect(await page.textContent("#keep-status")).toMatch(/Nada en el archivo encaja en «conv2d\/kernel»/);
    await changeLanguage(page, "en");
  });

  it("made no errors", () => {
    expect(errors).toEqual([]);
  });
});
