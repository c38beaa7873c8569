/** Where things stand: nothing jumps while the page opens and trains, pad and answer are seen together, targets fit fingers. */
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { pad as english } from "../../demo/messages/en/pad.ts";
import { pad as spanish } from "../../demo/messages/es/pad.ts";
import { launchBrowser } from "../support/browser.ts";

/** Google's "good" is 0.1; nothing here has a reason to move at all. */
const MOST_SHIFT = 0.02;
/** WCAG 2.2, 2.5.5: the side of a target for fingers, in CSS pixels. */
const TARGET = 44;

const site = inject("demo");
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(() => browser?.close());

interface Shift {
  readonly value: number;
  /** The elements that moved, with where they were and are. */
  readonly moved: readonly string[];
}

/** A page of its own in a fresh browser profile, that records every layout shift from its first paint on. */
async function open(
  address: string,
  options: Parameters<Browser["newContext"]>[0],
): Promise<{ page: Page; context: BrowserContext; shifts: () => Promise<Shift[]> }> {
  const context = await browser.newContext({ locale: "en-US", serviceWorkers: "block", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  await page.addInitScript(() => {
    const found: Shift[] = [];
    Object.assign(globalThis, { layoutShifts: found });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
        sources: { node?: Element; previousRect: DOMRect; currentRect: DOMRect }[];
      })[]) {
        if (entry.hadRecentInput) continue;
        const words = ({ x, y, width, height }: DOMRect) => [x, y, width, height].map(Math.round).join(" ");
        const name = (node?: Element) => `${node?.nodeName ?? "?"}#${node?.id ?? ""}.${node?.className ?? ""}`;
        const moved = entry.sources.map(
          ({ node, previousRect, currentRect }) => `${name(node)} ${words(previousRect)} → ${words(currentRect)}`,
        );
        found.push({ value: entry.value, moved });
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(site.url + address);
  return {
    page,
    context,
    shifts: () => page.evaluate(() => (globalThis as unknown as { layoutShifts: Shift[] }).layoutShifts),
  };
}

const total = (shifts: readonly Shift[]) => shifts.reduce((sum, { value }) => sum + value, 0);

describe("a first visit", () => {
  it.each([
    ["a desktop", { width: 1280, height: 800 }],
    ["a phone", { width: 390, height: 844 }],
  ])("shifts nothing on %s, from its first paint to some steps of training", async (_, viewport) => {
    const { page, context, shifts } = await open("#train?network=tiny", { viewport });
    await page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
    const loaded = total(await shifts());
    // A script's press is no input to the browser: what moves because of it counts.
    await page.evaluate(() => document.querySelector<HTMLButtonElement>("#run")?.click());
    await expect
      .poll(() => page.textContent("#readings"), { timeout: 60_000, interval: 50 })
      .toMatch(/step ([3-9]\d|\d\d\d)/);
    const found = await shifts();
    console.log(`${viewport.width} px: ${loaded.toFixed(4)} until ready, ${total(found).toFixed(4)} while training`);
    const what = found.map(({ value, moved }) => `${value.toFixed(4)}: ${moved.join("; ")}`).join("\n");
    expect(total(found), what).toBeLessThanOrEqual(MOST_SHIFT);
    await context.close();
  });
});

describe("drawing on a small screen", () => {
  it.each([
    ["a phone", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
    ["a small phone", { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true }],
    ["a desktop at 200 %", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
    ["a laptop", { viewport: { width: 1280, height: 620 } }],
  ] as const)("shows pad and answer together on %s, in both languages", async (_, options) => {
    const { page, context } = await open("#draw?network=tiny", options);
    await page.waitForSelector('html[data-phase="ready"] #test-digit:enabled');
    await page.evaluate(() => document.querySelector<HTMLButtonElement>("#test-digit")?.click());
    await page.waitForFunction(() => document.querySelector("#verdict-digit")?.textContent !== "");
    for (const language of ["es", "en"] as const) {
      // The longest that is said there.
      await page.evaluate(
        async ([name, words]) => {
          document.querySelector<HTMLButtonElement>(`[data-language="${name}"]`)?.click();
          while (document.documentElement.lang !== name) await new Promise(requestAnimationFrame);
          // The page writes itself in its next frame.
          for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
          const caption = document.querySelector("#verdict-caption");
          if (caption) caption.textContent = words;
        },
        [language, { en: english, es: spanish }[language].verdictUnknown] as const,
      );
      const found = await page.evaluate(() => {
        scrollTo(0, 0);
        const top = document.querySelector("digit-pad")?.getBoundingClientRect().top ?? 0;
        const bottom = (selector: string) => document.querySelector(selector)?.getBoundingClientRect().bottom ?? 0;
        return {
          top: Math.round(top),
          pad: bottom("digit-pad"),
          digit: bottom("#verdict-digit"),
          caption: bottom("#verdict-caption"),
          wide: document.documentElement.scrollWidth - innerWidth,
          fold: innerHeight,
        };
      });
      console.log(language, JSON.stringify(found));
      expect(Math.max(found.pad, found.digit, found.caption)).toBeLessThanOrEqual(found.fold);
      expect(found.wide).toBeLessThanOrEqual(0);
    }
    await context.close();
  });
});

/** Visible targets that a finger could miss, with their size. Of a control within its label the label is the target. */
const small = (page: Page) =>
  page.evaluate((side) => {
    const targets = document.querySelectorAll<HTMLElement>(
      "a, button, select, input:not([type=hidden]), textarea, summary, [role=grid], digit-pad",
    );
    return [...targets]
      .filter((target) => target.checkVisibility({ visibilityProperty: true }) && !target.matches(".skip, :disabled *"))
      .map((target) => {
        const label = target instanceof HTMLInputElement && target.type === "checkbox" ? target.closest("label") : null;
        const { width, height } = (label ?? target).getBoundingClientRect();
        return { target, width, height };
      })
      .filter(({ width, height }) => Math.min(width, height) < side - 0.5)
      .map(({ target, width, height }) => {
        const words = target.textContent?.trim().slice(0, 20);
        return `${target.tagName} #${target.id}.${target.className} "${words}" ${Math.round(width)}×${Math.round(height)}`;
      });
  }, TARGET);

it("gives every target 44 pixels for fingers, in all views", async () => {
  const { page, context } = await open("#train?network=tiny&epochs=1", {
    ...{ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  });
  await page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');
  // Everything that opens is open, and the confusion matrix is there.
  await page.evaluate(() => document.querySelector<HTMLButtonElement>("#run")?.click());
  await page.waitForSelector('html[data-phase="ready"] #accuracy:not(.pending)', { timeout: 200_000 });
  await page.locator("#mistakes").scrollIntoViewIfNeeded();
  await page.waitForSelector('#mistakes[aria-busy="false"] .thumb');
  const found: Record<string, string[]> = {};
  for (const view of ["train", "draw", "inside"]) {
    await page.evaluate((name) => document.querySelector<HTMLElement>(`a[data-view="${name}"]`)?.click(), view);
    if (view === "inside") await page.waitForSelector('#walk[aria-busy="false"] section');
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
    });
    found[view] = await small(page);
  }
  expect(found).toEqual({ train: [], draw: [], inside: [] });
  await context.close();
});
