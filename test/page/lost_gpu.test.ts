/** The demo goes on by itself where Chromium's GPU process ends, without a click, and keeps what it kept. */
import type { Browser } from "playwright";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { launchBrowser } from "../support/browser.ts";

const site = inject("demo");
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser({
    args: ["--disable-gpu-process-crash-limit", "--disable-domain-blocking-for-3d-apis"],
  });
});

afterAll(() => browser?.close());

it("trains to its end when the GPU process is killed twice, without a click", async () => {
  const devtools = await browser.newBrowserCDPSession();
  const page = await browser.newPage({ locale: "en-US" });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error.stack)));
  await page.goto(`${site.url}?force=webgpu#train?network=tiny&epochs=1`);
  await page.waitForSelector('html[data-phase="ready"] #run:enabled', { timeout: 90_000 });
  const step = async () =>
    Number(/^step ([\d,]+)/.exec((await page.textContent("#readings")) ?? "")?.[1]?.replaceAll(",", "") ?? 0);
  await page.click("#run");
  for (let loss = 0; loss < 2; loss++) {
    const before = await step();
    await expect.poll(step, { timeout: 90_000 }).toBeGreaterThan(before + 5);
    // A device of the test's own tells that all of them are gone.
    const lost = page.evaluate(async () => {
      const device = await (await navigator.gpu.requestAdapter())?.requestDevice();
      document.body.dataset["watched"] = "yes";
      const { reason } = (await device?.lost) ?? {};
      delete document.body.dataset["watched"];
      return reason;
    });
    await page.waitForSelector("body[data-watched]");
    await devtools.send("Browser.crashGpuProcess");
    expect(await lost).toBe("unknown");
  }
  await page.waitForSelector('html[data-phase="ready"] #accuracy:not(.pending)', { timeout: 90_000 });
  expect(await page.locator(".notice.failure").count()).toBe(0);
  expect(errors).toEqual([]);
  expect(await page.textContent("#readings")).toMatch(/^step ([\d,]+) of \1/);
  await page.close();
}, 180_000);
