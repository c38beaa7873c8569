import { expect, test } from "vitest";
import type { DeviceTraits, KernelSpec } from "../../src/webgpu/kernel.ts";
import { exchangesAsExpected, subgroupSizes } from "../../src/webgpu/subgroups.ts";
import { openDevice } from "../support/device.ts";
import {
  argmax,
  batchNormMomentsTotal,
  countCorrect,
  crossEntropyStep,
  crossEntropyTotal,
  maxGradient,
  softmax,
} from "../support/kernels.ts";
import { runKernel } from "../support/run_kernel.ts";
import { integers, traitsOfEachKind, uniform } from "./kernels_support.ts";

const device = await openDevice(["subgroups"]);
const subgroups = subgroupSizes(device, device.adapterInfo);

type Data = Float32Array | Int32Array;

// The kernels without exchanges are held against the CPU by the tests of each family.
const cases: readonly [string, (traits: DeviceTraits) => KernelSpec, Data[]][] = [
  [
    "softmax of long rows",
    (traits) => softmax({ rows: 3, columns: 1000 }, false, traits),
    [uniform(3000, 1, -9, 9), new Float32Array(3000)],
  ],
  [
    "argmax among equals",
    (traits) => argmax({ rows: 5, columns: 300 }, traits),
    [integers(1500, 2, 0, 9), new Int32Array(5)],
  ],
  [
    "loss, gradient and counts",
    (traits) => crossEntropyStep({ batch: 61, classes: 40, columnSums: true }, traits),
    [
      uniform(2440, 3, -5, 5),
      Int32Array.from(integers(61, 4, -1, 39)),
      new Float32Array(1),
      new Float32Array(2440),
      new Float32Array(2),
      new Float32Array(40),
    ],
  ],
  [
    "mean loss",
    (traits) => crossEntropyTotal({ rows: 500, columns: 3 }, { dense: false, reduction: "mean" }, traits),
    [uniform(500, 5), Int32Array.from(integers(500, 6, -1, 2)), new Float32Array(1)],
  ],
  [
    "right answers",
    (traits) => countCorrect({ rows: 100, columns: 33 }, traits),
    [uniform(3300, 7), Int32Array.from(integers(100, 8, -1, 32)), new Float32Array(2)],
  ],
  [
    "batch statistics, vectors",
    (traits) => batchNormMomentsTotal([16, 14, 14, 8], undefined, traits),
    // Counts, means and squared distances of up to 1,024 slices.
    [uniform(3 * 1024 * 8, 9, 1, 2), new Float32Array(8), new Float32Array(8)],
  ],
  [
    "batch statistics, scalars",
    (traits) => batchNormMomentsTotal([16, 14, 14, 3], undefined, traits),
    [uniform(3 * 1024 * 3, 10, 1, 2), new Float32Array(3), new Float32Array(3)],
  ],
  [
    "gradient of a maximum",
    (traits) => maxGradient([4, 200], [1], traits),
    [integers(800, 11, 0, 20), uniform(4, 12), new Float32Array(800)],
  ],
];

test("neighbouring threads exchange values, so that the device is given kernels that do", async () => {
  expect(subgroups !== undefined).toBe(device.features.has("subgroups"));
  if (subgroups) expect(await exchangesAsExpected(device, subgroups)).toBe(true);
  // More threads than a subgroup has.
  const tooLarge = { minSize: 2 * (subgroups?.maxSize ?? 64), maxSize: 128 };
  expect(await exchangesAsExpected(device, tooLarge)).toBe(false);
});

test("sizes that a device does not tell, or without the feature, are not used", () => {
  const info = (minSize: number, maxSize: number) =>
    ({ subgroupMinSize: minSize, subgroupMaxSize: maxSize }) as GPUAdapterInfo;
  expect(subgroupSizes(device, undefined)).toBeUndefined();
  expect(subgroupSizes(device, info(0, 0))).toBeUndefined();
  const withFeatures = (...names: string[]) => ({ features: new Set(names) }) as unknown as GPUDevice;
  expect(subgroupSizes(withFeatures("subgroups"), info(32, 32))).toEqual({ minSize: 32, maxSize: 32 });
  expect(subgroupSizes(withFeatures("timestamp-query"), info(32, 32))).toBeUndefined();
});

test.each(cases)("%s: exchanges within subgroups change no bit", async (_, make, buffers) => {
  for (const [, traits] of traitsOfEachKind) {
    const [plain, exchanging] = [make(traits), make({ ...traits, subgroups })];
    if (subgroups) expect(exchanging.constants).not.toEqual(plain.constants);
    const bits = async (spec: KernelSpec) =>
      (await runKernel(device, spec, buffers)).map(({ buffer }) => [...new Uint32Array(buffer)]);
    expect(await bits(exchanging)).toEqual(await bits(plain));
  }
});
