/**
 * “Your pictures” as a visitor uses it, in browsers that Playwright cannot drive: an archive is imported and learned, a picture
 * read, and all of it is there after a reload.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { zip } from "./picture_files.ts";
import { shapePicture } from "./shape_pictures.ts";
import { until, type WalkDriver, type WalkOptions } from "./walk.ts";

/** Pictures of each class in the archive, and of how many one is in the folder `validation`. */
const PICTURES = 20;
const HELD_OUT = 5;
const PARTS = "32 pictures to learn from and 8 held out";

/** Writes shapes.zip, with a damaged file in it, and a picture that is not in it. */
async function writePictures(folder: string): Promise<void> {
  const files = [];
  for (const shape of ["disc", "bar"] as const) {
    for (let number = 0; number < PICTURES; number++) {
      const part = number % HELD_OUT === 0 ? "validation" : "train";
      const name = `shapes/${part}/${shape}s/${number}.jpg`;
      files.push({ name, content: await shapePicture(shape, number), deflate: true });
    }
  }
  files.push({ name: "shapes/train/discs/half.jpg", content: (await shapePicture("disc", 3)).subarray(0, 120) });
  await writeFile(join(folder, "shapes.zip"), new Uint8Array(await (await zip(files)).arrayBuffer()));
  await writeFile(join(folder, "unseen.jpg"), await shapePicture("bar", 77));
}

const select = (selector: string, value: string) => `(() => {
  const select = document.querySelector("${selector}");
  select.value = "${value}";
  select.dispatchEvent(new Event("change", { bubbles: true }));
})()`;

/** Red, green and blue in the middle of the pictures of a class, the mean of those that are shown. */
const coloursOf = (place: number) => `(() => {
  const sums = [0, 0, 0];
  for (const canvas of document.querySelectorAll(".class-card")[${place}].querySelectorAll(".class-thumbs canvas")) {
    const { data } = canvas.getContext("2d").getImageData(canvas.width * 0.3, canvas.height * 0.3, canvas.width * 0.4, canvas.height * 0.4);
    for (let at = 0; at < data.length; at++) if (at % 4 < 3) sums[at % 4] += data[at];
  }
  return sums;
})()`;

export function describePicturesWalk({ name, launch, query = "" }: Omit<WalkOptions, "backend">): void {
  const site = inject("demo");
  const address = `${site.url}${query}#pictures?network=tiny`;
  let driver: WalkDriver;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "corteza-pictures-walk-"));
    await writePictures(folder);
    driver = await launch();
  });

  afterAll(async () => {
    await driver?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const here = (what: string, selector: string, seconds?: number) =>
    until(driver, what, `document.querySelector(${JSON.stringify(selector)})`, seconds);
  const says = (selector: string, text: string) =>
    until(driver, `"${text}"`, `document.querySelector("${selector}")?.textContent.includes(${JSON.stringify(text)})`);
  const accuracy = async () => Number.parseFloat(await driver.text("#pictures-accuracy"));
  const isIdle = () => here("the end of the training", '.pictures-train[data-phase="idle"]', 240);
  /** Has a picture read that the network has not seen; the class that it is taken for. */
  const read = async () => {
    await driver.choose("#pictures-try-file", [join(folder, "unseen.jpg")]);
    await here("an answer and where the network looked", '.try-answer[aria-busy="false"] .heat');
    return driver.text(".class-bars .winner .bar-name");
  };

  describe(`“Your pictures” in ${name}`, () => {
    it("imports an archive, names what is damaged, shows the pictures and keeps them", async () => {
      await driver.open(address);
      await here("the view", ".drop-area");
      await driver.choose("#pictures-zip", [join(folder, "shapes.zip")]);
      await here("the classes", ".class-card");
      expect(await driver.text("#view-pictures .data-line")).toContain(PARTS);
      expect(await driver.text(".skipped")).toMatch(/1 file was left out:.*discs\/half\.jpg: it is damaged/);
      await until(driver, "16 thumbnails", `document.querySelectorAll(".class-thumbs canvas").length === 16`);
      const isBluer = `(([red, , blue]) => blue > red)`;
      await until(driver, "blue bars", `${isBluer}(${coloursOf(0)})`);
      expect(await driver.evaluate(`${isBluer}(${coloursOf(1)})`), "discs are yellow").toBe(false);
      await here("the report", '.report[aria-busy="false"]');
      await says("#view-pictures", "after a reload too");
    });

    it("learns them", async () => {
      await driver.evaluate(select("#pictures-epochs", "20"));
      await driver.click("#pictures-train");
      await says("#pictures-readings", "epoch 20 of 20");
      await isIdle();
      // 8 held-out pictures: one may be wrong.
      expect(await accuracy()).toBeGreaterThanOrEqual(87.5);
      expect(await driver.text(".pictures-train .progress")).toContain("the training is kept in this browser");
    });

    it("reads a picture that it has not seen", async () => {
      expect(await read()).toBe("bars");
    });

    it("is all there after a reload, answers, and learns on", async () => {
      const before = await accuracy();
      await driver.open(address);
      await here("the classes", ".class-card");
      expect(await driver.text("#view-pictures .data-line")).toContain(PARTS);
      await isIdle();
      await here("what was learned", "#pictures-accuracy:not(.pending)");
      expect(await accuracy()).toBe(before);
      expect(await read()).toBe("bars");
      await driver.evaluate(select("#pictures-epochs", "1"));
      await driver.click("#pictures-train");
      await says("#pictures-readings", "epoch 21 of 21");
      await isIdle();
    });

    it("is gone when it is removed", async () => {
      await driver.evaluate(`document.querySelector(".pictures-other").open = true`);
      await driver.click(".pictures-other-body > .buttons:last-child button");
      await here("the view without pictures", ".drop-area");
      await driver.open(address);
      await here("the view without pictures", ".drop-area");
    });

    it("made no errors", async () => {
      expect(await driver.errors()).toEqual([]);
    });
  });
}
