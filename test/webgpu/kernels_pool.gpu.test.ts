import { describe, expect, test } from "vitest";
import { type Padding, type Pair, type PoolGeometry, poolGeometry } from "../../src/core/window_geometry.ts";
import { openDevice } from "../support/device.ts";
import { maxPool2d, maxPool2dGradient } from "../support/kernels.ts";
import { integers, outputOf, plain, traitsOfEachKind } from "./kernels_support.ts";

const device = await openDevice();

const [[, traits]] = traitsOfEachKind as [(typeof traitsOfEachKind)[number]];

/** For every element of the output, where its window's first maximum lies in the input. */
function winners(x: Float32Array, g: PoolGeometry): number[] {
  const places: number[] = [];
  for (let image = 0; image < g.batch; image++) {
    for (let outRow = 0; outRow < g.outHeight; outRow++) {
      for (let outColumn = 0; outColumn < g.outWidth; outColumn++) {
        for (let channel = 0; channel < g.channels; channel++) {
          let best = -1;
          for (let tapRow = 0; tapRow < g.kernelHeight; tapRow++) {
            for (let tapColumn = 0; tapColumn < g.kernelWidth; tapColumn++) {
              const row = outRow * g.strideHeight + tapRow * g.dilationHeight - g.padTop;
              const column = outColumn * g.strideWidth + tapColumn * g.dilationWidth - g.padLeft;
              if (row < 0 || row >= g.inHeight || column < 0 || column >= g.inWidth) continue;
              const place = ((image * g.inHeight + row) * g.inWidth + column) * g.channels + channel;
              if (best < 0 || (x[place] as number) > (x[best] as number)) best = place;
            }
          }
          places.push(best);
        }
      }
    }
  }
  return places;
}

interface Case {
  input: [number, number, number, number];
  size: Pair;
  strides?: Pair;
  padding?: Padding;
  dilations?: Pair;
  ceilMode?: boolean;
}

const cases: readonly Case[] = [
  { input: [2, 6, 8, 4], size: [2, 2] },
  { input: [3, 7, 5, 3], size: [2, 2] },
  { input: [1, 7, 7, 8], size: [2, 2], ceilMode: true },
  { input: [2, 7, 9, 4], size: [3, 3], strides: [2, 2], padding: "same" },
  { input: [2, 7, 9, 5], size: [3, 2], strides: [1, 1] },
  {
    input: [1, 9, 9, 4],
    size: [3, 3],
    strides: [2, 1],
    padding: [
      [1, 2],
      [2, 0],
    ],
  },
  { input: [1, 9, 10, 2], size: [2, 3], strides: [1, 2], dilations: [3, 2] },
  {
    input: [1, 11, 11, 4],
    size: [3, 3],
    strides: [3, 3],
    dilations: [2, 2],
    padding: [
      [1, 1],
      [1, 1],
    ],
    ceilMode: true,
  },
  { input: [2, 5, 5, 1], size: [1, 1], strides: [2, 2] },
  { input: [1, 4, 4, 12], size: [4, 4] },
  // Too many taps to unroll.
  { input: [2, 11, 10, 4], size: [5, 5] },
  { input: [1, 9, 9, 3], size: [5, 4], strides: [2, 1], padding: "same" },
];

describe.each(cases)(
  "max-pooling $input with $size, strides $strides, padding $padding, dilations $dilations, ceil $ceilMode",
  (c) => {
    const geometry = poolGeometry("test", c.input, {
      size: c.size,
      strides: c.strides ?? c.size,
      padding: c.padding ?? "valid",
      dilations: c.dilations ?? [1, 1],
      ceilMode: c.ceilMode ?? false,
    });
    const inputSize = c.input.reduce((product, extent) => product * extent, 1);

    test("takes each window's largest value; padding never wins", async () => {
      const x = integers(inputSize, 1, -90, -1);
      const places = winners(x, geometry);
      const got = await outputOf(device, maxPool2d(geometry, traits), [x], places.length);
      expect(plain(got)).toEqual(places.map((place) => x[place]));
    });

    test("sends each window's gradient to the first of its many equal maxima", async () => {
      const x = integers(inputSize, 2, -1, 1);
      const places = winners(x, geometry);
      const upstream = integers(places.length, 3, 1, 9);
      const expected = new Array<number>(inputSize).fill(0);
      places.forEach((place, i) => {
        expected[place] = (expected[place] as number) + (upstream[i] as number);
      });
      const got = await outputOf(device, maxPool2dGradient(geometry, traits), [x, upstream], inputSize);
      expect(plain(got)).toEqual(expected);
    });
  },
);
