/** A training under way is kept when its page is hidden, whenever that is. */
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";

const site = inject("demo");
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(() => browser?.close());

it("keeps the steps that were taken until then, and offers them after a reload", async () => {
  const page = await browser.newPage({ locale: "en-US" });
  await page.goto(`${site.url}#train?network=tiny&epochs=20`);
  await page.waitForSelector('html[data-phase="ready"] #run:enabled', { timeout: 90_000 });
  const step = async () =>
    Number(/^step ([\d,]+)/.exec((await page.textContent("#readings")) ?? "")?.[1]?.replaceAll(",", "") ?? 0);
  await page.evaluate(() => {
    const puts: { steps: number; count: number }[] = [];
    Object.assign(globalThis, { puts });
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (this: IDBObjectStore, value: { steps: number; count: number }, key) {
      puts.push({ steps: value.steps, count: value.count });
      return put.call(this, value, key);
    };
  });
  // What is kept at a measurement has been measured: of so many digits.
  const unmeasured = async () => {
    const puts: { steps: number; count: number }[] = await page.evaluate("puts");
    return Math.max(0, ...puts.filter(({ count }) => count === 0).map(({ steps }) => steps));
  };
  await page.click("#run");
  await expect.poll(step, { timeout: 90_000 }).toBeGreaterThan(3);
  const before = await step();
  const hide = () => {
    Object.defineProperty(document, "hidden", { get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  };
  expect(await unmeasured()).toBe(0);
  await page.evaluate(hide);
  await expect.poll(unmeasured, { timeout: 30_000 }).toBeGreaterThanOrEqual(before);
  await page.reload();
  await page.waitForSelector(".notice.advice", { timeout: 90_000 });
  expect(await page.textContent(".notice.advice")).toMatch(/\d/);
  await page.close();
}, 240_000);
