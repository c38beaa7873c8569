/** Every view in both languages and both themes under axe-core, and a walk through the page by keyboard alone. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { atRest, changeLanguage, fitsItsWidth, launchBrowser } from "../support/browser.ts";

const site = inject("demo");
let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.setDefaultTimeout(90_000);
  // Every part of the page is there with a small network too, of fewer maps to look at.
  await page.goto(`${site.url}#train?network=tiny`);
  await page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
  await page.click("#step");
  await page.waitForSelector('html[data-phase="ready"] #accuracy:not(.pending)');
});

afterAll(() => browser?.close());

const VIEWS = ["train", "draw", "inside"] as const;

async function go(view: (typeof VIEWS)[number]): Promise<void> {
  await page.click(`a[data-view="${view}"]`);
  await page.waitForSelector(`#view-${view}:visible`);
  if (view === "inside") await page.waitForSelector("#walk:not([hidden])", { timeout: 120_000 });
}

/** Every pair of language, theme and width, which are as good as all eight of them together: no rule is about three. */
const LOOKS = [
  { language: "en", colorScheme: "light", width: 1280 },
  { language: "en", colorScheme: "dark", width: 390 },
  { language: "es", colorScheme: "light", width: 390 },
  { language: "es", colorScheme: "dark", width: 1280 },
] as const;

describe("axe-core finds nothing", () => {
  it.each(VIEWS.flatMap((view) => LOOKS.map((look) => ({ view, ...look }))))(
    "in the view $view, language $language, $colorScheme, $width pixels wide",
    async ({ view, language, colorScheme, width }) => {
      await changeLanguage(page, language);
      await go(view);
      await page.evaluate(() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
      });
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await atRest(page);
      const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).analyze();
      const found = violations.map(
        ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`,
      );
      expect(found).toEqual([]);
      await fitsItsWidth(page);
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
    await page.setViewportSize({ width: 1280, height: 900 });
    await changeLanguage(page, "en");
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
