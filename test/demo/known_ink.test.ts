/** What the page takes for a drawing of something that the network knows. */
import { beforeAll, describe, expect, it } from "vitest";
import { edgeDirections, KnownInk } from "../../demo/known_ink.ts";
import { withWrittenOnes } from "../../demo/written_ones.ts";
import { sample, subset } from "../../src/data/subset.ts";
import type { Dataset } from "../../src/index.ts";
import { GLYPHS, pixelsOf } from "../support/digit_strokes.ts";
import { mnistSmall } from "../support/mnist_small.ts";
import { type Drawing, NO_DIGITS } from "../support/scribbles.ts";
import { VARIED } from "../support/varied_digits.ts";

let ink: KnownInk;
let heldOut: Dataset;
let train: Dataset;

beforeAll(async () => {
  train = await withWrittenOnes(await mnistSmall("train"));
  heldOut = await mnistSmall("test");
  const found = await KnownInk.of(train, heldOut);
  if (found === undefined) throw new Error("500 held-out digits are enough.");
  ink = found;
});

/** Those that the ink knows. */
const known = (drawings: readonly Drawing[]) => drawings.filter(({ strokes }) => ink.knows(pixelsOf(strokes)));

describe("known ink", () => {
  it("knows at least 96 % of digits that it has never met", async () => {
    const all = await mnistSmall("all");
    let unknown = 0;
    for (let row = 5000; row < 7000; row++) if (!ink.knows(sample(all, row).image)) unknown++;
    console.log(`unknown: ${unknown} of 2,000 MNIST digits`);
    expect(unknown / 2000).toBeLessThanOrEqual(0.04);
  });

  it("knows every digit that a pointer draws, European 1s and 7s among them", () => {
    const digits = [...GLYPHS, ...VARIED];
    const unknown = digits.filter(({ strokes }) => !ink.knows(pixelsOf(strokes)));
    expect(unknown.map(({ digit, name }) => `${digit} ${name}`)).toEqual([]);
  });

  it.each([
    ["scribbles", 0.85],
    ["shapes", 0.8],
    ["letters", 0.95],
    ["pairs", 0.95],
  ] as const)("does not know most %s", (kind, share) => {
    const passed = known(NO_DIGITS[kind]);
    const { length } = NO_DIGITS[kind];
    console.log(
      `${kind}: ${length - passed.length} of ${length} unknown; known: ${passed.map(({ name }) => name).join(", ")}`,
    );
    expect(1 - passed.length / length).toBeGreaterThanOrEqual(share);
  });

  it("knows a drawing again that was taught", () => {
    const star = NO_DIGITS.shapes.find(({ name }) => name === "a star of lines");
    const pixels = pixelsOf(star?.strokes ?? []);
    expect(ink.knows(pixels)).toBe(false);
    expect(ink.knows(pixels, [pixels.slice()])).toBe(true);
  });

  it("does not know an empty picture, and does not judge by fewer than 50 held-out ones", async () => {
    expect(ink.knows(new Float32Array(784))).toBe(false);
    expect(await KnownInk.of(train, subset(heldOut, 0, 49))).toBeUndefined();
  });

  it("describes a picture by shares whose roots have length 1, the same for fainter ink", () => {
    const { image } = sample(heldOut, 3);
    const features = edgeDirections(image);
    expect(features.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
    const fainter = edgeDirections(image.map((value) => value / 3));
    expect(features.every((value, index) => Math.abs(value - (fainter[index] ?? 0)) < 1e-5)).toBe(true);
  });
});
