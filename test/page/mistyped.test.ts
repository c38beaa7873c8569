/** The page when something is typed, opened or pressed that it did not ask for: it says so, and loses nothing. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/formats/checkpoint.ts";
import { adam, conv2d, createTrainer, dense, flatten, maxPooling2d, reLU, sequential } from "../../src/index.ts";
import { changeLanguage, fitsItsWidth, launchBrowser } from "../support/browser.ts";

const site = inject("demo");
let browser: Browser;
let page: Page;
const errors: string[] = [];
const PATIENT = { timeout: 60_000 };

beforeAll(async () => {
  browser = await launchBrowser({ webgpu: false });
});

afterAll(() => browser?.close());

/** A first visit, on the CPU: nothing here is about kernels. */
beforeEach(async () => {
  await page?.context().close();
  const context = await browser.newContext({
    locale: "en-US",
    viewport: { width: 1280, height: 900 },
    serviceWorkers: "block",
  });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  errors.length = 0;
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error.stack)));
});

async function open(settings = "", query = ""): Promise<void> {
  await page.goto(`${site.url}?force=cpu${query}#train?network=tiny${settings}`);
  await ready();
}

const ready = () => page.waitForSelector('html[data-phase="ready"] #accuracy:text-matches("\\\\d")');
const phase = (name: string) => page.waitForSelector(`html[data-phase="${name}"]`);
const hash = () => new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
const note = (id: string) =>
  page.locator(`#${id}`).evaluate((input) => {
    const told = document.getElementById(input.getAttribute("aria-describedby") ?? "");
    return told === null || told.hidden ? "" : told.textContent;
  });

async function type(selector: string, text: string): Promise<void> {
  await page.fill(selector, text);
  await page.press(selector, "Enter");
}

describe("a number", () => {
  it("is read and shown in the page's language: 0,01 is a hundredth in Spanish", async () => {
    await open("", "&lang=es");
    await type("#learning-rate", "0,01");
    expect(hash().get("learning-rate")).toBe("0.01");
    expect(await page.inputValue("#learning-rate")).toBe("0,01");
    expect(await page.getAttribute("#learning-rate-slider", "aria-valuetext")).toBe("0,01");
    await page.click("#more-settings summary");
    await type("#stop-minutes", "0,5");
    await type("#seed", "12.000");
    expect(hash().get("stop-minutes")).toBe("0.5");
    await expect.poll(() => hash().get("seed")).toBe("12000");
    await changeLanguage(page, "en");
    expect(await page.inputValue("#learning-rate")).toBe("0.01");
    expect(await page.inputValue("#stop-minutes")).toBe("0.5");
    expect(await page.inputValue("#seed")).toBe("12000");
    await page.reload();
    await ready();
    expect(await page.inputValue("#stop-minutes")).toBe("0,5");
    expect(errors).toEqual([]);
  });

  it("that cannot be read, or that is not allowed, is refused beside its field, stays there, and changes nothing", async () => {
    await open();
    await type("#learning-rate", "0,0,1");
    expect(await note("learning-rate")).toBe(
      "This is not a number. Allowed: numbers from 1.2E-38 to 3.4E38. Until then it stays at 0.001.",
    );
    expect(await page.inputValue("#learning-rate")).toBe("0,0,1");
    expect(hash().has("learning-rate")).toBe(false);
    await changeLanguage(page, "es");
    expect(await note("learning-rate")).toContain("Esto no es un número. Se admiten números de 1,2E-38 a 3,4E38.");
    expect(await page.inputValue("#learning-rate")).toBe("0,0,1");
    await changeLanguage(page, "en");
    await type("#learning-rate", "-1");
    expect(await note("learning-rate")).toContain("Allowed: numbers from 1.2E-38");
    await type("#learning-rate", "0.02");
    expect(await note("learning-rate")).toBe("");
    expect(hash().get("learning-rate")).toBe("0.02");
    await page.click("#more-settings summary");
    for (const [field, text, allowed] of [
      ["seed", "7.5", "whole numbers from 0 to 99999. Until then it stays at 1."],
      ["stop-accuracy", "150", "numbers from 1 to 100, or nothing. Until then it does not count."],
      ["stop-steps", "many", "whole numbers from 1 to 1000000, or nothing."],
    ] as const) {
      await type(`#${field}`, text);
      expect(await note(field)).toContain(`Allowed: ${allowed}`);
      expect(await page.inputValue(`#${field}`)).toBe(text);
      expect(hash().has(field)).toBe(false);
    }
    await page.click('tr[data-row="0"] .layer-edit');
    const filters = page.locator(".layer-field input").first();
    for (const text of ["100000", "0", "3.5"]) {
      await filters.fill(text);
      expect(await page.textContent(".layer-field .field-note:visible")).toBe(
        "Allowed: whole numbers from 1 to 512. Until then it stays at 8.",
      );
      expect(await filters.inputValue()).toBe(text);
    }
    await changeLanguage(page, "es");
    expect(await page.textContent(".layer-field .field-note:visible")).toContain("enteros de 1 a 512");
    expect(await filters.inputValue()).toBe("3.5");
    await changeLanguage(page, "en");
    expect(await page.locator("#layers").innerText()).toContain("8 filters of 3×3");
    expect(await page.locator("#layer-totals").innerText()).not.toContain("–");
    await filters.fill("12");
    expect(await page.locator("#layers").innerText()).toContain("12 filters of 3×3");
    expect(await page.locator(".layer-field .field-note:visible").count()).toBe(0);
    await page.click('a[data-view="inside"]');
    const weight = page.locator(".weights input").first();
    await weight.fill("heavy");
    expect(await page.textContent(".step-filters .field-note")).toContain("This is not a number.");
    await weight.fill("-0.5");
    expect(await page.isHidden(".step-filters .field-note")).toBe(true);
    expect(errors).toEqual([]);
  });

  it("of an address that cannot be is told too, and the page goes on without it", async () => {
    await open("&learning-rate=quick&seed=1e9&batch-size=0&stop-steps=0&layers=2-1_c99999");
    expect(await note("learning-rate")).toContain("This is not a number.");
    expect(await note("seed")).toContain("Until then it stays at 1.");
    expect(await page.textContent("#batch-note")).toContain("Allowed: whole numbers from 1 to 4096.");
    expect(await note("stop-steps")).toContain("it does not count");
    const problem = page.locator(".layer-problem:not([hidden])");
    expect(await problem.innerText()).toContain(
      "Convolution cannot have 99999 as “Filters”. Allowed: whole numbers from 1 to 512.",
    );
    expect((await page.locator("#layer-totals").innerText()).replaceAll(/\s+/g, " ")).toContain(
      "not known until layer 3, Convolution, fits",
    );
    await problem.getByRole("button", { name: "Convolution: set “Filters” to 512" }).click();
    expect(await problem.count()).toBe(0);
    await page.goto("about:blank");
    await open("&layers=zz");
    expect(await page.textContent("#network-note")).toContain("layers that cannot be read");
  });
});

describe("a network that is built", () => {
  it("gets a convolution where it can work, and every mistake is mended by a button beside it", async () => {
    await open();
    await page.selectOption("#add-kind", "conv");
    await page.click("#add-layer");
    expect(hash().get("layers")).toBe("4-0_c");
    expect(await page.locator(".layer-problem:not([hidden])").count()).toBe(0);
    expect(await page.locator("#layer-totals").innerText()).not.toContain("–");
    // By keyboard behind Flatten, where it cannot work.
    await page.keyboard.press("Alt+ArrowDown");
    const problem = page.locator(".layer-problem:not([hidden])");
    expect(await problem.innerText()).toContain("one long row of 784 numbers arrives here");
    await problem.getByRole("button", { name: "Move Convolution in front of Flatten" }).click();
    expect(hash().get("layers")).toBe("4-0_c");
    expect(await problem.count()).toBe(0);
    await ready();
    expect(errors).toEqual([]);
  });
});

describe("the training", () => {
  it("that is begun at once is remembered from its beginning, and speaks of no GPU on the CPU", async () => {
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        const run = document.querySelector<HTMLButtonElement>("#run:enabled");
        if (run === null) return;
        observer.disconnect();
        run.click();
      }).observe(document, { subtree: true, attributes: true, childList: true });
    });
    await page.goto(`${site.url}?force=cpu#train?network=tiny&epochs=1`);
    await phase("training");
    await expect.poll(() => page.textContent("#readings"), PATIENT).toContain("images/s");
    for (const place of ["#readings", "#facts"]) expect(await page.textContent(place)).not.toMatch(/GPU/);
    await expect.poll(() => page.textContent("#accuracy-caption"), PATIENT).toMatch(/after \d+ steps/);
    await page.click('a[data-view="inside"]');
    await page.locator("#kernel-moment").focus();
    await page.keyboard.press("Home");
    expect(await page.textContent(".moment label")).toBe("Before any training");
    expect(Number(await page.getAttribute("#kernel-moment", "max"))).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  });

  it("that is paused is measured, and a later visit says how well it read", async () => {
    await open();
    await page.click("#run");
    await expect.poll(() => page.textContent("#readings"), PATIENT).toMatch(/step \d{2,} of/);
    await page.click("#run");
    await phase("paused");
    await expect
      .poll(
        async () =>
          /step (\d+)/.exec((await page.textContent("#readings")) ?? "")?.[1] ===
          /after (\d+) steps/.exec((await page.textContent("#accuracy-caption")) ?? "")?.[1],
        PATIENT,
      )
      .toBe(true);
    const steps = /step (\d+)/.exec((await page.textContent("#readings")) ?? "")?.[1];
    const accuracy = await page.textContent("#accuracy");
    await changeLanguage(page, "es");
    await expect
      .poll(() => page.textContent("#run-list"), PATIENT)
      .toContain(`${steps} pasos, ${accuracy?.replace(".", ",").replace("%", "")}`);
    await page.reload();
    await ready();
    const offer = await page.textContent(".notice.advice h2 >> nth=1");
    expect(offer).toMatch(new RegExp(`Lo dejaste tras ${steps} pasos, con [\\d,]+`));
  });

  it("that is dead says so with what to do, and learns after one press", async () => {
    await open("&learning-rate=100&epochs=1");
    await page.click("#run");
    const notice = page.locator(".notice", { hasText: "This training learns nothing" });
    await notice.waitFor();
    expect(await notice.innerText()).toMatch(/With a learning rate of 100|learning rate of 100 each step/);
    await notice.getByRole("button", { name: "Start anew with learning rate 0.001" }).click();
    await notice.waitFor({ state: "detached" });
    expect(await page.inputValue("#learning-rate")).toBe("0.001");
    expect(hash().has("learning-rate")).toBe(false);
    await expect
      .poll(async () => Number.parseFloat((await page.textContent("#accuracy")) ?? ""), PATIENT)
      .toBeGreaterThan(50);
    expect(await notice.count()).toBe(0);
    expect(errors).toEqual([]);
  });

  it("that is discarded leaves nothing that it read, and “ready” is not said to be to come", async () => {
    await open("&stop-accuracy=60");
    await page.click("#run");
    await page.waitForSelector("#readings:has-text('It stopped')");
    await expect.poll(() => page.textContent("#samples-note"), PATIENT).toMatch(/now: 1\d of 20/);
    await page.evaluate(() => {
      const seen = { strip: [] as string[], wrong: [] as string[] };
      Object.assign(window, { seen });
      const text = (id: string) => document.getElementById(id)?.textContent ?? "";
      const look = () => {
        const { phase } = document.documentElement.dataset;
        const pending = document.querySelector("#accuracy.pending") !== null;
        if (seen.strip.at(-1) !== text("samples-note")) seen.strip.push(text("samples-note"));
        if (/^Ready/.test(text("readings")) && /as soon as/.test(text("accuracy-caption")))
          seen.wrong.push("ready and not");
        // Answers of a trained network beside one that was not.
        if ((phase === "loading" || pending) && /now: 1\d of 20/.test(text("samples-note")))
          seen.wrong.push(`${phase}: ${text("samples-note")}`);
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    // The conditions are open where the address has one.
    await page.waitForSelector("#seed:visible");
    await type("#seed", "9");
    await page.waitForSelector("#accuracy.pending");
    await ready();
    const { strip, wrong } = await page.evaluate(
      () => (window as unknown as { seen: { strip: string[]; wrong: string[] } }).seen,
    );
    expect(wrong).toEqual([]);
    expect(strip).toContain("");
  });
});

describe("a file", () => {
  const EVIL = `"><img src=x onerror="window.pwned=1">\u202egnp.exe${"long".repeat(200)}`;

  async function file(
    change: (
      config: Record<string, unknown>,
      tensors: Map<string, { shape: readonly number[]; data: Float32Array }>,
    ) => void,
    name = "conv2d",
  ): Promise<Buffer> {
    const network = sequential({ inputShape: [28, 28, 1], seed: 5 }, [
      conv2d({ filters: 2, kernelSize: 5, strides: 3, activation: "relu", name }),
      maxPooling2d({ poolSize: 2 }),
      // The page does not make these: it calls one by its own name.
      reLU({ name: `${name} too` }),
      flatten(),
      dense({ units: 10 }),
    ]);
    const trainer = await createTrainer(network, {
      ...{ backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 8, seed: 2 },
    });
    await trainer.trainOnBatch(new Float32Array(3 * 784).fill(0.5), [3, 1, 4]);
    const { config, tensors } = decodeCheckpoint(await trainer.checkpoint());
    const changed = new Map(
      [...tensors].map(([key, { shape, data }]) => [key, { shape, data: Float32Array.from(data) }]),
    );
    change(config as Record<string, unknown>, changed);
    return Buffer.from(encodeCheckpoint({ config, tensors: changed }));
  }

  const openFile = (buffer: Buffer, name = "network.safetensors") =>
    page.setInputFiles("#network-file", { name, mimeType: "application/octet-stream", buffer });

  it("that cannot be opened is refused, and the training goes on as if nothing had been", async () => {
    await open("&epochs=100");
    await page.click("#run");
    await phase("training");
    const step = (value: number) => file((_, tensors) => void tensors.get("trainer/step")?.data.fill(value));
    const bad: [Buffer, string][] = [
      [await step(-5), "“trainer/step” is -5|trainer/step"],
      [await step(0.5), "trainer/step"],
      [await step(4e9), "trainer/step"],
      [await file((_, tensors) => void tensors.get("trainer/learningRate")?.data.fill(7)), "learning rate"],
      [
        await file(
          (config) => void Object.assign(config, { optimizer: { kind: "adam", "x: 1 } } }); fetch(…); ({": 1 } }),
        ),
        "optimizer",
      ],
      // All there is for the page to read; the trainer misses a moment of Adam's.
      [
        await file(
          (_, tensors) => void tensors.delete([...tensors.keys()].find((key) => key.startsWith("optimizer/")) ?? ""),
        ),
        ".",
      ],
      [Buffer.from("<!doctype html><p>Not found</p>"), "."],
    ];
    for (const [buffer, words] of bad) {
      await page.evaluate(() => {
        const status = document.querySelector("#keep-status");
        if (status) status.textContent = "";
      });
      await openFile(buffer);
      await page.waitForSelector("#keep-status.refused:has-text('the network is as it was')");
      expect(await page.textContent("#keep-status")).toMatch(new RegExp(words));
      expect(await page.getAttribute("html", "data-phase")).toBe("training");
    }
    const at = async () =>
      Number(/step ([\d,]+)/.exec((await page.textContent("#readings")) ?? "")?.[1]?.replace(",", ""));
    const before = await at();
    await expect.poll(at, PATIENT).toBeGreaterThan(before);
    expect(await page.locator(".notice.failure").count()).toBe(0);
    expect(errors).toEqual([]);
  });

  /** Nothing was run, no element came of it, nothing is wider than a phone. */
  async function harmless(where: string): Promise<void> {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => "pwned" in window), where).toBe(false);
    expect(await page.locator("img").count(), where).toBe(0);
    await fitsItsWidth(page, where);
    await page.setViewportSize({ width: 1280, height: 900 });
  }

  it("names nothing that is run or breaks the page: layers, files, titles, classes", async () => {
    await open();
    await openFile(await file(() => undefined, EVIL));
    await page.waitForSelector("#keep-status:has-text('Opened')");
    await ready();
    expect(await page.textContent("#layers")).toContain("<img");
    await harmless("a layer's name in the table");
    await page.click("#profile summary");
    await page.click("#measure");
    await expect.poll(() => page.textContent("#profile-status"), PATIENT).toContain("Median");
    await harmless("a layer's name in the profile");
    await page.click('a[data-view="inside"]');
    await page.waitForSelector("#walk:not([hidden])");
    await harmless("a layer's name in the walk");
    await page.click('a[data-view="train"]');
    await openFile(Buffer.from("nothing"), `${EVIL}.safetensors`);
    await page.waitForSelector("#keep-status.refused");
    await harmless("a network's file name");
    const [images, labels] = await Promise.all(
      ["test-images.idx3", "test-labels.idx1"].map((part) =>
        readFile(join(site.folder, "data", `mnist-small-${part}-ubyte.gz`)),
      ),
    );
    const own = (name: string, buffer: Buffer | undefined) => ({
      name,
      mimeType: "",
      buffer: buffer ?? Buffer.alloc(0),
    });
    await page.setInputFiles("#idx-files", [own(`${EVIL}-images.gz`, Buffer.from("no pictures"))]);
    await page.waitForSelector("#data-status.refused");
    await harmless("a file of no pictures");
    const names = Array.from({ length: 10 }, (_, label) => `${label} ${EVIL}`).join("\n");
    await page.setInputFiles("#idx-files", [
      own(`${EVIL}-images.gz`, images),
      own(`${EVIL}-labels.gz`, labels),
      own("names.txt", Buffer.from(names)),
    ]);
    await page.waitForSelector("#data-line:has-text('420 to learn from')");
    await page.click("#step");
    await ready();
    await page.locator("#mistakes").scrollIntoViewIfNeeded();
    await page.waitForSelector('#mistakes[aria-busy="false"] .thumb');
    await harmless("classes and a title");
    await page.click("#pictures-list .thumb >> nth=0");
    await harmless("a picture's classes");
    await page.click('a[data-view="draw"]');
    await page.click("#test-digit");
    await page.waitForSelector('#reading[aria-busy="false"] .winner');
    await harmless("classes beside the drawing");
    await page.click('a[data-view="inside"]');
    await page.waitForSelector("#walk:not([hidden])");
    await harmless("classes in the walk");
    await page.reload();
    await ready();
    await page.click('a[data-view="train"]');
    await harmless("what is kept");
    expect(errors.filter((text) => !/favicon/.test(text))).toEqual([]);
  });
});
