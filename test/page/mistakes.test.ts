/**
 * "Where it is wrong" in a real Chromium: the confusion matrix against the CPU backend on the same weights, its pictures by
 * keyboard, corrections that the next training uses and a reload keeps, and pictures of the visitor's own.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { DIGIT_NAMES, type Digits } from "../../demo/digits.ts";
import { readNetworkFile } from "../../demo/network_file.ts";
import { changesFromJson, correctedPart } from "../../demo/train/changes.ts";
import { mistakes, readingsOf } from "../../demo/train/mistakes.ts";
import { cpu } from "../../src/cpu.ts";
import { createTrainer, type Dataset, gunzip, idx } from "../../src/index.ts";
import { changeLanguage, fitsItsWidth, launchBrowser } from "../support/browser.ts";

const DATA = resolve(import.meta.dirname, "../../public/data");
const LOSS = "sparseCategoricalCrossentropy";

const site = inject("demo");
let browser: Browser;
let page: Page;
let digits: Digits;
const errors: string[] = [];

async function mnist(part: "train" | "test"): Promise<Dataset> {
  const file = async (name: string) => gunzip(await readFile(join(DATA, `mnist-small-${part}-${name}-ubyte.gz`)));
  return idx({ images: await file("images.idx3"), labels: await file("labels.idx1") });
}

beforeAll(async () => {
  const [train, heldOut] = await Promise.all([mnist("train"), mnist("test")]);
  digits = { train, heldOut, id: "small", names: DIGIT_NAMES };
  browser = await launchBrowser();
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.setDefaultTimeout(90_000);
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error.stack)));
  await page.goto(`${site.url}#train?network=tiny&batch-size=64`);
  await page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
});

afterAll(() => browser?.close());

/**
 * Waits until what the section says of what was read has these words. Nothing is read while it is out of sight, and what comes
 * above it late may move it there.
 */
async function readings(...wanted: readonly string[]): Promise<void> {
  const said = async () => {
    await page.locator("#mistakes").scrollIntoViewIfNeeded();
    const busy = await page.getAttribute("#mistakes", "aria-busy");
    const words = (await page.textContent("#mistakes-status")) ?? "";
    return wanted.every((part) => words.includes(part)) && busy === "false" ? wanted : { busy, words };
  };
  await expect.poll(said, { timeout: 90_000 }).toEqual(wanted);
}

/** Waits until what is shown is of a set with so many pictures. */
const read = (pictures: string) => readings(`of ${pictures} pictures`);

const trained = () => page.waitForSelector('html[data-phase="ready"] #accuracy:not(.pending)');

/** Everything that the view "Train" says: texts, names and titles of what can be seen, but for the data sets to choose. */
const words = () =>
  page.evaluate(() => {
    const said: string[] = [];
    for (const part of document.querySelectorAll(".intro, #notices, #runner, #view-train, footer")) {
      for (const element of part.querySelectorAll<HTMLElement>("*")) {
        if (!element.checkVisibility() || element.closest("#data-set")) continue;
        const texts = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
        said.push(...texts.map(({ textContent }) => textContent ?? ""), element.ariaLabel ?? "", element.title);
      }
    }
    return said.map((text) => text.trim()).filter((text) => text !== "");
  });

const matrix = () =>
  page.$$eval("#confusion tbody tr", (rows) =>
    rows.map((row) =>
      [...row.querySelectorAll("button")].map(({ textContent: text }) => (text === "·" ? 0 : Number(text))),
    ),
  );

async function saved(button: string): Promise<Uint8Array> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  return new Uint8Array(await readFile(await download.path()));
}

/** What the CPU backend computes of a set with the weights that the page has now. */
async function onTheCpu(set: Dataset) {
  const { model, rule, batchSize, seed, checkpoint } = readNetworkFile(await saved("#save-network"));
  const backend = cpu();
  const optimizer = { rule, learningRate: 1e-3 };
  const trainer = await createTrainer(model, { backend, loss: LOSS, optimizer, batchSize, seed });
  await trainer.restore(checkpoint);
  const { confusion, outputs } = await trainer.evaluate(set, { outputs: true });
  trainer.dispose();
  backend.dispose();
  if (outputs === undefined) throw new Error("There are no outputs.");
  // Sums in f32 may tip what is a tie but for some hundred thousandths.
  const ties = Array.from({ length: set.count }, (_, row) => {
    const [first = 0, second = 0] = outputs.data.slice(10 * row, 10 * row + 10).sort((a, b) => b - a);
    return first - second;
  }).filter((margin) => margin < 1e-4).length;
  return { confusion, ties, readings: readingsOf(outputs, set.labels) };
}

/** Pictures that two matrices count in different cells. */
function moved(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return a.flat().reduce((sum, value, index) => sum + Math.abs(value - (b.flat()[index] ?? 0)), 0) / 2;
}

describe("where it is wrong", () => {
  it("counts as the CPU backend does, and shows the worst mistakes first", async () => {
    await page.selectOption("#epochs", "1");
    await page.click("#run");
    await trained();
    await read("500");
    const counted = await matrix();
    const { confusion, ties, readings } = await onTheCpu(digits.heldOut);
    expect(moved(counted, confusion)).toBeLessThanOrEqual(ties);
    const worst = mistakes(readings);
    expect(await page.innerText("#pictures-title")).toBe(`The worst mistakes first: ${worst.length}`);
    const shown = await page.$$eval(".thumb", (thumbs) => thumbs.map((thumb) => thumb.ariaLabel ?? ""));
    expect(shown).toHaveLength(24);
    const numbers = shown.map((label) => Number(/^Picture ([\d,]+):/.exec(label)?.[1]) - 1);
    expect(numbers.slice(0, 5)).toEqual(worst.slice(0, 5).map(({ row }) => row));
  });

  it("leads from a cell to its pictures, their labels and out of the set, by keyboard", async () => {
    const counted = await matrix();
    // The most frequent mistake.
    const cells = counted.flatMap((row, label) => row.map((value, answer) => ({ label, answer, value })));
    const [cell] = cells.filter(({ label, answer }) => label !== answer).sort((a, b) => b.value - a.value);
    if (cell === undefined || cell.value < 2) throw new Error("The network makes too few mistakes.");
    await page.focus('#confusion [tabindex="0"]');
    for (let step = 0; step < cell.label; step++) await page.keyboard.press("ArrowDown");
    for (let step = 0; step < cell.answer; step++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    const { label, answer, value } = cell;
    expect(await page.innerText("#pictures-title")).toBe(`Label ${label}, read as ${answer}: ${value}`);
    expect(await page.locator(".thumb").count()).toBe(Math.min(24, value));
    // From the title by way of the button to the first picture.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press(String(answer));
    expect(await page.locator(".thumb-now").allInnerTexts()).toEqual([`now ${answer}`]);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Delete");
    expect(await page.locator(".thumb-now").allInnerTexts()).toEqual([`now ${answer}`, "taken out"]);
    await page.keyboard.press("Control+z");
    expect(await page.locator("#change-list li").count()).toBe(1);
    await page.keyboard.press("Delete");
    expect(await page.innerText("#changes-note")).toContain("2 changes. The training does not use them yet");
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-pressed"))).toBe("true");
  });

  it("has nothing that axe-core finds, light and dark", async () => {
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).include("#mistakes").include("#digits").analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    }
  });

  it("trains again with the changes, on the device, in the counts and in a file", async () => {
    const changes = changesFromJson(new TextDecoder().decode(await saved("#changes-save")), digits);
    expect(changes.map(({ part }) => part)).toEqual(["heldOut", "heldOut"]);
    const { data } = correctedPart(digits.heldOut, "heldOut", changes);
    await page.click("#changes-train");
    await page.waitForSelector("#changes-note:has-text('in use: 2,000 pictures to train on, 499 held out')");
    // From the first weights on, not from the last: an epoch of 2,000 pictures in batches of 64.
    await readings("After step 32", "of 499 pictures");
    expect(await page.innerText("#readings span >> nth=0")).toBe("step 32 of 32");
    const { confusion, ties } = await onTheCpu(data);
    expect(moved(await matrix(), confusion)).toBeLessThanOrEqual(ties);
  });

  it("finds wrong labels among the training pictures, and goes on without them", async () => {
    await page.click('[data-part="train"]');
    await read("2,000");
    await page.locator(".thumb").first().press("Delete");
    await page.click("#changes-use");
    await read("1,999");
    expect((await matrix()).flat().reduce((sum, value) => sum + value, 0)).toBe(1999);
    await page.click("#step");
    await page.waitForSelector('html[data-phase="ready"] #readings:has-text("step 33 of 33")');
    expect(await page.innerText("#data-line")).toContain("1,999 handwritten digits");
  });

  it("reads again when the training pauses, at whatever step that is", async () => {
    await page.selectOption("#epochs", "20");
    // A step that was under way at the press ends after it.
    const step = async (selector: string, words: RegExp) => Number(words.exec(await page.innerText(selector))?.[1]);
    const now = () => step("#readings", /step (\d+) of/);
    const behind = async () => {
      await page.locator("#mistakes").scrollIntoViewIfNeeded();
      return (await now()) - (await step("#mistakes-status", /After step (\d+):/));
    };
    // An epoch is 32 steps, with a measurement at its end: a pause that happens to come there tells nothing, and another one is made.
    for (let tries = 0; tries < 5; tries++) {
      await page.click("#run");
      await page.waitForSelector('html[data-phase="training"]');
      await page.waitForFunction(
        () => Number(/\d+/.exec(document.querySelector("#readings")?.textContent ?? "")?.[0]) % 32 > 8,
      );
      await page.click("#run");
      await page.waitForSelector('html[data-phase="paused"]');
      await expect.poll(behind, { timeout: 90_000 }).toBe(0);
      if ((await now()) % 32 !== 0) break;
    }
    expect((await now()) % 32).not.toBe(0);
  });

  it("keeps the changes over a reload, and takes them from a file", async () => {
    const file = await saved("#changes-save");
    await page.reload();
    await page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
    expect(await page.innerText("#data-line")).toMatch(/^1,999 .* 499 held out/);
    await page.click("#changes-undo");
    expect(await page.innerText("#changes-note")).toContain("All undone");
    await page.setInputFiles("#changes-file", {
      name: "c.json",
      mimeType: "application/json",
      buffer: Buffer.from(file),
    });
    await page.waitForSelector("#changes-status:has-text('From the file: 3 changes')");
    expect(await page.isHidden("#changes-train")).toBe(true);
    const entry = { set: "train", picture: 1, was: 11, label: 0 };
    const wrong = JSON.stringify({ format: "corteza-changes-1", dataSet: "small", changes: [entry] });
    const label = digits.train.labels[1];
    await page.setInputFiles("#changes-file", {
      ...{ name: "c.json", mimeType: "application/json" },
      buffer: Buffer.from(wrong),
    });
    const english = `its change 1 says that picture 1 came with the label 11, but it is ${label}`;
    await page.waitForSelector(`#changes-status.refused:has-text("This file was not used: ${english}.")`);
    await changeLanguage(page, "es");
    const spanish = `su cambio 1 dice que la imagen 1 vino con la etiqueta 11, pero es ${label}`;
    await page.waitForSelector(`#changes-status:has-text("Este archivo no se usó: ${spanish}.")`);
    await changeLanguage(page, "en");
  });

  it("takes pictures of the visitor's own with the names of their classes, and says what is wrong with others", async () => {
    const part = (name: string) => readFile(join(DATA, `mnist-small-test-${name}-ubyte.gz`));
    const files = [
      { name: "shoes-images.gz", mimeType: "", buffer: await part("images.idx3") },
      { name: "shoes-labels.gz", mimeType: "", buffer: await part("labels.idx1") },
    ];
    const names = Array.from({ length: 10 }, (_, label) => `Shoe no. ${label}`).join("\n");
    await page.setInputFiles("#idx-files", files.slice(0, 1));
    await page.waitForSelector("#data-status.refused:has-text('shoes-images.gz (500)')");
    await page.setInputFiles("#idx-files", [
      ...files,
      { name: "names.txt", mimeType: "text/plain", buffer: Buffer.from(names) },
    ]);
    await page.waitForSelector(
      "#data-line:has-text('shoes-images.gz: 420 to learn from, and 80 held out, in 10 classes')",
    );
    await page.click("#step");
    await trained();
    await read("80");
    expect(await page.innerText("#confusion thead th >> nth=4")).toBe("Shoe no. 4");
    await fitsItsWidth(page);
    await page.click('a[data-view="draw"]');
    await page.click("#test-digit");
    await page.waitForSelector('#reading[aria-busy="false"] .winner');
    expect(await page.innerText("#bars .winner .bar-digit")).toMatch(/^Shoe no\. \d$/);
    expect(await page.innerText("#draw-own")).toContain("shoes-images.gz");
    await page.click('a[data-view="inside"]');
    await page.waitForSelector("#walk:not([hidden])", { timeout: 120_000 });
    expect(await page.innerText("#inside-answer")).toMatch(/Shoe no\. \d/);
  });

  it("keeps them: after a reload the training goes on with them, at the same accuracy", async () => {
    await page.click('a[data-view="train"]');
    // Of what is not seen yet, innerText has no spaces.
    await page.waitForSelector("#own-kept li");
    expect(await page.innerText("#own-kept li")).toMatch(/^shoes-images\.gz: 500 pictures, 393 kB\s+in use\s+Remove$/);
    const earlier = await page.innerText("#accuracy-caption");
    await page.click("#epoch-step");
    await expect.poll(() => page.innerText("#accuracy-caption"), { timeout: 60_000 }).not.toBe(earlier);
    await trained();
    const before = await page.innerText("#runner .score");
    expect(before).toMatch(/^[\d.]+%\s+of 80 held-out pictures read correctly after \d+ steps$/);
    await page.reload();
    await page.locator(".notice.advice button").first().click();
    await trained();
    expect(await page.innerText("#runner .score")).toBe(before);
    expect(await page.innerText("#data-line")).toContain("shoes-images.gz: 420 to learn from, and 80 held out");
    await read("80");
    expect(await page.innerText("#confusion thead th >> nth=4")).toBe("Shoe no. 4");
    // From MNIST, as an address without the choice opens, it goes back to them as well.
    await page.selectOption("#data-set", "small");
    await page.waitForSelector("#data-line:has-text('MNIST')");
    expect(new URL(page.url()).hash).not.toContain("own-");
    await page.reload();
    await page.locator(".notice.advice button").first().click();
    await page.waitForSelector("#data-line:has-text('shoes-images.gz')");
    await trained();
    expect(await page.innerText("#runner .score")).toBe(before);
  });

  it("speaks of pictures where they are the visitor's own, not of digits, in both languages", async () => {
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
    });
    await page.selectOption("#batch-size", "16");
    await page.waitForSelector('html[data-phase="ready"]');
    await page.uncheck("#augment");
    await page.fill("#stop-accuracy", "1");
    await page.keyboard.press("Tab");
    await page.click("#run");
    await page.waitForSelector("#readings:has-text('held-out pictures')");
    await read("80");
    await page.locator("#confusion tbody button:text-matches('[1-9]')").first().click();
    await page.locator("#pictures-list .thumb").first().click();
    for (const [language, expected] of [
      ["en", "It stopped because it reads at least 1% of the held-out pictures."],
      ["es", "Ha parado porque lee al menos el 1 % de las imágenes reservadas."],
    ] as const) {
      await changeLanguage(page, language);
      const said = await words();
      expect(said.map((text) => text.replaceAll("\u00a0", " "))).toContain(expected);
      expect(said.length).toBeGreaterThan(150);
      expect(said.filter((text) => /digit|dígito|cifra/i.test(text))).toEqual([]);
    }
    await changeLanguage(page, "en");
    const { violations } = await new AxeBuilder({ page }).include(".sample-strip").include("#digits").analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    await page.fill("#stop-accuracy", "");
    await page.keyboard.press("Tab");
  });

  it("tells when there is no room for more of them, loses nothing, and removes what is asked", async () => {
    const files = async (part: "train" | "test", name: string) => {
      const content = (kind: string) => readFile(join(DATA, `mnist-small-${part}-${kind}-ubyte.gz`));
      return [
        { name: `${name}-images.gz`, mimeType: "", buffer: await content("images.idx3") },
        { name: `${name}-labels.gz`, mimeType: "", buffer: await content("labels.idx1") },
      ];
    };
    // Another browser, as it were: Chromium looks at its quota anew only now and then.
    const context = await browser.newContext({ locale: "en-US", serviceWorkers: "block" });
    const other = await context.newPage();
    other.setDefaultTimeout(60_000);
    const devtools = await context.newCDPSession(other);
    const { origin } = new URL(site.url);
    await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1_000_000 });
    // Nothing here is about kernels, which the CPU need not compile.
    await other.goto(`${site.url}?force=cpu#train?network=tiny`);
    await other.waitForSelector("#open-idx:enabled");
    const kept = other.locator("#own-kept li");
    await other.setInputFiles("#idx-files", await files("test", "shoes"));
    await kept.first().waitFor();
    await other.setInputFiles("#idx-files", await files("train", "hats"));
    const full = "This browser has no room to keep “hats-images.gz”: it takes 1.57 MB.";
    await other.waitForSelector(`#data-status.refused:has-text("${full}")`);
    expect(await other.innerText("#data-line")).toContain("hats-images.gz");
    expect(await kept.allInnerTexts()).toEqual([expect.stringContaining("shoes-images.gz")]);
    for (const name of ["shoes", "hats"]) {
      const value = await other.locator("#data-set option", { hasText: name }).getAttribute("value");
      await other.selectOption("#data-set", value);
      await other.waitForSelector(`#data-line:has-text("${name}-images.gz")`);
    }
    await devtools.send("Storage.overrideQuotaForOrigin", { origin });
    await other.setInputFiles("#idx-files", await files("train", "hats"));
    await expect.poll(() => kept.count()).toBe(2);
    expect(await other.locator("#data-status.refused").count()).toBe(0);
    await other.getByRole("button", { name: "Remove hats-images.gz from this browser" }).click();
    const removed = "that makes 1.57 MB free. It is in use until you leave the page.";
    await other.waitForSelector(`#data-status:has-text("${removed}")`);
    expect(await kept.count()).toBe(1);
    // Its address is still here, its pictures are not.
    await other.reload();
    const elsewhere = "The address asks for pictures that this browser does not keep";
    await other.waitForSelector(`#data-status.refused:has-text("${elsewhere}")`);
    await other.waitForSelector("#data-line:has-text('handwritten digits')");
    expect(await kept.count()).toBe(1);
    // A training whose pictures were removed opens, and says so.
    await other.selectOption("#data-set", await other.locator("#data-set option").nth(2).getAttribute("value"));
    await other.waitForSelector('html[data-phase="ready"] #data-line:has-text("shoes-images.gz")');
    await other.click("#step");
    await other.waitForSelector("#run-list li");
    await other.getByRole("button", { name: "Remove shoes-images.gz from this browser" }).click();
    await kept.first().waitFor({ state: "detached" });
    await other.reload();
    await other.locator(".notice.advice button").first().click();
    await other.waitForSelector(
      "#data-status.refused:has-text('The pictures of this training are not in this browser')",
    );
    await other.waitForSelector('html[data-phase="ready"] #readings:has-text("step 1 of 1")');
    await context.close();
  });

  it("made no errors", () => {
    expect(errors).toEqual([]);
  });
});
