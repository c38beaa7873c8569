/** “Your pictures” in a real Chromium: import, train, read a picture, reload and go on; files with which that does not work. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { CAMERA_FLAGS } from "../../scripts/chromium.mjs";
import { atRest, changeLanguage, fitsItsWidth, launchBrowser } from "../support/browser.ts";
import { shapePicture } from "../support/shape_pictures.ts";

const site = inject("demo");
let browser: Browser;
let page: Page;
let folder: string;
const errors: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corteza-pictures-"));
  for (const shape of ["disc", "bar"] as const) {
    await mkdir(join(folder, "shapes", `${shape}s`), { recursive: true });
    for (let number = 0; number < 20; number++)
      await writeFile(join(folder, "shapes", `${shape}s`, `${number}.jpg`), await shapePicture(shape, number));
  }
  // The beginning of a picture.
  await writeFile(join(folder, "shapes", "discs", "half.jpg"), (await shapePicture("disc", 3)).subarray(0, 120));
  await writeFile(join(folder, "unseen.jpg"), await shapePicture("bar", 77));
  browser = await launchBrowser({ args: CAMERA_FLAGS });
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error.stack)));
  await page.goto(`${site.url}#pictures?network=tiny`);
  await page.waitForSelector(".drop-area");
});

afterAll(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const choose = (name: string) => page.setInputFiles("#pictures-folder", join(folder, name));
const accuracy = async () => Number.parseFloat((await page.textContent("#pictures-accuracy")) ?? "");
const idle = () => page.waitForSelector('.pictures-train[data-phase="idle"]');

/** Nothing that assistive technology stumbles over, nothing wider than the page, nothing that a finger misses. */
async function expectAccessible(): Promise<void> {
  await atRest(page);
  const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  await fitsItsWidth(page);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("#view-pictures :is(button, select, input:not([hidden]), summary)")]
      .filter((target) => target.checkVisibility())
      .map((target) => ({ target, box: (target.closest("label") ?? target).getBoundingClientRect() }))
      // Rows of a summary are high enough for a finger only where there are fingers (test/page/layout.test.ts).
      .filter(({ target, box }) => box.height < (target.matches("summary, .confusion button") ? 32 : 43.5))
      .map(({ target, box }) => `${target.outerHTML.slice(0, 80)} ${box.height}`),
  );
  expect(small).toEqual([]);
}

describe("before there are pictures", () => {
  it("says what to do and that nothing leaves the machine, in both languages", async () => {
    expect(await page.textContent("h1")).toBe("Your pictures");
    expect(await page.textContent("#intro")).toContain("nothing is uploaded");
    expect(await page.textContent(".pictures-story")).toContain("more than 10,000 pictures of cats");
    expect(await page.isVisible("#runner")).toBe(false);
    await expectAccessible();
    await changeLanguage(page, "es");
    expect(await page.textContent("h1")).toBe("Tus imágenes");
    expect(await page.textContent(".pictures-story")).toMatch(/más de 10[.,]000 imágenes de gatos/);
    // The least width that WCAG 2.2 (1.4.10) has pages fit, and a phone's.
    for (const width of [320, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await expectAccessible();
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await changeLanguage(page, "en");
  });

  it("tells what is missing where there is one class alone, and adds the next folder to it", async () => {
    await choose("shapes/discs");
    const notice = page.locator("#view-pictures .notice");
    expect(await notice.innerText()).toMatch(/All pictures lie in one folder, “discs”.*choose another folder/);
    await choose("shapes/bars");
    await page.waitForSelector(".class-card");
    expect(await notice.count()).toBe(0);
    expect(
      await page.locator(".class-name").evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value)),
    ).toEqual(["bars", "discs"]);
  });

  it("says of a folder that holds no pictures that nothing could be read, not that a second class is missing", async () => {
    await mkdir(join(folder, "texts"));
    await writeFile(join(folder, "texts", "read me.txt"), "words");
    await choose("texts");
    const notice = page.locator("#view-pictures .notice");
    expect(await notice.innerText()).toContain("None of the files could be read as a picture");
    await notice.getByRole("button").click();
    expect(await notice.count()).toBe(0);
  });

  it("tells that an archive is none", async () => {
    await page.setInputFiles("#pictures-zip", {
      name: "bad.zip",
      mimeType: "",
      buffer: Buffer.from("this is no archive"),
    });
    const notice = page.locator("#view-pictures .notice");
    expect(await notice.innerText()).toContain("Make a new zip archive");
    await notice.getByRole("button").click();
    expect(await notice.count()).toBe(0);
    // What was there stays.
    expect(await page.locator(".class-card").count()).toBe(2);
  });
});

describe("a folder with two folders of pictures", () => {
  it("is imported at a size that fits, with what was left out by its name", async () => {
    await choose("shapes");
    await page.waitForSelector('#view-pictures .data-line:text("“shapes”")');
    expect(await page.inputValue("#pictures-size")).toBe("32");
    expect(await page.inputValue("#pictures-colours")).toBe("3");
    expect(await page.locator("#view-pictures .data-line").innerText()).toContain(
      "32 pictures to learn from and 8 held out",
    );
    expect(await page.textContent(".skipped")).toMatch(/1 file was left out:.*discs\/half\.jpg: it is damaged/);
    await page.waitForSelector('.report[aria-busy="false"]');
    expect(await page.textContent(".report")).toContain("Only 8 pictures are held out");
    expect(await page.locator(".class-thumbs canvas").count()).toBe(16);
  });

  it("is read again at another size", async () => {
    await page.selectOption("#pictures-size", "28");
    await page.waitForSelector('#pictures-size:enabled:has(option[value="28"]:checked)');
    await page.waitForFunction(() => document.querySelector(".class-thumbs canvas")?.getAttribute("width") === "28");
    expect(await page.textContent(".form-settings")).toContain("2,352 numbers");
  });

  it("keeps another name of a class", async () => {
    await page.locator(".class-name").first().fill("sticks");
    await page.keyboard.press("Enter");
    await page.locator(".class-name").first().blur();
    await expect.poll(() => page.locator(".class-name").first().inputValue()).toBe("sticks");
    await page.waitForSelector('#view-pictures [role="status"]:text("after a reload too")');
  });

  it("is shown as the network sees it, varied", async () => {
    await page.click(".preview summary");
    // Eight pictures of 28 pixels, and what is between them.
    await page.waitForFunction(() => document.querySelector<HTMLCanvasElement>(".preview canvas")?.width === 252);
    const bytes = () => page.evaluate(() => document.querySelector<HTMLCanvasElement>(".preview canvas")?.toDataURL());
    const before = await bytes();
    // The page's own thread does not vary them: at 224 pixels that takes longer than a frame or two.
    const worker = page.waitForEvent("worker", { predicate: (one) => one.url().includes("preview_worker") });
    await page.click(".preview button");
    await worker;
    await expect.poll(bytes).not.toBe(before);
    await page.click(".preview summary");
  });

  it("is learnt, with a pause on the way, until most held-out pictures are recognised", async () => {
    await page.selectOption("#pictures-epochs", "20");
    await page.click("#pictures-train");
    await page.waitForSelector('#pictures-train:text("Pause")');
    await page.click("#pictures-train");
    await page.waitForSelector('.pictures-train[data-phase="paused"]');
    await page.click("#pictures-train");
    await idle();
    // 8 held-out pictures: one may be wrong.
    expect(await accuracy()).toBeGreaterThanOrEqual(87.5);
    expect(await page.textContent("#pictures-readings")).toContain("epoch 20 of 20");
    const counts = await page.locator(".confusion button").allTextContents();
    expect(counts.map((text) => Number(text.replace("·", "0"))).reduce((sum, one) => sum + one, 0)).toBe(8);
  });

  it("has a picture that was not seen recognised, with a bar for each class and where the network looked", async () => {
    await page.setInputFiles("#pictures-try-file", join(folder, "unseen.jpg"));
    await page.waitForSelector('.try-answer[aria-busy="false"] .heat');
    expect(await page.textContent(".try-words .verdict")).toContain("sticks");
    expect(await page.locator(".class-bars li").count()).toBe(2);
    expect(await page.textContent(".class-bars .winner .bar-name")).toBe("sticks");
    await page.setInputFiles("#pictures-try-file", {
      name: "x.png",
      mimeType: "image/png",
      buffer: Buffer.from("none"),
    });
    await page.waitForSelector('.pictures-try [role="status"]:text("That is no picture to read")');
    await expectAccessible();
  });

  it("is looked into: its colours, its neurons, the three kernels of a filter, in the words of pictures", async () => {
    await page.setInputFiles("#pictures-try-file", join(folder, "unseen.jpg"));
    await page.click("#pictures-inside");
    await page.waitForSelector('#view-inside:visible #walk[aria-busy="false"] .step-conv');
    expect(await page.isVisible("digit-pad")).toBe(false);
    await expect.poll(() => page.textContent("#inside-answer")).toContain("sticks");
    expect(await page.textContent(".step-pixels")).toMatch(/28\s×\s28\s×\s3 = 2,352 neurons/u);
    expect(await page.textContent(".step-pixels .step-formula")).toMatch(/red, green and blue \d+ · \d+ · \d+ of 255/);
    const first = page.locator(".step-conv").first();
    expect(await first.textContent()).toMatch(/28\s×\s28\s×\s16 = 12,544 neurons/u);
    expect(await first.locator(".channels button").allTextContents()).toEqual([
      expect.stringContaining("Sum over red"),
      expect.stringContaining("Sum over green"),
      expect.stringContaining("Sum over blue"),
    ]);
    await first.locator(".channels button").nth(2).click();
    expect(await first.textContent()).toMatch(/Kernel of filter \d+ for blue/);
    expect(await page.textContent("#walk")).not.toMatch(/digit/);
    await expectAccessible();
    // The digits' network is a button away, and this one's view does not come back by itself.
    await page.click('.inside-picture button:text("The network of the digits")');
    await page.waitForSelector("digit-pad:visible");
    await expect.poll(() => page.textContent("#walk")).toMatch(/digit/);
    await page.click('a[data-view="pictures"]');
    await page.waitForSelector(".try-answer:visible");
  });

  it("shows the pictures of a cell, by keyboard too", async () => {
    await page.locator('.confusion [data-cell="0 0"]').focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await page.textContent(".pictures-mistakes h3")).toBe("discs, recognised");
    const shown = await page.locator(".told-list li").count();
    expect(shown).toBe(Number(await page.locator('.confusion [data-cell="1 1"]').textContent()));
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: "dark" });
    await changeLanguage(page, "es");
    await expectAccessible();
    await page.setViewportSize({ width: 1280, height: 900 });
    await changeLanguage(page, "en");
  });

  it("is still there after a reload, with what was learnt, and can be learnt on", async () => {
    const before = await accuracy();
    await page.reload();
    await page.waitForSelector(".class-card");
    await idle();
    expect(await accuracy()).toBe(before);
    expect(await page.locator(".class-name").first().inputValue()).toBe("sticks");
    expect(await page.isDisabled("#pictures-size")).toBe(true);
    await page.selectOption("#pictures-epochs", "1");
    await page.click('#pictures-train:text("Keep training")');
    await expect.poll(() => page.textContent("#pictures-readings")).toContain("epoch 21 of 21");
    await idle();
    await page.click("#pictures-reset");
    await page.waitForSelector("#pictures-accuracy.pending");
  });

  it("goes when it is removed", async () => {
    await page.click(".pictures-other summary");
    await page.click('.pictures-other button:text("Remove all from this browser")');
    await page.waitForSelector(".drop-area");
    await page.reload();
    await page.waitForSelector(".drop-area");
  });

  it("may come from a camera, a class a button that is held; a camera that is refused says what to do", async () => {
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const open = mediaDevices.getUserMedia.bind(mediaDevices);
      let refusals = 1;
      mediaDevices.getUserMedia = (wanted) =>
        refusals-- > 0 ? Promise.reject(new DOMException("no", "NotAllowedError")) : open(wanted);
    });
    await page.click('.drop-area button:text("Use the camera")');
    await page.waitForSelector(".camera-off:text('Allow it for this page')");
    await expectAccessible();
    await page.click('.pictures-record button:text("Try the camera again")');
    await page.waitForSelector(".pictures-record .camera-video video");
    const hold = page.locator(".hold");
    const recorded = async (place: number) =>
      Number.parseInt((await page.locator(".pictures-record .class-head .note").nth(place).textContent()) ?? "", 10);
    await hold.nth(0).hover();
    await page.mouse.down();
    await expect.poll(() => recorded(0), { timeout: 60_000 }).toBeGreaterThanOrEqual(6);
    await page.mouse.up();
    const first = await recorded(0);
    expect(await page.isDisabled("#pictures-recorded")).toBe(true);
    await hold.nth(1).hover();
    await page.mouse.down();
    await expect.poll(() => recorded(1), { timeout: 60_000 }).toBeGreaterThanOrEqual(3);
    await page.mouse.up();
    const second = await recorded(1);
    await page.keyboard.down("Space");
    await expect.poll(() => recorded(1), { timeout: 60_000 }).toBeGreaterThanOrEqual(second + 3);
    await page.keyboard.up("Space");
    // What was on its way when the button was let go.
    expect(Math.abs((await recorded(0)) - first)).toBeLessThanOrEqual(1);
    await page.locator(".pictures-record .class-name").first().fill("hands");
    await page.locator(".pictures-record .class-name").first().blur();
    await expectAccessible();
    await page.click("#pictures-recorded");
    await page.waitForSelector(".pictures-data .class-card");
    expect(await page.locator(".class-name").first().inputValue()).toBe("hands");
    await page.waitForSelector('#view-pictures [role="status"]:text("after a reload too")');
  });

  it("is recognised live through the camera", async () => {
    await page.selectOption("#pictures-epochs", "1");
    await page.click("#pictures-train");
    await expect.poll(() => page.textContent("#pictures-readings"), { timeout: 90_000 }).toContain("finished");
    await page.click('.pictures-try button:text("Use the camera")');
    await page.waitForSelector(".pictures-try .camera-video video");
    await expect.poll(() => page.textContent(".try-words .verdict")).toMatch(/(hands|Class 2) · .*%/);
    await page.click('.pictures-try button:text("Freeze")');
    await page.waitForSelector(".pictures-try .heat");
    expect(await page.locator(".camera-video").count()).toBe(0);
  });

  it("made no errors", () => {
    expect(errors).toEqual([]);
  });
});
