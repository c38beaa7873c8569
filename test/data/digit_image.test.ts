import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/core/errors.ts";
import { centerOfMass } from "../../src/data/center_of_mass.ts";
import { normalizeDigitImage } from "../../src/data/digit.ts";
import { mnistFile } from "../support/mnist_files.ts";

const MNIST = mnistFile("t10k-images-idx3-ubyte").subarray(16);
const digit = (index: number) => MNIST.subarray(index * 784, (index + 1) * 784);

/** Three digits whose longer side is 19 pixels, not 20, and (8688) one whose centre lies exactly between two pixels. */
const IRREGULAR = [4530, 8688, 9300, 9302];

type Interpolation = "squares" | "linear";

/** An MNIST digit `factor` times as large, somewhere on a larger sheet. */
function enlarge(source: Uint8Array, factor: number, left: number, top: number, interpolation: Interpolation) {
  const side = Math.round(28 * factor);
  const width = side + left + 9;
  const height = side + top + 4;
  const sheet = new Uint8Array(width * height);
  const at = (row: number, column: number) => source[Math.min(row, 27) * 28 + Math.min(column, 27)]!;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let value: number;
      if (interpolation === "squares")
        value = at(Math.floor((row + 0.5) / factor), Math.floor((column + 0.5) / factor));
      else {
        const y = Math.max(0, (row + 0.5) / factor - 0.5);
        const x = Math.max(0, (column + 0.5) / factor - 0.5);
        const [y0, x0] = [Math.floor(y), Math.floor(x)];
        const [down, right] = [y - y0, x - x0];
        const upper = at(y0, x0) * (1 - right) + at(y0, x0 + 1) * right;
        const lower = at(y0 + 1, x0) * (1 - right) + at(y0 + 1, x0 + 1) * right;
        value = Math.round(upper * (1 - down) + lower * down);
      }
      sheet[(row + top) * width + column + left] = value;
    }
  }
  return { sheet, width, height };
}

function errorOf(image: Float32Array, source: Uint8Array): number {
  return image.reduce((sum, value, index) => sum + Math.abs(value - source[index]! / 255), 0) / 784;
}

function normalised(...[source, factor, left, top, interpolation]: Parameters<typeof enlarge>): Float32Array {
  const { sheet, width, height } = enlarge(source, factor, left, top, interpolation);
  return normalizeDigitImage(sheet, width, height)!;
}

describe("normalizeDigitImage", () => {
  it("gives back all but 4 of 10,000 MNIST digits with a mean error below 0.002", () => {
    const errors = Array.from({ length: 10_000 }, (_, index) =>
      errorOf(normalizeDigitImage(digit(index), 28, 28)!, digit(index)),
    );
    console.log(`MNIST as it is: mean absolute error ${errors.reduce((sum, error) => sum + error, 0) / 10_000}`);
    expect(errors.flatMap((error, index) => (error < 0.002 ? [] : [index]))).toEqual(IRREGULAR);
  });

  it("gives them back from pixels enlarged as squares, at any offset", () => {
    const regular = fc.nat(9999).filter((index) => !IRREGULAR.includes(index));
    fc.assert(
      fc.property(regular, fc.integer({ min: 1, max: 10 }), fc.nat(60), fc.nat(60), (index, factor, left, top) => {
        expect(errorOf(normalised(digit(index), factor, left, top, "squares"), digit(index))).toBeLessThan(0.002);
      }),
      { numRuns: 300 },
    );
  });

  // Linear interpolation blurs: averaged on MNIST's own grid, with no search for the ink, 10× still differ by 0.02.
  it.each<[number, Interpolation, number]>([
    [3.5, "squares", 0.02],
    [2, "linear", 0.03],
    [5, "linear", 0.03],
    [7.3, "linear", 0.03],
  ])(
    "gives them back from an enlargement by %f with %s: mean error below %f on average",
    (factor, interpolation, bound) => {
      const errors = Array.from({ length: 200 }, (_, index) =>
        errorOf(normalised(digit(index), factor, 11, 3, interpolation), digit(index)),
      );
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      console.log(
        `${factor}× ${interpolation}: mean absolute error ${mean.toFixed(4)}, worst ${Math.max(...errors).toFixed(4)}`,
      );
      expect(mean).toBeLessThan(bound);
    },
  );

  it("does not care whether the digit is dark on light, or how strong the contrast is", () => {
    const original = digit(3);
    const expected = normalizeDigitImage(original, 28, 28)!;
    for (const change of [(v: number) => 255 - v, (v: number) => 200 - v / 2, (v: number) => 40 + v / 3]) {
      const image = normalizeDigitImage(Float32Array.from(original, change), 28, 28)!;
      expect(image.every((value, index) => Math.abs(value - expected[index]!) < 1e-4)).toBe(true);
    }
    expect(normalizeDigitImage(original, 28, 28, { invert: true })).toBeUndefined();
    expect(
      normalizeDigitImage(
        original.map((value) => 255 - value),
        28,
        28,
        { invert: true },
      ),
    ).toEqual(expected);
  });

  it("finds the digit on a noisy sheet: mean error below 0.05 on average", () => {
    let state = 1;
    const errors = Array.from({ length: 100 }, (_, index) => {
      const { sheet, width, height } = enlarge(digit(index), 4, 20, 30, "squares");
      const noisy = Float32Array.from(sheet, (value) => {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        return 220 - 0.7 * value + 4 * (state / 2 ** 31);
      });
      return errorOf(normalizeDigitImage(noisy, width, height)!, digit(index));
    });
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    console.log(`noisy sheet: mean absolute error ${mean.toFixed(4)}, worst ${Math.max(...errors).toFixed(4)}`);
    expect(mean).toBeLessThan(0.05);
  });

  it("puts the centre of mass of any digit on pixel 14", () => {
    for (let index = 0; index < 500; index++) {
      const center = centerOfMass({ width: 28, height: 28, ink: normalised(digit(index), 3, 40, 2, "linear") })!;
      expect(Math.max(Math.abs(center.x - 14), Math.abs(center.y - 14))).toBeLessThan(0.501);
    }
  });

  it("gives nothing for an empty sheet, and says which size is wrong", () => {
    expect(normalizeDigitImage(new Uint8Array(100), 10, 10)).toBeUndefined();
    expect(normalizeDigitImage(new Float32Array(100).fill(Number.NaN), 10, 10)).toBeUndefined();
    expect(() => normalizeDigitImage(new Uint8Array(400), 10, 10)).toThrow(ShapeError);
    expect(() => normalizeDigitImage(new Uint8Array(0), 0, 10)).toThrow(ArgumentError);
  });
});
