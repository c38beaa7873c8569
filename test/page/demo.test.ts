/** The demo as a visitor meets it: built, served as plain files, in a real Chromium on SwiftShader. */
import type { Browser, BrowserContextOptions, CDPSession, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { changeLanguage, fitsItsWidth, launchBrowser } from "../support/browser.ts";
import { GLYPHS, type Glyph, pointerPaths } from "../support/digit_strokes.ts";

const site = inject("demo");

interface Visit {
  page: Page;
  browser: Browser;
  /** Errors of the page and of its console, which there should be none of. */
  errors: string[];
}

async function visit(query = "", options: { webgpu?: boolean; context?: BrowserContextOptions } = {}): Promise<Visit> {
  const browser = await launchBrowser({ webgpu: options.webgpu ?? true });
  const context = await browser.newContext({
    locale: "en-US",
    viewport: { width: 1360, height: 1000 },
    // Its requests would pass by `page.route`.
    serviceWorkers: "block",
    ...options.context,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error.stack)));
  await page.goto(site.url + query);
  return { page, browser, errors };
}

/** Goes to a view by its link, as a visitor does. */
async function go(page: Page, view: "train" | "draw" | "inside"): Promise<void> {
  await page.click(`a[data-view="${view}"]`);
  await page.waitForSelector(`#view-${view}:visible`);
}

const phase = (page: Page, name: string) => page.waitForSelector(`html[data-phase="${name}"]`, { timeout: 280_000 });
const measuredBefore = (page: Page) =>
  page.waitForSelector('html[data-phase="ready"] #accuracy.pending:text-matches("\\\\d")');

async function heldOutAccuracy(page: Page): Promise<number> {
  return Number.parseFloat((await page.textContent("#accuracy")) ?? "") / 100;
}

/** "step 1,234 of …" → 1234. */
async function stepsDone(page: Page): Promise<number> {
  const text = (await page.textContent("#readings")) ?? "";
  return Number(/step ([\d,]+)/.exec(text)?.[1]?.replaceAll(",", "") ?? Number.NaN);
}

/** The digit of the highlighted bar, once the network has answered. */
async function answer(page: Page): Promise<number> {
  await page.waitForSelector('#reading[aria-busy="false"] .winner');
  return Number(await page.textContent("#bars .winner .bar-digit"));
}

/** Draws with the mouse; of fingers and pens test/page/draw.test.ts tells. */
class Hand {
  readonly #page: Page;
  readonly #devtools: CDPSession;

  private constructor(page: Page, devtools: CDPSession) {
    this.#page = page;
    this.#devtools = devtools;
  }

  static async of(page: Page): Promise<Hand> {
    return new Hand(page, await page.context().newCDPSession(page));
  }

  async draw(glyph: Glyph): Promise<void> {
    if (await this.#page.isVisible("#view-train")) await go(this.#page, "draw");
    await this.#page.locator("digit-pad").scrollIntoViewIfNeeded();
    const box = await this.#page.locator("digit-pad").boundingBox();
    if (box === null) throw new Error("The pad is not on the page.");
    const size = 0.7 * box.width;
    for (const path of pointerPaths(glyph, size, box.x + 0.15 * box.width, box.y + 0.15 * box.height, size / 16)) {
      for (const [index, { x, y }] of path.entries())
        await this.#point(index === 0 ? "mousePressed" : "mouseMoved", x, y);
      const end = path.at(-1);
      if (end) await this.#point("mouseReleased", end.x, end.y);
    }
  }

  async #point(type: "mousePressed" | "mouseMoved" | "mouseReleased", x: number, y: number): Promise<void> {
    const [buttons, clickCount] = [type === "mouseReleased" ? 0 : 1, type === "mouseMoved" ? 0 : 1];
    await this.#devtools.send("Input.dispatchMouseEvent", { ...{ type, x, y, buttons, clickCount }, button: "left" });
  }
}

const ordinary = (digit: number): Glyph => {
  const glyph = GLYPHS.find((candidate) => candidate.digit === digit);
  if (glyph === undefined) throw new Error(`There is no glyph for ${digit}.`);
  return glyph;
};

describe("the demo on WebGPU", () => {
  let visited: Visit;
  let page: Page;
  let hand: Hand;

  beforeAll(async () => {
    // The adapter is a program on the processor here, which the page would not take of itself.
    visited = await visit("?force=webgpu");
    page = visited.page;
    hand = await Hand.of(page);
    await measuredBefore(page);
  });

  afterAll(() => visited?.browser.close());

  it("shows the counts of the text that the project grew from", async () => {
    const table = (await page.locator(".layers").innerText()).replaceAll(/\s+/g, " ");
    for (const figure of [
      "28×28×1 784",
      "28×28×32 25,088 320",
      "14×14×32 6,272",
      "14×14×64 12,544 18,496",
      "7×7×64 3,136",
      "31,370",
      "50,186",
    ]) {
      expect(table).toContain(figure);
    }
    expect(await page.textContent("#facts")).toContain("WebGPU");
  });

  it("says that an untrained network knows nothing", async () => {
    expect(await heldOutAccuracy(page)).toBeLessThan(0.35);
    await hand.draw(ordinary(3));
    await page.waitForSelector('#reading[aria-busy="false"] .bar-value:text-matches("%")');
    const shares = (await page.locator("#bars .bar-value").allTextContents()).map((text) => Number.parseFloat(text));
    expect(shares).toHaveLength(10);
    expect(Math.max(...shares)).toBeLessThan(50);
    expect(await page.textContent("#draw-note")).toContain("untrained");
    expect(await page.textContent("#verdict-digit")).toBe("?");
    await page.click("#clear");
    await expect.poll(() => page.locator("#bars .bar-value").allTextContents()).toEqual(Array(10).fill(""));
  });

  it("trains, with a pause on the way, up to the steps that were asked for, and reads more held-out digits", async () => {
    await go(page, "train");
    await page.click("#more-settings summary");
    await page.fill("#stop-steps", "28");
    await page.keyboard.press("Tab");
    await page.click("#run");
    await expect.poll(() => stepsDone(page), { timeout: 60_000 }).toBeGreaterThanOrEqual(10);
    await page.click("#run");
    await phase(page, "paused");
    // It is measured once the steps in flight have arrived.
    const measured = async () =>
      Number(/after ([\d,]+) steps/.exec((await page.textContent("#accuracy-caption")) ?? "")?.[1]);
    await expect.poll(async () => (await stepsDone(page)) - (await measured()), { timeout: 60_000 }).toBe(0);
    const seen = await stepsDone(page);
    await page.click("#run");
    await phase(page, "training");
    await expect.poll(() => stepsDone(page), { timeout: 60_000 }).toBeGreaterThan(seen);
    await phase(page, "ready");
    expect(await stepsDone(page)).toBe(28);
    // Of longer trainings test/page/draw.test.ts and train.test.ts tell.
    expect(await heldOutAccuracy(page)).toBeGreaterThan(0.4);
    const rows = await page.locator("#measurements tr").count();
    expect(rows).toBeGreaterThan(3);
    await page.fill("#stop-steps", "");
    await page.keyboard.press("Tab");
    await page.click("#more-settings summary");
    expect(await page.textContent("#facts")).toMatch(/GPU programs per step\d/);
  });

  it("looks inside: counts, sums that add up, windows that move, and a test digit where nothing is drawn", async () => {
    await go(page, "inside");
    await page.waitForSelector("#walk:not([hidden])", { timeout: 120_000 });
    expect(await page.textContent("#inside-status")).toContain("after 28 steps");
    expect(await page.textContent("#inside-answer")).toMatch(/The network reads \d, \d/);
    const walk = (await page.locator("#walk").innerText()).replaceAll(/\s/g, " ");
    for (const figure of [
      "28 × 28 × 1 = 784",
      "28 × 28 × 32 = 25,088",
      "14 × 14 × 32 = 6,272",
      "14 × 14 × 64 = 12,544",
    ]) {
      expect(walk).toContain(figure);
    }
    expect(await page.locator(".step-conv").first().locator(".strip button").count()).toBe(32);

    // Nine products and the bias, as written, give the sum, as written; ReLU of it is the end of the line.
    const formula = page.locator(".step-conv .step-formula").first();
    const checked = async () => {
      const text = ((await formula.textContent()) ?? "").replaceAll("\u2212", "-");
      const numbers = text.match(/-?\d+\.\d+/g)?.map(Number) ?? [];
      expect(numbers).toHaveLength(21);
      const [bias = 0, total = 0, after = 0] = numbers.slice(18);
      let sum = bias;
      for (let product = 0; product < 9; product++)
        sum += (numbers[2 * product] ?? 0) * (numbers[2 * product + 1] ?? 0);
      // Each number is rounded to three places, values up to 1 and weights up to about 2.
      expect(Math.abs(sum - total)).toBeLessThan(9 * 0.0005 * 3 + 0.001);
      expect(after).toBe(Math.max(0, total));
      return text;
    };
    const first = await checked();
    const map = page.locator(".step-conv .step-result .grid-frame").first();
    // Windows over paper alone all read the same: on to one that does not.
    const changed = async (before: string, acts: number, act: (turn: number) => Promise<void>) => {
      for (let turn = 0; turn < acts; turn++) {
        await act(turn);
        const now = await checked();
        if (now !== before) return now;
      }
      throw new Error(`the window's formula stayed as it was: ${before}`);
    };
    await map.focus();
    const moved = await changed(first, 14, () => page.keyboard.press("ArrowDown"));
    await changed(moved, 8, (turn) => map.hover({ position: { x: 40 + 12 * turn, y: 80 } }));

    // Another filter: its kernel, its map, and the same map in the pooling below.
    await page.locator(".step-conv .strip button").nth(4).click();
    expect(await page.textContent(".step-result figcaption")).toBe("Map 5");
    expect(await page.textContent(".step-pool figcaption")).toBe("Map 5, before");
    const pool = ((await page.textContent(".step-pool .step-formula")) ?? "").match(/\d+\.\d+/g)?.map(Number) ?? [];
    expect(pool).toHaveLength(5);
    expect(pool[4]).toBe(Math.max(...pool.slice(0, 4)));

    const shares = await page.locator(".answer-table .share").allTextContents();
    const total = shares.reduce((sum, share) => sum + Number.parseFloat(share), 0);
    expect(total).toBeGreaterThan(99.4);
    expect(total).toBeLessThan(100.6);

    // Which way a step would move the kernel: the loss is that of the digit's share, whichever digit it should be.
    const moves = page.locator(".kernel-gradient").first();
    await moves.locator("summary").click();
    await moves.locator(".moves td").first().waitFor();
    expect(await moves.locator(".moves td").count()).toBe(9);
    for (const digit of [0, 8]) {
      await moves.locator(".digits button").nth(digit).click();
      const line = moves.locator(".step-formula", { hasText: `should be ${digit}:` });
      const [, share = 0, loss = 0] = ((await line.textContent()) ?? "").match(/\d+(\.\d+)?/g)?.map(Number) ?? [];
      expect(share).toBe(Number.parseFloat(shares[digit] ?? ""));
      // The share is rounded to a tenth of a per cent, the loss to a thousandth.
      expect(Math.exp(-loss)).toBeGreaterThan(share / 100 - 0.0011);
      expect(Math.exp(-loss)).toBeLessThan(share / 100 + 0.0011);
    }

    await page.click('.step-looked .digits button:has-text("7")');
    await page.waitForSelector('.step-looked .digits button[aria-checked="true"]:has-text("7")');
    await page.click(".step-looked .step-body button");
    await page.waitForSelector(".step-looked .step-body button:enabled");

    // The kernels before training and now.
    const slider = page.locator("#kernel-moment");
    expect(Number(await slider.getAttribute("max"))).toBeGreaterThan(2);
    await slider.focus();
    await page.keyboard.press("Home");
    expect(await page.textContent(".moment label")).toBe("Before any training");

    await page.selectOption("#filter-preset", "presetIdentity");
    const pixels = (which: number) =>
      page
        .locator(".step-filters .grid canvas")
        .nth(which)
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL().length);
    expect(await pixels(0)).toBeGreaterThan(200);
    await page.locator(".weights input").nth(0).fill("1");
    expect(await page.inputValue("#filter-preset")).toBe("own");
    await page.click("#clear");
    expect(await page.isHidden("#walk")).toBe(true);
  });

  it("keeps the view and the settings in the address", async () => {
    await go(page, "train");
    await page.selectOption("#epochs", "10");
    expect(new URL(page.url()).hash).toBe("#train?epochs=10");
    await go(page, "draw");
    expect(new URL(page.url()).hash).toBe("#draw?epochs=10");
    await page.goBack();
    expect(await page.isVisible("#view-train")).toBe(true);
    await page.selectOption("#epochs", "5");
    expect(new URL(page.url()).hash).toBe("#train");
    expect(await page.getAttribute('a[data-view="train"]', "aria-current")).toBe("page");
  });

  it("takes strokes back one at a time and clears, by button and by key", async () => {
    const label = () => page.locator("digit-pad canvas").getAttribute("aria-label");
    await hand.draw(ordinary(4));
    await expect.poll(label).toBe("Drawing pad with 2 strokes");
    await page.click("#undo");
    await expect.poll(label).toBe("Drawing pad with 1 stroke");
    await page.focus("digit-pad");
    await page.keyboard.press("Control+z");
    await expect.poll(label).toBe("Drawing pad, empty");
    expect(await page.isDisabled("#undo")).toBe(true);
    await hand.draw(ordinary(4));
    await page.keyboard.press("Escape");
    await expect.poll(label).toBe("Drawing pad, empty");
    expect(await page.textContent("#verdict-digit")).toBe("");
  });

  it("shows a held-out digit to those who cannot draw", async () => {
    await go(page, "draw");
    await page.focus("#test-digit");
    await page.keyboard.press("Enter");
    await answer(page);
    expect(await page.textContent("#draw-note")).toMatch(/labelled \d/);
    await page.keyboard.press("Tab");
    await page.click("#clear");
  });

  it("takes one step at a time", async () => {
    const before = await stepsDone(page);
    await page.click("#step");
    await phase(page, "ready");
    await expect
      .poll(() => page.textContent("#accuracy-caption"), { timeout: 30_000 })
      .toContain(`after ${before + 1} steps`);
  });

  it("measures the kernels of a step and leaves the training as it is", async () => {
    await go(page, "train");
    const before = await page.locator("#readings").textContent();
    const accuracy = await page.locator("#accuracy").textContent();
    await page.click("#profile summary");
    await page.click("#measure");
    await page.waitForFunction(() => /GFLOP/.test(document.querySelector("#profile-status")?.textContent ?? ""), null, {
      timeout: 120_000,
    });
    const rows = await page.locator("#kernels tr").allTextContents();
    // The reference step's twelve: the one that fetches digits makes random copies of them.
    expect(rows.length).toBe(12);
    expect(rows.filter((row) => /Varies the digits/.test(row))).toHaveLength(1);
    expect(rows.filter((row) => /Convolution 2/.test(row))).toHaveLength(3);
    const shares = await page.locator("#kernels td:nth-child(4)").allTextContents();
    const total = shares.reduce((sum, share) => sum + Number.parseFloat(share), 0);
    expect(total).toBeGreaterThan(98);
    expect(total).toBeLessThan(102);
    expect(await page.locator("#readings").textContent()).toBe(before);
    expect(await page.locator("#accuracy").textContent()).toBe(accuracy);
    await page.click("#profile summary");
  });

  it("changes language with every number and sentence", async () => {
    await changeLanguage(page, "es");
    expect(await page.getAttribute("html", "lang")).toBe("es");
    await go(page, "train");
    expect(await page.textContent("h1")).toBe("Una red neuronal que aprende en esta página");
    expect(await page.textContent("#accuracy-caption")).toContain("cifras reservadas");
    await changeLanguage(page, "en");
  });

  it("resets to the untrained network", async () => {
    await page.click("#reset");
    await measuredBefore(page);
    expect(await heldOutAccuracy(page)).toBeLessThan(0.35);
    expect(await page.textContent("#run")).toBe("Train");
    expect(await page.locator("#measurements tr").count()).toBe(1);
  });

  it("made no errors and asked nobody else for anything", () => {
    expect(visited.errors).toEqual([]);
  });
});

describe("the demo without WebGPU", () => {
  it("says why and what to do, and trains the same network on WebAssembly", async () => {
    const { page, browser, errors } = await visit("?lang=es#train?stop-accuracy=65", {
      webgpu: false,
      context: { viewport: { width: 390, height: 844 } },
    });
    try {
      await measuredBefore(page);
      const notice = await page.locator(".notice.advice").innerText();
      expect(notice).toContain("Se entrena en la CPU, con WebAssembly");
      expect(notice).toContain("no encontró una tarjeta gráfica");
      expect(notice).toContain("chrome://flags");
      await fitsItsWidth(page);
      await go(page, "train");
      await page.selectOption("#epochs", "1");
      await page.click("#run");
      await phase(page, "training");
      await phase(page, "ready");
      expect(Number.parseFloat((await page.textContent("#accuracy"))?.replace(",", ".") ?? "")).toBeGreaterThan(60);
      expect(await page.textContent("#facts")).toContain("la CPU, en WebAssembly");
      // 9 · 32 + 32, 288 · 64 + 64 and 3,136 · 10 + 10 numbers: the reference network.
      expect(await page.textContent("#facts")).toContain("201 kB");
      await (await Hand.of(page)).draw(ordinary(0));
      expect(await answer(page)).toBe(0);
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

describe("the demo on a processor, with a worker that may not compile WebAssembly", () => {
  /** The worker's own policy decides: a page's does not reach it. */
  async function visitBlocked(options: { webgpu: boolean }): Promise<{ notice: string; facts: string }> {
    const browser = await launchBrowser(options);
    try {
      const page = await browser.newPage({ locale: "en-US", serviceWorkers: "block" });
      await page.route("**/trainer_worker*", async (route) => {
        const response = await route.fetch();
        const headers = { ...response.headers(), "content-security-policy": "script-src 'self'" };
        await route.fulfill({ response, headers });
      });
      await page.goto(`${site.url}#train?network=tiny`);
      await measuredBefore(page);
      return {
        notice: await page.locator(".notice.advice").innerText(),
        facts: (await page.textContent("#facts")) ?? "",
      };
    } finally {
      await browser.close();
    }
  }

  it("takes WebGPU in software, else JavaScript, and says why", async () => {
    const { notice, facts } = await visitBlocked({ webgpu: true });
    expect(notice).toContain("Training on the CPU, through WebGPU");
    expect(notice).toContain("The policy of this page lets no WebAssembly run.");
    expect(facts).toMatch(/WebGPU · .*swiftshader/i);
    const without = await visitBlocked({ webgpu: false });
    expect(without.notice).toContain("with a smaller network");
    expect(without.notice).toContain("The policy of this page lets no WebAssembly run.");
    expect(without.facts).toContain("the CPU, in JavaScript");
  });
});

describe("the demo when something is missing", () => {
  it("says that the digits could not be loaded, and tries again", async () => {
    const { page, browser } = await visit("?force=cpu");
    try {
      await page.route("**/data/**", (route) => route.abort());
      await page.reload();
      await page.waitForSelector(".notice.failure");
      expect(await page.locator(".notice.failure").innerText()).toContain("The digits could not be loaded");
      await page.unroute("**/data/**");
      await page.click(".notice.failure button");
      await measuredBefore(page);
      expect(await page.locator(".notice.failure").count()).toBe(0);
    } finally {
      await browser.close();
    }
  });

  it("says that the training program did not load", async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ locale: "en-US", serviceWorkers: "block" });
      await page.route("**/trainer_worker*", (route) => route.abort());
      await page.goto(site.url);
      await page.waitForSelector(".notice.failure");
      expect(await page.locator(".notice.failure").innerText()).toContain("could not be started");
    } finally {
      await browser.close();
    }
  });
});
