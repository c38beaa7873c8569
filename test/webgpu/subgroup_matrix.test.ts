import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { create } from "webgpu";
import { acquireDevice } from "../../src/webgpu/device.ts";
import type { DeviceTraits, SubgroupMatrix, Variants } from "../../src/webgpu/kernel.ts";
import { kernelSource } from "../../src/webgpu/kernel_source.ts";
import { matmul, matmulBias } from "../../src/webgpu/kernels/matmul.ts";
import { matmulSubgroupMatrix, subgroupMatrixTile } from "../../src/webgpu/kernels/matmul_subgroup_matrix.ts";
import { otherTiles } from "../../src/webgpu/other_tiles.ts";
import { halfBits, multipliesExactly, subgroupMatrix } from "../../src/webgpu/subgroup_matrix.ts";
import { SUBGROUP_MATRIX_FEATURE } from "../../src/webgpu/subgroups.ts";
import { openDevice } from "../support/device.ts";
import { integers, outputOf, plain } from "./kernels_support.ts";

/** Dawn without a driver: it has every feature, checks shaders and pipelines, and computes nothing. */
let nullGpu: GPU;
let nullDevice: GPUDevice;
/** Dawn on SwiftShader, which computes, and has no subgroup matrices. */
const device = await openDevice(["subgroups"]);

beforeAll(async () => {
  nullGpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  const adapter = await nullGpu.requestAdapter();
  nullDevice = (await adapter?.requestDevice({
    requiredFeatures: ["subgroups", "shader-f16", SUBGROUP_MATRIX_FEATURE as GPUFeatureName],
  })) as GPUDevice;
});
afterAll(() => nullDevice.destroy());

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
const withMatrices = (matrix: SubgroupMatrix): DeviceTraits => ({
  ...PLAIN,
  subgroupMatrix: matrix,
  subgroupMatrixOfHalves: matrix,
  matmulSubgroupMatrix,
});
/** Changes of matmul.wgsl: `a` with 11 bits (f16's, and TF32's), `b` the same, and a result without its last row. */
const ROUNDED_OR_CUT = [
  ["#include matmul_operand a", "#include rounded_operand a"],
  ["#include matmul_operand b", "#include rounded_operand b"],
  ["if (row >= M) { return; }", "if (row + 1u >= M) { return; }"],
] as const;
const product = (m: number, n: number, k: number, transposeA = false, transposeB = false) => ({
  m,
  n,
  k,
  transposeA,
  transposeB,
});

test.each([
  { operands: "f32", halves: false },
  { operands: "f16", halves: true },
])(
  "the kernel compiles for matrices of $operands and subgroups of several sizes, and products of any",
  async ({ halves }) => {
    const faults: string[] = [];
    for (const matrix of [...MATRICES, SMALL_SUBGROUPS]) {
      for (const sizes of [product(256, 128, 64), product(131, 257, 35, true), product(4096, 129, 1000, false, true)]) {
        const spec = matmulSubgroupMatrix(sizes, withMatrices(matrix), halves);
        if (spec === undefined) throw new Error(`no kernel for ${JSON.stringify({ matrix, sizes })}`);
        nullDevice.pushErrorScope("validation");
        const module = nullDevice.createShaderModule({ code: kernelSource(spec) });
        if (matrix !== SMALL_SUBGROUPS) nullDevice.createComputePipeline({ layout: "auto", compute: { module } });
        const error = await nullDevice.popErrorScope();
        if (error) faults.push(`${JSON.stringify({ matrix, sizes })}: ${error.message}`);
      }
    }
    expect(faults).toEqual([]);
  },
);

test("the kernel is an alternative to plain products alone, of a tile or more, on devices that have proven it", () => {
  const name = "matmul_subgroup_matrix";
  const traits = withMatrices({ m: 8, n: 8, k: 8, minSize: 32, maxSize: 32 });
  const offered = (sizes: ReturnType<typeof product>, on: DeviceTraits) =>
    otherTiles(matmul(sizes, on)).some((spec) => spec.name === name);
  const tile = product(64, 64, 16);
  expect(offered(tile, traits)).toBe(true);
  expect(matmul(tile, traits).name).toBe("matmul");
  expect(offered(tile, PLAIN)).toBe(false);
  for (const smaller of [product(63, 64, 16), product(64, 63, 16), product(64, 64, 15)]) {
    expect(offered(smaller, traits)).toBe(false);
  }
  expect(offered(tile, { ...traits, maxWorkgroupSize: 64 })).toBe(false);
  expect(offered(tile, { ...traits, maxWorkgroupStorage: 8192 })).toBe(false);
  const withBias = matmulBias({ ...tile, relu: false }, traits);
  expect(otherTiles(withBias).map((spec) => spec.name)).not.toContain(name);
});

test("operands that are both stored as 16-bit floats have matrices of such as an alternative; one alone has none", () => {
  const tile = product(64, 64, 16);
  const traits = withMatrices({ m: 16, n: 16, k: 16, minSize: 32, maxSize: 32 });
  const offered = (bindings: readonly string[], on: DeviceTraits) =>
    otherTiles((matmul(tile, on).variants as Variants).make({ halves: bindings })).filter(
      (spec) => spec.name === "matmul_subgroup_matrix",
    );
  expect(offered(["a", "b"], traits).map((spec) => spec.constants["HALVES"])).toEqual([true]);
  for (const others of [["a"], ["b"], ["output"], ["a", "output"], ["a", "b", "output"]])
    expect(offered(others, traits), String(others)).toEqual([]);
  expect(offered(["a", "b"], { ...traits, subgroupMatrixOfHalves: undefined })).toEqual([]);
  // And matrices of f32 are no alternative for f16, nor the other way round.
  const plain = otherTiles(matmul(tile, { ...traits, subgroupMatrix: undefined }));
  expect(plain.map((spec) => spec.name)).not.toContain("matmul_subgroup_matrix");
});

test("16-bit floats of whole numbers, by the definition and by known bits", () => {
  const values = Float32Array.from({ length: 4097 }, (_, index) => index - 2048);
  const halves = halfBits(values);
  // binary16 by its definition: (-1)^sign · 2^(exponent - 15) · (1 + fraction / 1024).
  const read = (bits: number) =>
    bits === 0 ? 0 : (bits & 0x8000 ? -1 : 1) * 2 ** (((bits >> 10) & 31) - 15) * (1 + (bits & 1023) / 1024);
  expect(Array.from(halves.subarray(0, values.length), read)).toEqual(Array.from(values));
  expect([halves[2048], halves[2049], halves[2050], halves[2047], halves[4096]]).toEqual([
    0, 0x3c00, 0x4000, 0xbc00, 0x6800,
  ]);
});

test("of what a device says it multiplies, f32 is chosen, and only with the features", () => {
  const f16 = { componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 16 };
  const f32 = { componentType: "f32", resultComponentType: "f32", M: 8, N: 4, K: 2 };
  const info = (configs: object[] | undefined) =>
    ({ subgroupMinSize: 32, subgroupMaxSize: 64, subgroupMatrixConfigs: configs }) as unknown as GPUAdapterInfo;
  const found = { m: 8, n: 4, k: 2, minSize: 32, maxSize: 64 };
  expect(subgroupMatrix(nullDevice, info([f16, f32]))).toEqual(found);
  expect(subgroupMatrix(nullDevice, info([f16]))).toBeUndefined();
  expect(subgroupMatrix(nullDevice, info([f32, f16]), "f16")).toEqual({
    m: 16,
    n: 16,
    k: 16,
    minSize: 32,
    maxSize: 64,
  });
  expect(subgroupMatrix(nullDevice, info([f32, { ...f16, resultComponentType: "f16" }]), "f16")).toBeUndefined();
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
  expect(await multipliesExactly(nullDevice, withMatrices(matrix), true)).toBe(false);
  expect(submit).toHaveBeenCalledTimes(2);
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
  expect(await multipliesExactly(device, traits, false, matmul)).toBe(true);
  const across: typeof matmul = (sizes, on) => matmul({ ...sizes, transposeB: !sizes.transposeB }, on);
  expect(await multipliesExactly(device, traits, false, across)).toBe(false);
});

test("the probe refuses operands rounded to fewer bits, and edges that are left out", async () => {
  const [matrix] = MATRICES as [SubgroupMatrix];
  const traits = withMatrices(matrix);
  for (const [wanted, replacement] of ROUNDED_OR_CUT) {
    const wrong: typeof matmul = (sizes, on) => {
      const spec = matmul(sizes, on);
      if (!spec.shader.includes(wanted)) throw new Error(`matmul.wgsl has no "${wanted}"`);
      const operand = spec.includes?.matmul_operand ?? "";
      const rounded = operand.replace("return {name}[index];", "return quantizeToF16({name}[index]);");
      if (rounded === operand) throw new Error("matmul_operand.wgsl returns elements in another way");
      const includes = { ...spec.includes, rounded_operand: rounded };
      return { ...spec, includes, shader: spec.shader.replaceAll(wanted, replacement) };
    };
    expect(await multipliesExactly(device, traits, false, wrong), replacement).toBe(false);
  }
});

/** SwiftShader's subgroups have four threads. In those threads add up what they store, if the shader is written for two. */
const PAIRS: SubgroupMatrix = { m: 8, n: 8, k: 8, minSize: 2, maxSize: 2 };

/** The kernel without what SwiftShader cannot compile: the work of the matrices themselves, and 16-bit floats. */
function withoutMatrices(...change: [wanted: string, replacement: string] | []): typeof matmulSubgroupMatrix {
  return (...options) => {
    const spec = matmulSubgroupMatrix(...options);
    if (spec === undefined) return undefined;
    let shader = spec.shader
      .replace(/enable chromium.*;|@diagnostic.*|alias (Left|Right|Result) .*;/g, "")
      .replace(/^ +(var sum_|let left_|let right_|sum_\$|subgroupMatrixStore)[^;]*;/gm, "");
    if (spec.constants["HALVES"]) {
      shader = shader
        .replace("enable f16;", "")
        .replace("alias Operand = f16;", "alias Operand = f32;")
        .replaceAll(/storage> ([ab]): array<Operand>/g, "storage> $1: array<u32>")
        .replaceAll(/return ([ab])\[(.*)\];/g, "return unpack2x16float($1[($2) / 2u])[($2) % 2u];");
    }
    const [wanted, replacement] = change;
    if (wanted === undefined || replacement === undefined) return { ...spec, shader };
    if (!shader.includes(wanted)) throw new Error(`matmul_subgroup_matrix.wgsl has no "${wanted}"`);
    return { ...spec, shader: shader.replaceAll(wanted, replacement) };
  };
}

test("subgroups larger than the shader was written for are noticed: threads then add up what they store, also at edges", async () => {
  expect(await multipliesExactly(device, withMatrices(PAIRS), false, withoutMatrices())).toBe(true);
});

test("the probe of 16-bit floats accepts right products, and none whose sums have 16 bits or leave out a k", async () => {
  const probe = (kernel: typeof matmulSubgroupMatrix) => multipliesExactly(device, withMatrices(PAIRS), true, kernel);
  expect(await probe(withoutMatrices())).toBe(true);
  const sum = "sum += f32(loadA(m, k)) * f32(loadB(k, n));";
  expect(await probe(withoutMatrices(sum, `${sum} sum = quantizeToF16(sum);`))).toBe(false);
  expect(await probe(withoutMatrices("if (k >= K || column >= N)", "if (k + 1u >= K || column >= N)"))).toBe(false);
});

/**
 * What the kernel asks of subgroup matrices, in plain WGSL: each thread of a subgroup holds whole matrices and does all
 * of the work. Row by row, as `row_major` says.
 */
const MATRICES_IN_WGSL = `
struct Left { at: array<f32, $(MATRIX_M * MATRIX_K)> }
struct Right { at: array<f32, $(MATRIX_K * MATRIX_N)> }
struct Result { at: array<f32, $(MATRIX_M * MATRIX_N)> }
fn loadLeft(start: u32, stride: u32) -> Left {
  var matrix: Left;
  for (var i = 0u; i < MATRIX_M * MATRIX_K; i++) { matrix.at[i] = tileA[start + i / MATRIX_K * stride + i % MATRIX_K]; }
  return matrix;
}
fn loadRight(start: u32, stride: u32) -> Right {
  var matrix: Right;
  for (var i = 0u; i < MATRIX_K * MATRIX_N; i++) { matrix.at[i] = tileB[start + i / MATRIX_N * stride + i % MATRIX_N]; }
  return matrix;
}
fn multiplyAccumulate(left: Left, right: Right, before: Result) -> Result {
  var matrix = before;
  for (var i = 0u; i < MATRIX_M * MATRIX_N; i++) {
    for (var k = 0u; k < MATRIX_K; k++) {
      matrix.at[i] += left.at[i / MATRIX_N * MATRIX_K + k] * right.at[k * MATRIX_N + i % MATRIX_N];
    }
  }
  return matrix;
}
fn store(start: u32, matrix: Result, stride: u32) {
  for (var i = 0u; i < MATRIX_M * MATRIX_N; i++) { results[start + i / MATRIX_N * stride + i % MATRIX_N] = matrix.at[i]; }
}
`;

// Two by two matrices a subgroup, of unlike extents, then two below each other, then two side by side; more compile for longer.
test.each([
  { m: 16, n: 15, k: 4, tile: [2, 2] },
  { m: 16, n: 30, k: 4, tile: [2, 1] },
  { m: 31, n: 15, k: 4, tile: [1, 2] },
])(
  "with matrices $m × $n × $k written out in WGSL, $tile a subgroup, the kernel multiplies exactly: parts of tiles, several steps of K",
  async ({ tile, ...extents }) => {
    // SwiftShader's subgroups have four threads.
    const matrix = { ...extents, minSize: 4, maxSize: 4 };
    const traits = withMatrices(matrix);
    const { rowMatrices, columnMatrices, rows, columns, tileK } = subgroupMatrixTile(matrix);
    expect([rowMatrices, columnMatrices]).toEqual(tile);
    const sizes = product(rows + 9, 2 * columns + 20, 2 * tileK + 3);
    const spec = matmulSubgroupMatrix(sizes, traits);
    if (spec === undefined) throw new Error("no kernel");
    const shader = spec.shader
      .replace(/enable chromium.*;|@diagnostic.*|alias (Left|Right|Result) .*;/g, "")
      .replace(/subgroupMatrixLoad<(Left|Right), row_major>\(\s*&tile[AB], /g, "load$1(")
      .replaceAll("subgroupMatrixMultiplyAccumulate(", "multiplyAccumulate(")
      .replaceAll("subgroupMatrixStore<row_major>(&results, ", "store(");
    const [a, b] = [integers(sizes.m * sizes.k, 1), integers(sizes.k * sizes.n, 2)];
    const expected = Array.from({ length: sizes.m * sizes.n }, (_, place) => {
      const [row, column] = [Math.floor(place / sizes.n), place % sizes.n];
      let sum = 0;
      for (let k = 0; k < sizes.k; k++) sum += a[row * sizes.k + k]! * b[k * sizes.n + column]!;
      return sum;
    });
    const got = await outputOf(device, { ...spec, shader: shader + MATRICES_IN_WGSL }, [a, b], expected.length);
    expect(plain(got)).toEqual(plain(expected));
  },
);
