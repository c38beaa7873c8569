/** The Train view in a real Chromium: presets, the builder, live batch size and seed, the address, all in one page. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";

const site = inject("demo");
let browser: Browser;
let page: Page;
const errors: string[] = [];

const untrained = () =>
  page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")', { timeout: 120_000 });
const hash = () => new URL(page.url()).hash;

beforeAll(async () => {
  browser = await launchBrowser();
  page = await browser.newPage({ locale: "en-US", viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(90_000);
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error.stack)));
  await page.goto(`${site.url}?force=webgpu#train?network=tiny`);
  await untrained();
});

afterAll(() => browser?.close());

/** Longest time that an input event of a page waited and was worked on, in milliseconds. */
async function watchInput(watched: Page): Promise<() => Promise<number>> {
  await watched.evaluate(() => {
    const seen = window as unknown as { longest: number };
    seen.longest = 0;
    document.addEventListener("pointerdown", (event) => {
      // To the end of the frame in which the page could answer.
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
          seen.longest = Math.max(seen.longest, performance.now() - event.timeStamp);
        };
        channel.port2.postMessage(0);
      });
    });
  });
  return () => watched.evaluate(() => (window as unknown as { longest: number }).longest);
}

/** Trains until 90 % are read right, and returns the longest answer to a press of the mouse meanwhile. */
async function trainAndPress(watched: Page): Promise<number> {
  const longest = await watchInput(watched);
  const started = performance.now();
  await watched.click("#run");
  await expect
    .poll(
      async () => {
        await watched.mouse.click(640, 12);
        return Number.parseFloat((await watched.textContent("#accuracy")) ?? "");
      },
      { timeout: 60_000, interval: 250 },
    )
    .toBeGreaterThanOrEqual(90);
  expect(performance.now() - started).toBeLessThan(60_000);
  return longest();
}

describe("the Train view", () => {
  it("opens at its top: no part of the page has the name of a view, which the address would scroll to", async () => {
    expect(await page.evaluate(() => scrollY)).toBe(0);
    for (const view of ["train", "draw", "inside", "pictures"])
      expect(await page.locator(`#${view}`).count(), view).toBe(0);
  });

  it("opens the network of the address", async () => {
    const table = (await page.locator(".layers").innerText()).replaceAll(/\s+/g, " ");
    expect(table).toContain("8 filters of 3×3");
    expect(table).toContain("28×28×8 6,272 80");
  });

  it("until the reference network trains, a first visit fetches at most 250 kB gzipped, besides data", async () => {
    // Without what keeps the page for visits without a network: that comes after it.
    const context = await browser.newContext({ serviceWorkers: "block", locale: "en-US" });
    const visitor = await context.newPage();
    const asked = new Set<string>();
    visitor.on("request", (request) => asked.add(new URL(request.url()).pathname.slice(1) || "index.html"));
    await visitor.goto(`${site.url}?force=webgpu#train?network=reference`);
    await visitor.waitForSelector('html[data-phase="ready"] #run:enabled', { timeout: 120_000 });
    await visitor.click("#run");
    await visitor.waitForFunction(() => /^step \d/.test(document.querySelector("#readings")?.textContent ?? ""));
    await context.close();
    let bytes = 0;
    for (const name of asked) {
      // What shows mistakes is asked for once the network has learned something.
      if (!/^data\/|\/mistakes_panel-/.test(name))
        bytes += gzipSync(await readFile(join(site.folder, name)), { level: 9 }).length;
    }
    console.log(`a first visit fetches ${(bytes / 1000).toFixed(1)} kB gzipped`);
    // Page, sentences, worker, and what the worker imports when it compiles.
    for (const name of ["main-", "en-", "trainer_worker-", "training-"])
      expect(
        [...asked].some((file) => file.startsWith(`assets/${name}`)),
        name,
      ).toBe(true);
    expect(bytes).toBeLessThan(250_000);
  });

  it("reads over 90 % of the held-out digits within 60 seconds, and answers while it trains", async () => {
    // Other work on the machine only ever makes it longer, so the shortest of three trainings counts.
    let wait = await trainAndPress(page);
    for (let again = 0; again < 2 && wait >= 100; again++) {
      await page.waitForSelector('html[data-phase="ready"]', { timeout: 120_000 });
      const another = await browser.newPage({ locale: "en-US", viewport: { width: 1280, height: 900 } });
      await another.goto(`${site.url}?force=webgpu#train?network=tiny`);
      await another.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
      wait = Math.min(wait, await trainAndPress(another));
      await another.close();
    }
    console.log(`longest answer to an input while training: ${wait.toFixed(0)} ms`);
    expect(wait).toBeLessThan(100);
  });

  it("changes the batch size without losing what was learned", async () => {
    await page.waitForSelector('html[data-phase="ready"]', { timeout: 120_000 });
    const before = Number.parseFloat((await page.textContent("#accuracy")) ?? "");
    const steps = /step [\d,]+/.exec((await page.textContent("#readings")) ?? "")?.[0];
    await page.selectOption("#batch-size", "64");
    await page.waitForSelector('html[data-phase="loading"]', { state: "attached" }).catch(() => undefined);
    await page.waitForSelector('html[data-phase="ready"]');
    expect(hash()).toBe("#train?network=tiny&batch-size=64");
    expect(Number.parseFloat((await page.textContent("#accuracy")) ?? "")).toBe(before);
    expect(await page.textContent("#readings")).toContain(steps);
    const caption = await page.textContent("#accuracy-caption");
    await page.click("#epoch-step");
    await expect.poll(() => page.textContent("#accuracy-caption"), { timeout: 60_000 }).not.toBe(caption);
    await page.waitForSelector('html[data-phase="ready"]');
    // 2,000 digits in batches of 64.
    const now = Number(/step ([\d,]+)/.exec((await page.textContent("#readings")) ?? "")?.[1]?.replace(",", ""));
    expect(now - Number(steps?.slice(5).replace(",", ""))).toBe(32);
    expect(Number.parseFloat((await page.textContent("#accuracy")) ?? "")).toBeGreaterThan(85);
  });

  it("explains a network that cannot work, keeps it, and goes on with the one before", async () => {
    await page.click('tr[data-row="3"] .layer-edit');
    await page.selectOption("#add-kind", "dense");
    await page.click("#add-layer");
    const problem = page.locator(".layer-problem:not([hidden])");
    // It went where it works; by keyboard in front of flatten it does not.
    expect(await problem.count()).toBe(0);
    await page.keyboard.press("Alt+ArrowUp");
    expect(await problem.innerText()).toContain("maps of 7×7×16 arrive here");
    expect(await page.isHidden("#network-apply")).toBe(true);
    expect(hash()).toContain("layers=4-0_d");
    expect(await page.isEnabled("#run")).toBe(true);
    await page.keyboard.press("Alt+ArrowDown");
    expect(await problem.count()).toBe(0);
    // Two Dense rows in a row are the same as one more at the end.
    expect(hash()).toContain("layers=6-0_d");
    await page.fill(".layer-settings input", "20");
    const row = (await page.locator('tr[data-row="5"]').first().innerText()).replaceAll(/\s+/g, " ");
    // 784 · 20 + 20
    expect(row).toContain("15,700");
  });

  it("begins anew with the changed network when asked to, and a copied address opens it again", async () => {
    await page.click("#network-apply");
    await untrained();
    const table = await page.locator(".layers").innerText();
    const address = page.url();
    expect(address).toContain("layers=5-0_d20");
    const copy = await browser.newPage({ locale: "en-US" });
    await copy.goto(address);
    await copy.waitForSelector('html[data-phase="ready"]', { timeout: 120_000 });
    expect((await copy.locator("#layer-totals").innerText()).replaceAll(/\s+/g, " ")).toBe(
      (await page.locator("#layer-totals").innerText()).replaceAll(/\s+/g, " "),
    );
    await copy.close();
    expect(table).toContain("20 sums of all inputs");
  });

  it("draws other first weights with another seed", async () => {
    const before = await page.textContent("#measurements");
    await page.click("#more-settings summary");
    await page.fill("#seed", "7");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.textContent("#measurements"), { timeout: 60_000 }).not.toBe(before);
    await untrained();
    expect(hash()).toContain("seed=7");
  });

  it("stops where it was told to and says why, beside the curves and in their table", async () => {
    await page.fill("#stop-accuracy", "20");
    await page.keyboard.press("Tab");
    expect(hash()).toContain("stop-accuracy=20");
    await page.click("#run");
    const why = "It stopped because it reads at least 20% of the held-out digits.";
    await expect.poll(() => page.textContent("#readings"), { timeout: 60_000 }).toContain(why);
    expect(Number.parseFloat((await page.textContent("#accuracy")) ?? "")).toBeGreaterThanOrEqual(20);
    expect(await page.textContent("#measurements")).toContain(why);
    await page.fill("#stop-accuracy", "");
    await page.keyboard.press("Tab");
  });

  it("calls a loss that is no number NaN, names the layer, and goes back to the best weights with a lower rate", async () => {
    await page.fill("#learning-rate", "1e30");
    await page.keyboard.press("Enter");
    await page.click("#run");
    const notice = page.locator(".notice.failure");
    expect(await notice.innerText()).toMatch(/the loss is NaN.*Convolution \d is the first layer/);
    expect(await page.textContent("#readings")).toContain("loss NaN");
    expect(await page.textContent("#measurements")).toContain("so are values of Convolution");
    await notice.getByRole("button", { name: /Back to the best weights, of step \d+, learning rate 0.01/ }).click();
    await notice.waitFor({ state: "detached" });
    await page.waitForSelector('html[data-phase="paused"]');
    expect(await page.inputValue("#learning-rate")).toBe("0.01");
    expect(await page.textContent("#measurements")).toMatch(/It went back to here from step \d+/);
    await page.click("#run");
    await page.waitForSelector('html[data-phase="training"]');
    await page.click("#run");
    await page.waitForSelector('html[data-phase="paused"]');
  });

  it("lists earlier trainings by what changed, also after a reload, until they are deleted", async () => {
    await page.click("#reset");
    await untrained();
    const rows = page.locator("#runs tr");
    await expect.poll(() => rows.count()).toBe(3);
    expect(await rows.nth(0).innerText()).toContain("not begun");
    expect(await rows.nth(1).innerText()).toMatch(/^B\s*\+ dense 20, batch 64, seed 7, → lr 0.01/);
    expect(await rows.nth(2).innerText()).toMatch(/^A\s*the first, → batch 64/);
    await page.reload();
    await untrained();
    await expect.poll(() => rows.count()).toBe(3);
    await rows.nth(2).getByRole("checkbox").focus();
    await page.keyboard.press("Space");
    expect(await rows.nth(2).getByRole("checkbox").isChecked()).toBe(false);
    await rows
      .nth(1)
      .getByRole("button", { name: /Delete B/ })
      .click();
    expect(await rows.count()).toBe(2);
    expect(await page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("checkbox");
  });

  it("made no errors", () => {
    expect(errors).toEqual([]);
  });
});
