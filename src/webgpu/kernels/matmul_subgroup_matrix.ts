import shader from "../../../shaders/matmul_subgroup_matrix.wgsl?raw";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, type SubgroupMatrix } from "../kernel.ts";
import type { MatmulSizes } from "./matmul.ts";

/** Subgroups of a workgroup, in two rows of two: what a workgroup copies serves two of them. */
const SUBGROUPS = 4;
/** Rows and columns of the result that one subgroup computes: 16 matrices of 8 × 8, of which each load serves four. */
const SUBGROUP_TILE = 32;
/** Values of K that a workgroup copies at a time. */
const TILE_K = 16;

/** How a workgroup divides its part of a product, [rows, columns] of the result, among its subgroups. */
export function subgroupMatrixTile({ m, n, k, minSize, maxSize }: SubgroupMatrix) {
  const rowMatrices = Math.max(1, Math.floor(SUBGROUP_TILE / m));
  const columnMatrices = Math.max(1, Math.floor(SUBGROUP_TILE / n));
  return {
    // What graphics cards have, where the driver may choose; the shader is right, though slower, if it chooses another.
    // Dawn wants workgroups of whole subgroups of any size, and none is larger than 4 · 32 threads.
    subgroupSize: minSize <= 32 && 32 <= maxSize ? 32 : maxSize,
    rowMatrices,
    columnMatrices,
    rows: 2 * rowMatrices * m,
    columns: 2 * columnMatrices * n,
    tileK: k * Math.max(1, Math.floor(TILE_K / k)),
  };
}

/**
 * [m, k]·[k, n] → [m, n] by subgroup matrices. Undefined where the device has none that multiply
 * rightly (subgroup_matrix.ts), where its workgroups are too small, and for products smaller than a workgroup's tile in any
 * direction: most of what is multiplied would be zeros.
 *
 * With `halves` for `a` and `b` that are both stored as 16-bit floats, as `precision: "mixed"` does: their products are exact
 * in the f32 of the sums, so that nothing is rounded that was not before.
 *
 * Built and compiled, and not yet run on hardware: the software adapter of the tests has no subgroup matrices. Hence it is
 * an alternative for the autotuner alone, on devices that have proven it.
 */
export function matmulSubgroupMatrix(sizes: MatmulSizes, traits: DeviceTraits, halves = false): KernelSpec | undefined {
  const matrix = halves ? traits.subgroupMatrixOfHalves : traits.subgroupMatrix;
  if (matrix === undefined) return undefined;
  const { m, n, k, transposeA, transposeB } = sizes;
  const tile = subgroupMatrixTile(matrix);
  const operandBytes = halves ? 2 : 4;
  const storage = operandBytes * tile.tileK * (tile.rows + tile.columns) + 4 * SUBGROUPS * matrix.m * matrix.n;
  const threads = SUBGROUPS * tile.subgroupSize;
  if (threads > traits.maxWorkgroupSize || storage > traits.maxWorkgroupStorage) return undefined;
  if (m < tile.rows || n < tile.columns || k < tile.tileK) return undefined;
  const columnGroups = Math.ceil(n / tile.columns);
  return {
    name: "matmul_subgroup_matrix",
    shader,
    constants: {
      M: m,
      N: n,
      K: k,
      TRANSPOSE_A: transposeA,
      TRANSPOSE_B: transposeB,
      HALVES: halves,
      MATRIX_M: matrix.m,
      MATRIX_N: matrix.n,
      MATRIX_K: matrix.k,
      THREADS: threads,
      SUBGROUP_SIZE: tile.subgroupSize,
      SUBGROUPS,
      ROW_MATRICES: tile.rowMatrices,
      COLUMN_MATRICES: tile.columnMatrices,
      GROUP_M: tile.rows,
      GROUP_N: tile.columns,
      TILE_K: tile.tileK,
      COLUMN_GROUPS: columnGroups,
    },
    bindings: { a: "read", b: "read", output: "write" },
    workgroups: linearWorkgroups(Math.ceil(m / tile.rows) * columnGroups, 1),
    variant:
      `subgroup matrices ${matrix.m} × ${matrix.n} × ${matrix.k}, ${tile.rows} × ${tile.columns} a workgroup` +
      (halves ? ", 16-bit operands" : ""),
    flops: 2 * m * n * k,
  };
}
