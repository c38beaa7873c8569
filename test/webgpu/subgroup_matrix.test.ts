import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { create } from "webgpu";
import { acquireDevice } from "../../src/webgpu/device.ts";
import type { DeviceTraits, SubgroupMatrix } from "../../src/webgpu/kernel.ts";
import { matmul, matmulBiasKernel } from "../../src/webgpu/kernels/matmul.ts";
import { matmulSubgroupMatrix } from "../../src/webgpu/kernels/matmul_subgroup_matrix.ts";
import { preprocess } from "../../src/webgpu/preprocess.ts";
import { multipliesExactly, SUBGROUP_MATRIX_FEATURE, subgroupMatrix } from "../../src/webgpu/subgroup_matrix.ts";
import { testDevice } from "../support/gpu.ts";

/** Dawn without a driver: it has every feature, checks shaders and pipelines, and computes nothing. */
let nullGpu: GPU;
let nullDevice: GPUDevice;
/** Dawn on SwiftShader, which computes, and has no subgroup matrices. */
let device: GPUDevice;

beforeAll(async () => {
  device = await testDevice({}, ["subgroups"]);
  nullGpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  const adapter = await nullGpu.requestAdapter();
  nullDevice = (await adapter?.requestDevice({
    requiredFeatures: ["subgroups", SUBGROUP_MATRIX_FEATURE as GPUFeatureName],
  })) as GPUDevice;
});
afterAll(() => {
  device.destroy();
  nullDevice.destroy();
});

/** A graphics card with the spec's default limits. */
const PLAIN: DeviceTraits = { software: false, maxWorkgroupSize: 256, maxWorkgroupStorage: 16384 };
/** Sizes of matrices of an f32 product, and of subgroups: one size, a choice, large ones alone. */
const MATRICES: readonly SubgroupMatrix[] = [
  { m: 8, n: 8, k: 8, minSize: 32, maxSize: 32 },
  { m: 8, n: 8, k: 8, minSize: 4, maxSize: 128 },
  { m: 8, n: 16, k: 4, minSize: 64, maxSize: 64 },
  { m: 16, n: 8, k: 16, minSize: 32, maxSize: 64 },
];
/** Its workgroups of 64 threads are no whole subgroups on the null device: of this only the shader is checked there. */
const SMALL_SUBGROUPS: SubgroupMatrix = { m: 16, n: 16, k: 16, minSize: 8, maxSize: 16 };
const withMatrices = (matrix: SubgroupMatrix): DeviceTraits => ({ ...PLAIN, subgroupMatrix: matrix });
/** Changes of matmul.wgsl: `a` with 11 bits (f16's, and TF32's), `b` the same, and a result without its last row. */
const ROUNDED_OR_CUT = [
  ["return a[index];", "return quantizeToF16(a[index]);"],
  ["return b[index];", "return quantizeToF16(b[index]);"],
  ["if (row >= M) { return; }", "if (row + 1u >= M) { return; }"],
] as const;
const product = (m: number, n: number, k: number, transposeA = false, transposeB = false) => ({
  m,
  n,
  k,
  transposeA,
  transposeB,
});

test("the kernel compiles for matrices and subgroups of several sizes, and products of any", async () => {
  const faults: string[] = [];
  for (const matrix of [...MATRICES, SMALL_SUBGROUPS]) {
    for (const sizes of [product(256, 128, 64), product(131, 257, 35, true), product(4096, 129, 1000, false, true)]) {
      const spec = matmulSubgroupMatrix(sizes, withMatrices(matrix));
      if (spec === undefined) throw new Error(`no kernel for ${JSON.stringify({ matrix, sizes })}`);
      nullDevice.pushErrorScope("validation");
      const module = nullDevice.createShaderModule({ code: preprocess(spec.shader, spec.constants) });
      if (matrix !== SMALL_SUBGROUPS) nullDevice.createComputePipeline({ layout: "auto", compute: { module } });
      const error = await nullDevice.popErrorScope();
      if (error) faults.push(`${JSON.stringify({ matrix, sizes })}: ${error.message}`);
    }
  }
  expect(faults).toEqual([]);
});

test("the kernel is an alternative to plain products alone, of a tile or more, on devices that have proven it", () => {
  const name = "matmul_subgroup_matrix";
  const traits = withMatrices({ m: 8, n: 8, k: 8, minSize: 32, maxSize: 32 });
  const offered = (sizes: ReturnType<typeof product>, on: DeviceTraits) =>
    matmul(sizes, on)
      .alternatives?.()
      .some((spec) => spec.name === name);
  const tile = product(64, 64, 16);
  expect(offered(tile, traits)).toBe(true);
  expect(matmul(tile, traits).name).toBe("matmul");
  expect(offered(tile, PLAIN)).toBe(false);
  for (const smaller of [product(63, 64, 16), product(64, 63, 16), product(64, 64, 15)]) {
    expect(offered(smaller, traits)).toBe(false);
  }
  expect(offered(tile, { ...traits, maxWorkgroupSize: 64 })).toBe(false);
  expect(offered(tile, { ...traits, maxWorkgroupStorage: 8192 })).toBe(false);
  const withBias = matmulBiasKernel({ ...tile, relu: false }, traits);
  expect(withBias.alternatives?.().map((spec) => spec.name)).not.toContain(name);
  // Operands stored as 16-bit floats are not read by it.
  const halves = matmul(tile, traits).halves?.make([0]);
  expect(halves?.alternatives?.().map((spec) => spec.name)).not.toContain(name);
});

test("of what a device says it multiplies, f32 is chosen, and only with the features", () => {
  const f16 = { componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 16 };
  const f32 = { componentType: "f32", resultComponentType: "f32", M: 8, N: 4, K: 2 };
  const info = (configs: object[] | undefined) =>
    ({ subgroupMinSize: 32, subgroupMaxSize: 64, subgroupMatrixConfigs: configs }) as unknown as GPUAdapterInfo;
  const found = { m: 8, n: 4, k: 2, minSize: 32, maxSize: 64 };
  expect(subgroupMatrix(nullDevice, info([f16, f32]))).toEqual(found);
  expect(subgroupMatrix(nullDevice, info([f16]))).toBeUndefined();
  expect(subgroupMatrix(nullDevice, info(undefined))).toBeUndefined();
  expect(subgroupMatrix(nullDevice, undefined)).toBeUndefined();
  expect(subgroupMatrix(device, info([f32]))).toBeUndefined();
});

test("the feature is asked for where an adapter has it, and a device of one's own works without", async () => {
  const acquired = await acquireDevice({ gpu: nullGpu });
  expect(acquired.device.features.has(SUBGROUP_MATRIX_FEATURE)).toBe(true);
  expect(acquired.traits.subgroupMatrix).toBeUndefined();
  acquired.device.destroy();
  const own = await acquireDevice({ device });
  expect(own.traits.subgroupMatrix).toBeUndefined();
});

test.each(MATRICES)("the probe refuses a device that runs the kernel and gives zeros: %o", async (matrix) => {
  const submit = vi.spyOn(nullDevice.queue, "submit");
  expect(await multipliesExactly(nullDevice, withMatrices(matrix))).toBe(false);
  expect(submit).toHaveBeenCalledOnce();
  submit.mockRestore();
});

test("the probe refuses a device that does not compile the kernel, and its page hears no error", async () => {
  const [matrix] = MATRICES as [SubgroupMatrix];
  const heard: string[] = [];
  device.onuncapturederror = ({ error }) => heard.push(error.message);
  expect(await multipliesExactly(device, withMatrices(matrix))).toBe(false);
  await device.queue.onSubmittedWorkDone();
  expect(heard).toEqual([]);
  expect(await multipliesExactly(device, PLAIN)).toBe(false);
});

test("the probe accepts right products, and not one that reads an operand across", async () => {
  const [matrix] = MATRICES as [SubgroupMatrix];
  const traits = withMatrices(matrix);
  expect(await multipliesExactly(device, traits, matmul)).toBe(true);
  const across: typeof matmul = (sizes, on) => matmul({ ...sizes, transposeB: !sizes.transposeB }, on);
  expect(await multipliesExactly(device, traits, across)).toBe(false);
});

test("the probe refuses operands rounded to fewer bits, and edges that are left out", async () => {
  const [matrix] = MATRICES as [SubgroupMatrix];
  const traits = withMatrices(matrix);
  for (const [wanted, replacement] of ROUNDED_OR_CUT) {
    const wrong: typeof matmul = (sizes, on) => {
      const spec = matmul(sizes, on);
      if (!spec.shader.includes(wanted)) throw new Error(`matmul.wgsl has no "${wanted}"`);
      return { ...spec, shader: spec.shader.replaceAll(wanted, replacement) };
    };
    expect(await multipliesExactly(device, traits, wrong), replacement).toBe(false);
  }
});

test("subgroups larger than the shader was written for are noticed: threads then add up what they store, also at edges", async () => {
  // SwiftShader's have four threads. What it cannot compile, the work of the matrices themselves, is taken out.
  const traits = withMatrices({ m: 8, n: 8, k: 8, minSize: 2, maxSize: 2 });
  const withoutMatrices = (...[sizes, on]: Parameters<typeof matmul>) => {
    const spec = matmulSubgroupMatrix(sizes, on);
    const shader = spec?.shader
      .replace(/enable chromium.*;|@diagnostic.*|alias .*;/g, "")
      .replace(/^ +(var sum_|let left_|let right_|sum_\$|subgroupMatrixStore)[^;]*;/gm, "");
    return spec && { ...spec, shader: shader ?? "" };
  };
  expect(await multipliesExactly(device, traits, withoutMatrices)).toBe(true);
});
