import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { centerOfMass } from "../../src/data/center_of_mass.ts";
import { rasterizeDigit, type Stroke, smoothStroke } from "../../src/data/digit.ts";
import { GLYPHS, pointerPaths } from "../support/digit_strokes.ts";
import { mnistFile } from "../support/mnist_files.ts";

const coordinate = fc.double({ min: 0, max: 280, noNaN: true });
const line = fc.array(fc.record({ x: coordinate, y: coordinate }), { minLength: 2, maxLength: 12 });
/** Drawings at least 40 units large, by a pen of 16. */
const drawing: fc.Arbitrary<Stroke[]> = fc
  .array(
    line.map((points) => ({ points, width: 16 })),
    { minLength: 1, maxLength: 3 },
  )
  .filter((strokes) => extentOf(strokes) > 40);

function extentOf(strokes: readonly Stroke[]): number {
  const points = strokes.flatMap((stroke) => stroke.points);
  const span = (values: number[]) => Math.max(...values) - Math.min(...values);
  return Math.max(span(points.map(({ x }) => x)), span(points.map(({ y }) => y)));
}

function transform(strokes: readonly Stroke[], scale: number, x: number, y: number): Stroke[] {
  return strokes.map((stroke) => ({
    ...stroke,
    points: stroke.points.map((point) => ({ ...point, x: point.x * scale + x, y: point.y * scale + y })),
  }));
}

function raster(strokes: readonly Stroke[]) {
  const result = rasterizeDigit(strokes);
  if (result === undefined) throw new Error("the drawing came out empty");
  return result;
}

/** Size of the ink's bounding box, and whether it touches the image's edge. */
function inkBox(image: Float32Array, threshold = 0.02) {
  let [left, right, top, bottom] = [28, -1, 28, -1];
  image.forEach((value, index) => {
    if (value <= threshold) return;
    left = Math.min(left, index % 28);
    right = Math.max(right, index % 28);
    top = Math.min(top, Math.floor(index / 28));
    bottom = Math.max(bottom, Math.floor(index / 28));
  });
  const touchesEdge = left === 0 || top === 0 || right === 27 || bottom === 27;
  return { longer: Math.max(right - left, bottom - top) + 1, touchesEdge };
}

function meanDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
}

const glyphStrokes = (index: number): Stroke[] => GLYPHS[index]!.strokes.map((points) => ({ points }));

describe("rasterizeDigit", () => {
  it("gives nothing for an empty pad", () => {
    expect(rasterizeDigit([])).toBeUndefined();
    expect(rasterizeDigit([{ points: [] }])).toBeUndefined();
    expect(
      rasterizeDigit([
        {
          points: [
            { x: Number.NaN, y: 3 },
            { x: 1, y: Number.POSITIVE_INFINITY },
          ],
        },
      ]),
    ).toBeUndefined();
  });

  it("makes the ink's longer side 20 pixels", () => {
    fc.assert(
      fc.property(drawing, (strokes) => {
        expect(Math.abs(inkBox(raster(strokes).image).longer - 20)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("puts the centre of mass on pixel 14, unless ink would fall off the image", () => {
    fc.assert(
      fc.property(drawing, (strokes) => {
        const { image } = raster(strokes);
        const center = centerOfMass({ width: 28, height: 28, ink: image })!;
        if (inkBox(image, 0).touchesEdge) return;
        expect(Math.abs(center.x - 14)).toBeLessThan(0.5001);
        expect(Math.abs(center.y - 14)).toBeLessThan(0.5001);
      }),
    );
  });

  it("does not care where on the pad somebody draws", () => {
    const shift = fc.integer({ min: -4096, max: 4096 });
    fc.assert(
      fc.property(drawing, shift, shift, (strokes, x, y) => {
        expect(meanDifference(raster(strokes).image, raster(transform(strokes, 1, x, y)).image)).toBeLessThan(1e-6);
      }),
    );
  });

  it("gives the same bits wherever on a grid of screen pixels a drawing lies", () => {
    // Coordinates in 64ths, as pointer events give them at most: moving them by such steps is exact.
    const grid = (value: number) => Math.round(value * 64) / 64;
    const shift = fc.integer({ min: -64 * 1000, max: 64 * 1000 }).map((steps) => steps / 64);
    fc.assert(
      fc.property(drawing, shift, shift, (strokes, x, y) => {
        const there = strokes.map((stroke) => ({
          ...stroke,
          points: stroke.points.map((point) => ({ x: grid(point.x), y: grid(point.y) })),
        }));
        expect(raster(transform(there, 1, x, y)).image).toEqual(raster(there).image);
      }),
      { numRuns: 60 },
    );
  });

  it("does not care how large somebody draws", () => {
    const scale = fc.double({ min: 0.5, max: 3, noNaN: true });
    fc.assert(
      fc.property(drawing, scale, (strokes, factor) => {
        expect(meanDifference(raster(strokes).image, raster(transform(strokes, factor, 0, 0)).image)).toBeLessThan(
          1e-3,
        );
      }),
    );
  });

  it("draws a glyph 100 million units away as the one at hand", () => {
    const near = raster(glyphStrokes(7)).image;
    expect(meanDifference(near, raster(transform(glyphStrokes(7), 200, 1e8, -1e8)).image)).toBeLessThan(1e-4);
  });

  it("says where the drawing went", () => {
    const strokes = transform(glyphStrokes(3), 200, 1000, -70);
    const { image, scale, offsetX, offsetY } = raster(strokes);
    for (const { x, y } of strokes.flatMap(({ points }) => points)) {
      const column = Math.floor(x * scale + offsetX);
      const row = Math.floor(y * scale + offsetY);
      expect(image[row * 28 + column]).toBeGreaterThan(0.3);
    }
  });

  it.each([
    ["one point", [{ x: 5, y: 7 }]],
    [
      "a trembling tap",
      [
        { x: 5, y: 7 },
        { x: 6, y: 7.5 },
        { x: 5.5, y: 8 },
      ],
    ],
  ])("keeps %s a dot in the middle", (_, points) => {
    const { image, ink } = raster([{ points, width: 16 }]);
    expect(ink).toBeLessThan(10);
    expect(inkBox(image).longer).toBeLessThan(6);
    expect(image[14 * 28 + 14]).toBeGreaterThan(0.9);
  });

  it("draws a dot without a known pen width too", () => {
    const { ink, scale, offsetX, offsetY } = raster([{ points: [{ x: 5, y: 7 }] }]);
    expect(ink).toBeCloseTo(Math.PI * 1.3 ** 2, 1);
    expect([scale, offsetX, offsetY].every(Number.isFinite)).toBe(true);
  });

  it.each([
    ["flat", 200, 0.001],
    ["thin", 0, 200],
    ["upright", 0.001, 200],
  ])("draws a %s line of the pen's width", (_, dx, dy) => {
    const { ink } = raster([
      {
        points: [
          { x: 10, y: 10 },
          { x: 10 + dx, y: 10 + dy },
        ],
      },
    ]);
    // A rectangle of 20 − 2.6 by 2.6 pixels with round caps.
    expect(ink).toBeCloseTo(17.4 * 2.6 + Math.PI * 1.3 ** 2, 1);
  });

  it("lets pressure change the width by 30 % at most, and a mouse's 0.5 not at all", () => {
    const ink = (pressure?: number) =>
      raster([
        {
          points: [
            { x: 0, y: 0 },
            { x: 0, y: 100 },
          ].map((point) => (pressure === undefined ? point : { ...point, pressure })),
        },
      ]).ink;
    expect(ink(0.5)).toBeCloseTo(ink(), 4);
    expect(ink(1) / ink()).toBeCloseTo(1.3, 1);
    expect(ink(0) / ink()).toBeCloseTo(0.7, 1);
    expect(ink(1e9)).toBe(ink(1));
    expect(ink(Number.NaN)).toBe(ink());
  });

  it("draws with as much ink as MNIST's digits have", () => {
    const pixels = mnistFile("t10k-images-idx3-ubyte").subarray(16);
    const mnistInk = pixels.reduce((sum, value) => sum + value, 0) / 255 / 10_000;
    const perDigit = Array.from({ length: 10 }, (_, digit) => {
      const inks = GLYPHS.flatMap((glyph, index) => (glyph.digit === digit ? [raster(glyphStrokes(index)).ink] : []));
      return inks.reduce((sum, ink) => sum + ink, 0) / inks.length;
    });
    const glyphInk = perDigit.reduce((sum, ink) => sum + ink, 0) / 10;
    console.log(`ink: MNIST ${mnistInk.toFixed(1)}, glyphs ${glyphInk.toFixed(1)}`);
    expect(Math.abs(glyphInk - mnistInk)).toBeLessThan(4);
  });

  it("makes digits that MNIST's nearest digits agree with", () => {
    // Five nearest of 10,000 training images vote, by Euclidean distance.
    const count = 10_000;
    const images = mnistFile("train-images-idx3-ubyte").subarray(16, 16 + count * 784);
    const labels = mnistFile("train-labels-idx1-ubyte").subarray(8, 8 + count);
    const wrong = GLYPHS.filter((glyph) => {
      const { image } = raster(pointerPaths(glyph, 280, 13, 40).map((points) => ({ points, width: 18 })));
      const nearest: { distance: number; label: number }[] = [];
      for (let row = 0; row < count; row++) {
        const limit = nearest[4]?.distance ?? Number.POSITIVE_INFINITY;
        let distance = 0;
        for (let pixel = 0; pixel < 784 && distance < limit; pixel++) {
          distance += (image[pixel]! - images[row * 784 + pixel]! / 255) ** 2;
        }
        if (distance >= limit) continue;
        nearest.push({ distance, label: labels[row]! });
        nearest.sort((a, b) => a.distance - b.distance).splice(5);
      }
      return nearest.filter(({ label }) => label === glyph.digit).length < 3;
    });
    expect(wrong.map(({ digit, name }) => `${digit}, ${name}`)).toEqual([]);
  });

  it("takes less than 5 ms for a drawing of 200 points", () => {
    const drawings = GLYPHS.map((glyph) => pointerPaths(glyph, 280, 0, 0, 3).map((points) => ({ points, width: 18 })));
    for (const strokes of drawings) rasterizeDigit(strokes);
    const times = drawings.map((strokes) => {
      const start = performance.now();
      rasterizeDigit(strokes);
      return performance.now() - start;
    });
    const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
    console.log(`rasterizeDigit: median ${median.toFixed(2)} ms`);
    expect(median).toBeLessThan(5);
  });
});

describe("smoothStroke", () => {
  it("passes through every point and leaves no gap", () => {
    fc.assert(
      fc.property(line, (points) => {
        const smooth = smoothStroke(points, 2);
        for (const { x, y } of points) expect(smooth.some((point) => point.x === x && point.y === y)).toBe(true);
        smooth.slice(1).forEach((point, index) => {
          expect(Math.hypot(point.x - smooth[index]!.x, point.y - smooth[index]!.y)).toBeLessThan(8);
        });
      }),
    );
  });
});
