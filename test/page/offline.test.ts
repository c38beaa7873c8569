/** The built page without a network: after one visit it opens, trains and reads from what the browser kept. */
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { launchBrowser, type StaticServer, serve } from "../support/browser.ts";

let server: StaticServer;
let browser: Browser;
let page: Page;
const errors: string[] = [];

const ready = () =>
  page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")', { timeout: 120_000 });

beforeAll(async () => {
  server = await serve(inject("demo").folder);
  browser = await launchBrowser();
  page = await browser.newPage({ locale: "en-US", viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(90_000);
  page.on("pageerror", (error) => errors.push(String(error.stack)));
  await page.goto(`${server.url}?force=webgpu`);
  await ready();
  // The worker takes a page over once it has kept every file.
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

it("opens and trains with the server gone; and the reference network's first steps come within 2 seconds of the first paint", async () => {
  await server.close();
  // Presses Train as soon as it can be pressed, and notes when the first step was told of.
  await page.addInitScript(() => {
    const times = window as unknown as { pressed: number; stepped: number };
    const look = () => {
      const run = document.querySelector<HTMLButtonElement>("#run");
      if (
        times.pressed === undefined &&
        run &&
        !run.disabled &&
        document.documentElement.dataset["phase"] === "ready"
      ) {
        times.pressed = performance.now();
        run.click();
      }
      // "step 12 of 315" in place of "Ready: 315 steps …".
      const steps = Number(/^step (\d+)/.exec(document.querySelector("#readings")?.textContent ?? "")?.[1] ?? 0);
      if (times.pressed !== undefined && times.stepped === undefined && steps > 0) times.stepped = performance.now();
      if (times.stepped === undefined) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  // Other work on the machine only ever makes it longer, so the fastest of three visits counts.
  const seconds: number[] = [];
  for (let visit = 0; visit < 3 && Math.min(...seconds) > 2; visit++) {
    await page.reload();
    await page.waitForFunction(() => (window as unknown as { stepped?: number }).stepped !== undefined);
    const { paint, pressed, stepped } = await page.evaluate(() => {
      const { pressed, stepped } = window as unknown as { pressed: number; stepped: number };
      return { paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime, pressed, stepped };
    });
    if (paint === undefined) throw new Error("the browser told no first paint");
    console.log(
      `after the first paint: Train pressed ${(pressed - paint).toFixed(0)} ms, ${(stepped - paint).toFixed(0)} ms to the first steps`,
    );
    seconds.push((stepped - paint) / 1000);
  }
  await page.waitForFunction(() => Number.parseFloat(document.querySelector("#accuracy")?.textContent ?? "") > 50);
  expect(Math.min(...seconds)).toBeLessThan(2);
  expect(errors).toEqual([]);
});
