import { randomBits, randomKey, randomUniform } from "../../src/core/random.ts";
import type { DeviceTraits, KernelSpec } from "../../src/webgpu/kernel.ts";
import { workgroupLimits } from "../support/gpu.ts";
import { runKernel } from "../support/run_kernel.ts";

/** The two ways in which kernels choose their tiles; both must be right on every device, small ones too. */
export const traitsOfEachKind: readonly [string, DeviceTraits][] = [
  ["GPU tiles", { ...workgroupLimits, software: false }],
  ["software tiles", { ...workgroupLimits, software: true }],
];

/** Small whole numbers from `low` to `high`: sums of their products are exact in f32, in any order. */
export function integers(count: number, seed: number, low = -4, high = 4): Float32Array<ArrayBuffer> {
  const key = randomKey(seed);
  return Float32Array.from({ length: count }, (_, i) => low + (randomBits(key, i) % (high - low + 1)));
}

export function uniform(count: number, seed: number, low = -1, high = 1): Float32Array<ArrayBuffer> {
  const key = randomKey(seed);
  return Float32Array.from({ length: count }, (_, i) => low + (high - low) * randomUniform(key, i));
}

type Data = Float32Array | Uint32Array | Int32Array;

const SENTINEL = -12345;
const GUARDS = 8;

/** Runs a kernel whose last binding is its only output, and fails if it writes beyond the output's end. */
export async function outputOf(
  device: GPUDevice,
  spec: KernelSpec,
  inputs: readonly Data[],
  size: number,
): Promise<Float32Array> {
  const output = await guarded(device, spec, inputs, new Float32Array(size + GUARDS).fill(SENTINEL));
  return output as Float32Array;
}

/** The same for an output of i32. */
export async function integerOutputOf(
  device: GPUDevice,
  spec: KernelSpec,
  inputs: readonly Data[],
  size: number,
): Promise<Int32Array> {
  const output = await guarded(device, spec, inputs, new Int32Array(size + GUARDS).fill(SENTINEL));
  return output as Int32Array;
}

async function guarded(device: GPUDevice, spec: KernelSpec, inputs: readonly Data[], output: Data): Promise<Data> {
  const results = await runKernel(device, spec, [...inputs, output]);
  const result = results[results.length - 1] as Data;
  const size = result.length - GUARDS;
  if (result.subarray(size).some((value) => value !== SENTINEL))
    throw new Error(`${spec.name} wrote beyond its output`);
  return result.subarray(0, size);
}

/** `a` as plain numbers, −0 as 0: what exact comparisons want. */
export function plain(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => value + 0);
}

/** Fails with the worst place unless every |got − expected| ≤ tolerance (one for all, or one each). */
export function expectNear(
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number | ArrayLike<number>,
): void {
  if (got.length !== expected.length) throw new Error(`${got.length} values, expected ${expected.length}`);
  let worst = 0;
  let message = "";
  for (let i = 0; i < got.length; i++) {
    const allowed = typeof tolerance === "number" ? tolerance : (tolerance[i] as number);
    const excess = Math.abs((got[i] as number) - (expected[i] as number)) / allowed;
    if (!(excess <= Math.max(1, worst))) {
      worst = excess;
      message = `value ${i} is ${got[i]}, expected ${expected[i]} ± ${allowed}`;
    }
  }
  if (message !== "") throw new Error(message);
}
