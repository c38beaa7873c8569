/** The page where the browser keeps nothing: it says so, works, and leaves no error behind. */
import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { BLOCKED, FORBIDDEN_CALLS } from "../support/blocked_storage.ts";
import { changeLanguage, launchBrowser } from "../support/browser.ts";

const site = inject("demo");
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser({ webgpu: false });
});

afterAll(() => browser?.close());

describe.each([
  ["every name of storage throws when it is read", BLOCKED],
  ["every call of storage throws at once", FORBIDDEN_CALLS],
])("where %s", (_, script) => {
  it("says what is not kept, trains, reads and begins anew after a reload, without an error", async () => {
    const page = await browser.newPage({ locale: "en-US", viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(90_000);
    const errors: string[] = [];
    // Rejections that nobody handles are among them.
    page.on("pageerror", (error) => errors.push(String(error.stack)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.addInitScript(script);
    const ready = () => page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
    await page.goto(`${site.url}#train?network=tiny&epochs=100`);
    await ready();
    const notice = page.locator(".notice", { hasText: "does not keep what you do here" });
    await notice.waitFor();
    expect(await notice.innerText()).toContain("changes of the data");
    expect(await page.textContent("#keep-note")).toContain("keeps nothing for this page");
    await page.evaluate(() => {
      location.hash = "draw";
    });
    await page.waitForSelector('#lessons-note:text("does not keep them")');
    await page.goBack();

    await page.click("#run");
    await expect.poll(() => page.textContent("#readings"), { timeout: 90_000 }).toMatch(/^step \d/);
    await page.click("#run");
    await page.waitForSelector('html[data-phase="paused"] #accuracy:not(.pending)');
    expect(await page.textContent("#keep-note")).toContain("keeps nothing for this page");
    expect(await page.isVisible("#kept-runs")).toBe(false);
    await changeLanguage(page, "es");
    expect(await page.textContent("#keep-note")).toContain("no guarda nada");
    await page.click("#theme");

    await page.reload();
    await ready();
    expect(await page.locator(".notice button").count()).toBe(0);
    expect(errors).toEqual([]);
    await page.close();
  });
});
