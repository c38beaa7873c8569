import { describe, expect, test } from "vitest";
import { reducedShape, stridesOf } from "../../src/core/axes.ts";
import { type Shape, sizeOf } from "../../src/core/shape.ts";
import type { DeviceTraits } from "../../src/webgpu/kernel.ts";
import { openDevice } from "../support/device.ts";
import { maxGradient, type ReduceOperation, reduceStages } from "../support/kernels.ts";
import { expectNear, integers, outputOf, plain, traitsOfEachKind, uniform } from "./kernels_support.ts";

const device = await openDevice();

/** For every element of `shape`, the number of the reduced group that it belongs to. */
function groups(shape: Shape, axes: readonly number[]): Int32Array {
  const kept = reducedShape(shape, axes, true);
  const keptStrides = stridesOf(kept);
  const strides = stridesOf(shape);
  return Int32Array.from({ length: sizeOf(shape) }, (_, i) =>
    shape.reduce((sum, extent, axis) => {
      const coordinate = Math.floor(i / (strides[axis] as number)) % extent;
      return sum + (axes.includes(axis) ? 0 : coordinate * (keptStrides[axis] as number));
    }, 0),
  );
}

async function reduce(
  operation: ReduceOperation,
  x: Float32Array,
  shape: Shape,
  axes: readonly number[],
  traits: DeviceTraits,
) {
  let current = x;
  for (const { spec, size } of reduceStages(operation, shape, axes, traits)) {
    current = await outputOf(device, spec, [current], size);
  }
  return current;
}

const cases: readonly [Shape, readonly number[]][] = [
  [[7], [0]],
  [[64, 10], [1]],
  [[10, 64], [0]],
  [[10, 7], [0]],
  [
    [2, 3, 4, 5],
    [1, 2],
  ],
  [
    [2, 3, 4, 8],
    [0, 1, 2],
  ],
  [
    [2, 3, 4, 8],
    [0, 2],
  ],
  [
    [2, 3, 4, 8],
    [1, 3],
  ],
  [[3, 5], []],
  [[3, 1, 5], [1]],
  [[], []],
  [
    [2, 2, 2, 2, 2, 2, 3, 4],
    [0, 2, 4, 6],
  ],
  // Long enough to be split, more than once in the last two.
  [[3001, 8], [0]],
  [[1201, 7], [0]],
  [[3, 2500], [1]],
  [[5, 1001], [1]],
  [
    [4, 300, 2, 6],
    [1, 3],
  ],
  [[40000], [0]],
  [
    [3, 99, 401],
    [0, 1, 2],
  ],
];

describe.each(traitsOfEachKind)("%s", (_, traits) => {
  test.each(cases)("sum of %j over axes %j is exact on small integers", async (shape, axes) => {
    const x = integers(sizeOf(shape), 1);
    const expected = new Float64Array(sizeOf(reducedShape(shape, axes, true)));
    groups(shape, axes).forEach((group, i) => {
      expected[group] = (expected[group] as number) + (x[i] as number);
    });
    expect(plain(await reduce("sum", x, shape, axes, traits))).toEqual(plain(expected));
  });

  test.each(cases)("max of %j over axes %j is exact, below zero too", async (shape, axes) => {
    const x = uniform(sizeOf(shape), 2, -2, -1);
    const expected = new Float64Array(sizeOf(reducedShape(shape, axes, true))).fill(-Infinity);
    groups(shape, axes).forEach((group, i) => {
      expected[group] = Math.max(expected[group] as number, x[i] as number);
    });
    expect(plain(await reduce("max", x, shape, axes, traits))).toEqual(plain(expected));
  });

  test.each(cases)("the gradient of max over %j, axes %j, goes to the first of many equals", async (shape, axes) => {
    const x = integers(sizeOf(shape), 3, -2, 2);
    const upstream = integers(sizeOf(reducedShape(shape, axes, true)), 4, 1, 9);
    const group = groups(shape, axes);
    const winners = new Int32Array(upstream.length).fill(-1);
    group.forEach((g, i) => {
      const best = winners[g] as number;
      if (best < 0 || (x[i] as number) > (x[best] as number)) winners[g] = i;
    });
    const expected = Array.from(x, (_, i) => (winners[group[i] as number] === i ? upstream[group[i] as number] : 0));
    const got = await outputOf(device, maxGradient(shape, axes, traits), [x, upstream], x.length);
    expect(plain(got)).toEqual(expected);
  });
});

test("a bias gradient over 12,544 rows is as accurate as pairwise sums are, and the same each time", async () => {
  const [, traits] = traitsOfEachKind[0] as (typeof traitsOfEachKind)[number];
  const shape = [12544, 64];
  const x = uniform(sizeOf(shape), 5);
  const expected = new Float64Array(64);
  x.forEach((value, i) => {
    expected[i % 64] = (expected[i % 64] as number) + value;
  });
  const got = await reduce("sum", x, shape, [0], traits);
  expectNear(got, expected, 8 * Math.sqrt(12544) * 2 ** -24 * 12544 * 0.5 * 0.1);
  expect(plain(await reduce("sum", x, shape, [0], traits))).toEqual(plain(got));
});
