import type { DeviceTraits, SubgroupMatrix } from "./kernel.ts";
import type { MatmulSizes } from "./kernels/matmul.ts";
import { matmulSubgroupMatrix, subgroupMatrixTile } from "./kernels/matmul_subgroup_matrix.ts";
import { runKernel } from "./run_kernel.ts";
import { SUBGROUP_MATRIX_FEATURE, subgroupSizes } from "./subgroups.ts";

/** Sizes of matrices that a device multiplies, [M, K]·[K, N]. */
export interface SubgroupMatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What Dawn adds to the description of an adapter. */
interface SubgroupMatrixInfo extends GPUAdapterInfo {
  readonly subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig>;
}

/**
 * The first sizes that multiply `component` and add in f32; undefined without the features or where the device tells none.
 */
export function subgroupMatrix(
  device: GPUDevice,
  info: GPUAdapterInfo | undefined,
  component: "f32" | "f16" = "f32",
): SubgroupMatrix | undefined {
  const sizes = subgroupSizes(device, info);
  if (!device.features.has(SUBGROUP_MATRIX_FEATURE) || sizes === undefined) return undefined;
  if (component === "f16" && !device.features.has("shader-f16")) return undefined;
  const configs = [...((info as SubgroupMatrixInfo | undefined)?.subgroupMatrixConfigs ?? [])];
  const found = configs.find((config) => config.componentType === component && config.resultComponentType === "f32");
  return found && { m: found.M, n: found.N, k: found.K, ...sizes };
}

/** The matrices that the device says it multiplies and has shown to multiply rightly, and what makes the kernel for them. */
export async function provenMatrices(
  device: GPUDevice,
  info: GPUAdapterInfo | undefined,
  traits: DeviceTraits,
): Promise<Pick<DeviceTraits, "subgroupMatrix" | "subgroupMatrixOfHalves" | "matmulSubgroupMatrix">> {
  const claimed = {
    ...traits,
    subgroupMatrix: subgroupMatrix(device, info),
    subgroupMatrixOfHalves: subgroupMatrix(device, info, "f16"),
  };
  return {
    ...((await multipliesExactly(device, claimed)) && { subgroupMatrix: claimed.subgroupMatrix }),
    ...((await multipliesExactly(device, claimed, true)) && { subgroupMatrixOfHalves: claimed.subgroupMatrixOfHalves }),
    matmulSubgroupMatrix,
  };
}

/** What the probe multiplies: one tile of a workgroup, and beyond it parts of tiles in every direction. */
function probes(matrix: SubgroupMatrix): MatmulSizes[] {
  const { rows, columns, tileK } = subgroupMatrixTile(matrix);
  return [
    { m: rows, n: columns, k: tileK, transposeA: false, transposeB: false },
    { m: rows + 1, n: columns + 5, k: tileK + 3, transposeA: false, transposeB: true },
    { m: 2 * rows + 3, n: columns + 1, k: 2 * tileK + 1, transposeA: true, transposeB: false },
  ];
}

/**
 * Tries on the device whether matrices of subgroups multiply as the kernel expects: which threads make a subgroup, how
 * matrices lie in memory, what happens at edges. Products of whole numbers, of which every element must be equal to the
 * exact result; one operand has numbers of 12 bits, so that a device that multiplies f32 with fewer (TF32 has 11) is found
 * out. With `halves` they have the 11 bits of 16-bit floats, and sums that are longer: a device that adds in 16 bits is found
 * out. A few small kernels, once a device; false too if they cannot run. `kernel` is another for tests.
 */
export async function multipliesExactly(
  device: GPUDevice,
  traits: DeviceTraits,
  halves = false,
  kernel: typeof matmulSubgroupMatrix = matmulSubgroupMatrix,
): Promise<boolean> {
  const matrix = halves ? traits.subgroupMatrixOfHalves : traits.subgroupMatrix;
  if (matrix === undefined) return false;
  for (const [index, sizes] of probes(matrix).entries()) {
    const spec = kernel(sizes, traits, halves);
    if (spec === undefined) return false;
    // Sums stay below 2²⁴, up to which f32 holds every whole number. Each side has the large numbers in turn.
    const largest = halves ? 2047 : 4095;
    const [largestA, largestB] = index % 2 === 0 ? [largest, 15] : [15, largest];
    const a = wholeNumbers(sizes.m * sizes.k, largestA, 2 * index + 1);
    const b = wholeNumbers(sizes.k * sizes.n, largestB, 2 * index + 2);
    const expected = exactProduct(sizes, a, b);
    const operands = halves ? [halfBits(a), halfBits(b)] : [a, b];
    const found = await runKernel(device, spec, operands, 4 * expected.length).catch(() => undefined);
    if (found === undefined) return false;
    if (!new Float32Array(found).every((value, place) => value === expected[place])) return false;
  }
  return true;
}

/** Numbers from -largest to largest, the same for each seed (the generator of Numerical Recipes, its upper bits). */
function wholeNumbers(length: number, largest: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) % (2 * largest + 1)) - largest;
  });
}

/** Whole numbers up to 2,048 as 16-bit floats (IEEE binary16: a sign, 5 bits of exponent with 15 added, 10 of fraction). */
export function halfBits(values: Float32Array): Uint16Array<ArrayBuffer> {
  // A last lonely value has a word to itself, as buffers have whole words.
  const bits = new Uint16Array(2 * Math.ceil(values.length / 2));
  values.forEach((value, index) => {
    if (value === 0) return;
    const exponent = Math.floor(Math.log2(Math.abs(value)));
    const fraction = (Math.abs(value) / 2 ** exponent - 1) * 1024;
    bits[index] = (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
  });
  return bits;
}

function exactProduct(sizes: MatmulSizes, a: Float32Array, b: Float32Array): Float64Array {
  const { m, n, k, transposeA, transposeB } = sizes;
  const [rowA, stepA] = transposeA ? [1, m] : [k, 1];
  const [columnB, stepB] = transposeB ? [k, 1] : [1, n];
  return Float64Array.from({ length: m * n }, (_, place) => {
    const [row, column] = [Math.floor(place / n), place % n];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += (a[row * rowA + i * stepA] ?? 0) * (b[column * columnB + i * stepB] ?? 0);
    return sum;
  });
}
