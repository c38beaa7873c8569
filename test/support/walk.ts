/**
 * A walk through the demo as a visitor makes it, for browsers that Playwright cannot drive: written once, against the few
 * things that every WebDriver can do. Whoever drives a browser implements `WalkDriver` and calls `describeWalk`.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { GLYPHS, type Point, pointerPaths } from "./digit_strokes.ts";

/** A browser with one page. */
export interface WalkDriver {
  /** Goes to an address and waits until the page is loaded; the address that is open already is loaded again. */
  open(url: string): Promise<void>;
  /** Presses the middle of the first element that matches, scrolled into view, as a mouse does. */
  click(selector: string): Promise<void>;
  /** Draws with the pressed mouse along each path; points in CSS pixels of the window. */
  draw(paths: readonly (readonly Point[])[]): Promise<void>;
  /** Gives files to an input that chooses some, which may be hidden behind a button; paths on this machine. */
  choose(selector: string, paths: readonly string[]): Promise<void>;
  /** The text of the first element that matches. */
  text(selector: string): Promise<string>;
  /** The value of an expression in the page, as JSON carries it; a promise is waited for. */
  evaluate(expression: string): Promise<unknown>;
  /** What the window shows, a PNG. */
  screenshot(): Promise<Uint8Array>;
  /** Errors of the page so far, as far as the driver hears of them. */
  errors(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface WalkOptions {
  /** "Firefox on lavapipe". */
  readonly name: string;
  launch(): Promise<WalkDriver>;
  /** What the page is to train on there. */
  readonly backend: "webgpu" | "cpu";
  /** Added to the address, "?force=cpu". */
  readonly query?: string;
  /** Digits of the ten that must be read right after the training. */
  readonly right?: number;
}

const POLL_MILLISECONDS = 200;

/** Waits until an expression in the page is true; the error tells what was waited for and what the page says. */
export async function until(driver: WalkDriver, what: string, expression: string, seconds = 90): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await driver.evaluate(`Boolean(${expression})`))) {
    if (performance.now() > end) {
      const phase = await driver.evaluate("document.documentElement.dataset.phase");
      const notices = await driver.evaluate("document.querySelector('#notices')?.innerText");
      const errors = (await driver.errors()).join("\n");
      throw new Error(`Waited ${seconds} s for: ${what}. Phase "${phase}"; notices: "${notices}"; errors: ${errors}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}

const phaseIs = (name: string) => `document.documentElement.dataset.phase === "${name}"`;
const isShown = (selector: string) => `document.querySelector('${selector}')?.checkVisibility()`;

/** "step 1,234 of …" → 1234; 0 where none was taken. */
async function stepsDone(driver: WalkDriver): Promise<number> {
  return Number(/step ([\d,]+)/.exec(await driver.text("#readings"))?.[1]?.replaceAll(",", "") ?? 0);
}

/** Goes to a view by its link, as a visitor does. */
async function go(driver: WalkDriver, view: "train" | "draw" | "inside"): Promise<void> {
  await driver.click(`a[data-view="${view}"]`);
  await until(driver, `the view ${view}`, isShown(`#view-${view}`));
}

/** Draws a digit and returns the one that was read. */
async function read(driver: WalkDriver, digit: number): Promise<number> {
  const glyph = GLYPHS.find((candidate) => candidate.digit === digit);
  if (glyph === undefined) throw new Error(`There is no glyph for ${digit}.`);
  await driver.evaluate(`document.querySelector("#clear").click()`);
  await until(driver, "an empty pad", isShown("#pad-hint"));
  await driver.evaluate(`document.querySelector("digit-pad").scrollIntoView({ block: "center" })`);
  const box = (await driver.evaluate(
    `(({ x, y, width }) => ({ x, y, width }))(document.querySelector("digit-pad").getBoundingClientRect())`,
  )) as { x: number; y: number; width: number };
  const size = 0.7 * box.width;
  await driver.draw(pointerPaths(glyph, size, box.x + 0.15 * box.width, box.y + 0.15 * box.width, size / 16));
  await until(driver, "an answer", `document.querySelector('#reading[aria-busy="false"] .winner')`, 30);
  return Number(await driver.text("#bars .winner .bar-digit"));
}

/** What these canvases show, one number for each that is seen. */
const picturesOf = (
  selector: string,
) => `[...document.querySelectorAll("${selector}")].filter((canvas) => !canvas.hidden).map((canvas) => {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext("2d");
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, copy.width, copy.height).data.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 7);
})`;

/** Registers the walk's tests; each goes on where the one before it ended. */
export function describeWalk({ name, launch, backend, query = "", right = 8 }: WalkOptions): void {
  describe(`the demo in ${name}`, () => {
    const site = inject("demo");
    let driver: WalkDriver;

    beforeAll(async () => {
      driver = await launch();
    });

    afterAll(async () => {
      await driver?.close();
    });

    it("opens, and is ready to train", async () => {
      await driver.open(`${site.url}${query}#train?network=tiny&epochs=100`);
      await until(driver, "the page to be ready", phaseIs("ready"), 180);
      await until(driver, "a first accuracy", `/\\d/.test(document.querySelector("#accuracy.pending")?.textContent)`);
      expect(await driver.text("#facts")).toContain(backend === "webgpu" ? "WebGPU" : "CPU");
      expect(await driver.evaluate(`document.querySelectorAll(".notice.failure").length`)).toBe(0);
    });

    it("trains some steps, pauses and goes on", async () => {
      await driver.click("#run");
      await until(
        driver,
        "60 steps",
        `/step (?:[6-9]\\d|\\d[\\d,]{2,})/.test(document.querySelector("#readings").textContent)`,
      );
      await driver.click("#run");
      await until(driver, "the pause", phaseIs("paused"));
      const before = await stepsDone(driver);
      await driver.click("#run");
      await until(driver, "the training to go on", phaseIs("training"));
      await expect.poll(() => stepsDone(driver), { timeout: 60_000 }).toBeGreaterThan(before);
    });

    it("moves the maps inside while it trains", async () => {
      // On the GPU canvases over the pictures move; on the CPU, which that would hold up, the pictures follow from time to time.
      const maps = picturesOf(backend === "webgpu" ? "canvas.live" : ".step-conv .grid canvas");
      await go(driver, "inside");
      await until(driver, "the maps", isShown("#walk"), 120);
      await driver.evaluate(`document.querySelector(".step-conv").scrollIntoView()`);
      const seen = new Set<string>();
      await expect
        .poll(
          async () => {
            const found = (await driver.evaluate(maps)) as readonly number[];
            if (found.length > 0) seen.add(found.join());
            return seen.size;
          },
          { timeout: 60_000, interval: 100 },
        )
        .toBeGreaterThanOrEqual(4);
    });

    it("has learned to read, and pauses", async () => {
      await go(driver, "train");
      await until(driver, "80 %", `Number.parseFloat(document.querySelector("#accuracy").textContent) >= 80`, 240);
      await driver.click("#run");
      await until(driver, "the pause", phaseIs("paused"));
      await go(driver, "draw");
      const found: number[] = [];
      for (let digit = 0; digit < 10; digit++) found.push(await read(driver, digit));
      const count = found.filter((digit, index) => digit === index).length;
      expect(count, `0 … 9 were read as ${found.join(" ")}`).toBeGreaterThanOrEqual(right);
    });

    it("looks inside at what was drawn", async () => {
      await go(driver, "inside");
      await until(
        driver,
        "an answer",
        `/The network reads \\d/.test(document.querySelector("#inside-answer").textContent)`,
      );
      const shot = await driver.screenshot();
      expect([...shot.subarray(1, 4)], "a PNG").toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));
    });

    it("offers the training again after a reload, and goes on with it", async () => {
      await go(driver, "train");
      // Steps that were in flight at the pause have been told by now.
      const steps = await stepsDone(driver);
      await driver.open(`${site.url}${query}#train?network=tiny&epochs=20`);
      await until(driver, "the page to be ready", phaseIs("ready"), 180);
      await until(driver, "the offer to go on", `document.querySelector("#notices .buttons button")`);
      await driver.click("#notices .buttons button");
      await until(
        driver,
        "the steps of before",
        `Number(/after ([\\d,]+) steps/.exec(document.querySelector("#accuracy-caption").textContent)?.[1].replaceAll(",", "")) > 0`,
      );
      const kept = Number(
        /after ([\d,]+) steps/.exec(await driver.text("#accuracy-caption"))?.[1]?.replaceAll(",", "") ?? 0,
      );
      expect(kept).toBeGreaterThan(60);
      expect(kept).toBeLessThanOrEqual(steps);
      await driver.click("#run");
      await until(driver, "the training to go on", phaseIs("training"));
      await expect.poll(() => stepsDone(driver), { timeout: 60_000 }).toBeGreaterThan(kept);
    });

    it("made no errors", async () => {
      expect(await driver.errors()).toEqual([]);
    });
  });
}
