/** Every view in both languages and both themes under axe-core, and a walk through the page by keyboard alone. */
import { rm } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildDemo, launchBrowser, type StaticServer, serve } from "../support/browser.ts";

let site: string;
let server: StaticServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  site = await buildDemo();
  server = await serve(site);
  browser = await launchBrowser();
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.setDefaultTimeout(90_000);
  await page.goto(server.url);
  await page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
  await page.click("#step");
  await page.waitForSelector('html[data-phase="ready"] #accuracy:not(.pending)');
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await rm(site, { recursive: true, force: true });
});

const VIEWS = ["train", "draw", "inside"] as const;

async function go(view: (typeof VIEWS)[number]): Promise<void> {
  await page.click(`a[data-view="${view}"]`);
  await page.waitForSelector(`#view-${view}:visible`);
  if (view === "inside") await page.waitForSelector("#walk:not([hidden])", { timeout: 120_000 });
}

describe("axe-core finds nothing", () => {
  it.each(VIEWS.flatMap((view) => (["en", "es"] as const).map((language) => [view, language] as const)))(
    "in the view %s, language %s, light and dark, wide and narrow",
    async (view, language) => {
      await page.click(`[data-language="${language}"]`);
      await go(view);
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
      });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of [1280, 390]) {
          await page.setViewportSize({ width, height: 900 });
          // The bars grow in 120 ms; half-way colours are not the page's.
          await page.waitForTimeout(200);
          const { violations } = await new AxeBuilder({ page }).analyze();
          const found = violations.map(
            ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`,
          );
          expect(found, `${colorScheme}, ${width} pixels`).toEqual([]);
          expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
        }
      }
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: "light" });
    },
  );
});

describe("by keyboard alone", () => {
  const focused = () =>
    page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim() || "");

  /** Presses Tab until the focus is there. */
  async function tabTo(matches: (focus: string) => boolean): Promise<void> {
    for (let press = 0; press < 200; press++) {
      if (matches(await focused())) return;
      await page.keyboard.press("Tab");
    }
    throw new Error("Tab does not lead there.");
  }

  it("goes through the views, trains, shows a digit and looks at it", async () => {
    await page.click('[data-language="en"]');
    await page.reload();
    await page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
    await tabTo((focus) => focus === "Draw");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#view-draw:visible");
    expect(await focused()).toBe("title");
    await tabTo((focus) => focus === "step");
    await page.keyboard.press("Enter");
    await page.waitForSelector('html[data-phase="ready"] #accuracy:not(.pending)');
    await tabTo((focus) => focus === "test-digit");
    await page.keyboard.press("Enter");
    await page.waitForSelector('#reading[aria-busy="false"] .winner');
    await page.evaluate(() => document.querySelector<HTMLElement>(".views a")?.focus());
    await tabTo((focus) => focus === "Look inside");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#walk:not([hidden])", { timeout: 120_000 });
    await tabTo((focus) => focus === "Convolution 1");
    await page.keyboard.press("Enter");
    expect(await focused()).toBe("Convolution 1");
    const formula = page.locator(".step-conv .step-formula").first();
    const before = await formula.textContent();
    await page.keyboard.press("Tab");
    for (let press = 0; press < 4; press++) await page.keyboard.press("ArrowUp");
    expect(await formula.textContent()).not.toBe(before);
  });
});
