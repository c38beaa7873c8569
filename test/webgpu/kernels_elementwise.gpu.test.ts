import { describe, expect, test } from "vitest";
import { broadcastShapes, broadcastStrides, stridesOf } from "../../src/core/axes.ts";
import { type Shape, sizeOf } from "../../src/core/shape.ts";
import type { Variants } from "../../src/webgpu/kernel.ts";
import { openDevice } from "../support/device.ts";
import { type BinaryOperation, copy, elementwise, transpose, type UnaryOperation } from "../support/kernels.ts";
import { runKernel } from "../support/run_kernel.ts";
import {
  expectNear,
  integerOutputOf,
  integers,
  outputOf,
  plain,
  traitsOfEachKind,
  uniform,
} from "./kernels_support.ts";

const device = await openDevice();

const [[, traits]] = traitsOfEachKind as [(typeof traitsOfEachKind)[number]];

/** Index into a tensor of `shape` for element `index` of `target`. */
function broadcastIndex(shape: Shape, target: Shape, index: number): number {
  const strides = broadcastStrides(shape, target);
  return stridesOf(target).reduce((sum, stride, axis) => {
    const coordinate = Math.floor(index / stride) % (target[axis] as number);
    return sum + coordinate * (strides[axis] as number);
  }, 0);
}

const binary = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  reluGradient: (a, b) => (a > 0 ? b : 0),
  minimum: Math.min,
  maximum: Math.max,
  prelu: (a, b) => (a < 0 ? a * b : a),
  preluDerivative: (a, b) => (a > 0 ? 1 : b),
} satisfies Partial<Record<BinaryOperation, (a: number, b: number) => number>>;

async function expectBinary(operation: keyof typeof binary, a: Shape, b: Shape): Promise<void> {
  const shape = broadcastShapes(operation, a, b);
  const x = integers(sizeOf(a), 1);
  // Powers of two divide exactly.
  const y = operation === "div" ? integers(sizeOf(b), 2, 0, 3).map((value) => 2 ** value) : integers(sizeOf(b), 2);
  const size = sizeOf(shape);
  const got = await outputOf(device, elementwise(operation, [a, b], shape, traits), [x, y], size);
  const expected = Array.from({ length: size }, (_, i) =>
    binary[operation](x[broadcastIndex(a, shape, i)] as number, y[broadcastIndex(b, shape, i)] as number),
  );
  expect(plain(got)).toEqual(plain(expected));
}

describe("binary operations", () => {
  test.each(Object.keys(binary) as (keyof typeof binary)[])(
    "%s of equal shapes is exact on small integers",
    async (operation) => {
      await expectBinary(operation, [5, 8], [5, 8]);
      await expectBinary(operation, [3, 5, 7], [3, 5, 7]);
    },
  );

  test.each<[Shape, Shape]>([
    [[6, 8], [8]],
    [[6, 7], [7]],
    [[6, 8], []],
    [[], [6, 8]],
    [[], []],
    [
      [6, 8],
      [6, 1],
    ],
    [
      [6, 7],
      [6, 1],
    ],
    [
      [4, 1, 8],
      [5, 1],
    ],
    [
      [2, 3, 1, 4],
      [3, 5, 1],
    ],
    [
      [2, 1, 3, 1, 2, 1, 3, 4],
      [1, 2, 1, 2, 1, 2, 3, 1],
    ],
    [
      [1, 12],
      [5, 1],
    ],
    [
      [2, 3, 4, 5],
      [1, 1, 4, 5],
    ],
    [
      [2, 1, 4, 8],
      [2, 3, 4, 8],
    ],
  ])("sub stretches %j and %j as NumPy does", async (a, b) => {
    await expectBinary("sub", a, b);
  });

  test("a dispatch folded into rows of workgroups covers every element", async () => {
    // 65,535 workgroups of 64 threads cover 4,194,240 elements along x; an odd size makes each a thread.
    const size = 4_194_241;
    const x = integers(size, 1);
    const got = await outputOf(device, elementwise("add", [[size], []], [size], traits), [x, Float32Array.of(1)], size);
    expect(got.findIndex((value, i) => value !== (x[i] as number) + 1)).toBe(-1);
  });
});

test.each<[UnaryOperation, (x: number) => number, number, number]>([
  ["exp", Math.exp, -3, 3],
  ["log", Math.log, 0.1, 9],
  ["neg", (x) => -x, -3, 3],
  ["sqrt", Math.sqrt, 0, 9],
  ["relu", (x) => Math.max(0, x), -3, 3],
  ["copy", (x) => x, -3, 3],
])("%s is close to its definition, with and without vectors", async (operation, definition, low, high) => {
  for (const size of [1, 37, 64]) {
    const x = uniform(size, size, low, high);
    const expected = Array.from(x, definition);
    const got = await outputOf(device, elementwise(operation, [[size]], [size], traits), [x], size);
    expectNear(
      got,
      expected,
      expected.map((value) => 2e-6 * (1 + Math.abs(value))),
    );
  }
});

test.each(["x", "y", undefined])(
  "where, in the place of operand %s, takes one value for all of the last",
  async (inPlaceOf) => {
    const shape = [2, 8];
    const condition = Uint32Array.from({ length: 16 }, (_, i) => ((i * 5) % 3 === 0 ? 1 : 0));
    const chosen = Uint32Array.from({ length: 16 }, (_, i) => 100 + i);
    const apart = elementwise("where", [shape, shape, []], shape, traits);
    const spec = inPlaceOf === undefined ? apart : (apart.variants as Variants).make({ inPlace: inPlaceOf });
    const operands: Record<string, Uint32Array> = { x: condition, y: chosen, z: Uint32Array.of(7) };
    const replaced = inPlaceOf === undefined ? undefined : operands[inPlaceOf];
    const buffers: Record<string, Uint32Array> = { ...operands, output: replaced ?? new Uint32Array(16) };
    if (inPlaceOf !== undefined) delete buffers[inPlaceOf];
    const { output } = await runKernel(device, spec, buffers);
    expect(plain(output ?? [])).toEqual(plain(condition.map((yes, i) => (yes ? (chosen[i] as number) : 7))));
  },
);

test("broadcasting a copy repeats it along the stretched axes", async () => {
  const shape = [3, 2, 8];
  const x = integers(6, 3);
  const got = await outputOf(device, elementwise("copy", [[3, 2, 1]], shape, traits), [x], 48);
  expect(plain(got)).toEqual(Array.from({ length: 48 }, (_, i) => x[Math.floor(i / 8)]));
});

test("copy keeps every bit of integers and of bytes packed into words", async () => {
  const x = Int32Array.from([-1, 0x7fc00001, 1, -2147483648, 7]);
  expect(plain(await integerOutputOf(device, copy({ size: 5, dtype: "i32" }, traits), [x], 5))).toEqual(plain(x));
  expect(plain(await integerOutputOf(device, copy({ size: 17, dtype: "u8" }, traits), [x], 5))).toEqual(plain(x));
});

test.each<[Shape, readonly number[]]>([
  [
    [5, 7],
    [1, 0],
  ],
  [
    [8, 12],
    [1, 0],
  ],
  [
    [2, 3, 8],
    [1, 0, 2],
  ],
  [
    [2, 3, 5],
    [1, 0, 2],
  ],
  [
    [3, 3, 4, 8],
    [0, 1, 3, 2],
  ],
  [
    [2, 3, 4, 5],
    [3, 2, 1, 0],
  ],
  [
    [2, 3, 4, 5],
    [0, 1, 2, 3],
  ],
  [
    [2, 1, 3, 1, 4, 2],
    [5, 2, 0, 1, 4, 3],
  ],
  [[6], [0]],
  [[], []],
])("transpose of %j to %j moves every element to its place", async (shape, permutation) => {
  const size = sizeOf(shape);
  const x = Float32Array.from({ length: size }, (_, i) => i);
  const outputShape = permutation.map((axis) => shape[axis] as number);
  const inputStrides = stridesOf(shape);
  const outputStrides = stridesOf(outputShape);
  const expected = Array.from({ length: size }, (_, i) =>
    permutation.reduce((sum, axis, place) => {
      const coordinate = Math.floor(i / (outputStrides[place] as number)) % (outputShape[place] as number);
      return sum + coordinate * (inputStrides[axis] as number);
    }, 0),
  );
  expect(plain(await outputOf(device, transpose(shape, permutation, traits), [x], size))).toEqual(expected);
});
