import shader from "../../../shaders/matmul.wgsl?raw";
import matmulOperand from "../../../shaders/matmul_operand.wgsl?raw";
import { at } from "../../core/at.ts";
import { InternalError } from "../../core/errors.ts";
import type { Node } from "../../graph/node.ts";
import type { MatmulAttributes } from "../../graph/ops/matmul.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings, type Variant } from "../kernel.ts";
import { type Lowering, lowering } from "../lowering.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { type KernelForm, kernel } from "../variants.ts";
import { powerOfTwoAtLeast, powerOfTwoAtMost, workgroupThreads } from "./sizes.ts";

export interface MatmulSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** `a` is stored [k, m]. */
  readonly transposeA: boolean;
  /** `b` is stored [n, k]. */
  readonly transposeB: boolean;
}

/** What one thread computes, and how many of them work together. */
export interface MatmulTile {
  readonly rows: number;
  /** Columns, in vectors of four. */
  readonly vectors: number;
  readonly groupRows: number;
  readonly groupColumns: number;
  /** Threads that share a tile and divide K among themselves. */
  readonly slices: number;
  /** Values of K in one turn of the loop: 4 or 1. */
  readonly unit: 1 | 4;
}

/** Tiles of `rows` by 4 · `vectors` that cover the result. */
function tileGrid({ m, n }: MatmulSizes, rows: number, vectors: number): { tileRows: number; tileColumns: number } {
  return { tileRows: Math.ceil(m / rows), tileColumns: Math.ceil(n / (4 * vectors)) };
}

function gpuTile(sizes: MatmulSizes, traits: DeviceTraits): MatmulTile {
  const { m, n } = sizes;
  const large = tileGrid(sizes, 8, 2);
  // 4,096 threads of the large tile give each of a GPU's cores a few hundred; below that smaller tiles keep more of
  // them busy than they lose by loading more.
  const [rows, vectors] = m >= 8 && n > 4 && large.tileRows * large.tileColumns >= 4096 ? [8, 2] : [Math.min(4, m), 1];
  return gpuTileOf(sizes, rows, vectors, traits);
}

/** The tile of these rows and columns on a graphics card. */
export function gpuTileOf(sizes: MatmulSizes, rows: number, vectors: number, traits: DeviceTraits): MatmulTile {
  const { k } = sizes;
  const { tileRows, tileColumns } = tileGrid(sizes, rows, vectors);
  // Where even small tiles are few and K is long, threads share a tile; a slice has at least 16 k.
  const most = workgroupThreads(traits);
  const wanted = Math.min(powerOfTwoAtMost(8192 / (tileRows * tileColumns)), powerOfTwoAtMost(k / 16), most);
  const slices = vectors === 1 && wanted >= 4 ? wanted : 1;
  // Square groups share the most rows and columns.
  const groupThreads = most / slices;
  const groupColumns = Math.min(powerOfTwoAtLeast(tileColumns), powerOfTwoAtMost(Math.sqrt(groupThreads)));
  const groupRows = Math.min(powerOfTwoAtLeast(tileRows), groupThreads / groupColumns);
  return { rows, vectors, groupRows, groupColumns, slices, unit: 4 };
}

/**
 * Below this a product takes a software adapter a millisecond or two whatever its tile, but a large tile compiles for
 * hundreds of them: a load is a hundred machine instructions there (bench/NOTES.md).
 */
const SMALL_WORK_FLOPS = 2e7;

/**
 * A software adapter runs a workgroup on one core, four threads at a time: groups of at least four, and no larger than
 * leaves every core a few. Measured with 4 × 4 threads on SwiftShader: 8 × 8 values a thread are the fastest for wide
 * results, 8 or 4 rows of all columns for narrow ones, where a result of few tiles wants the smaller.
 */
function softwareTile(sizes: MatmulSizes): MatmulTile {
  const { m, n, k } = sizes;
  if (2 * m * n * k < SMALL_WORK_FLOPS) return smallSoftwareTile(sizes);
  const vectors = n <= 12 ? Math.ceil(n / 4) : 2;
  const tall = tileGrid(sizes, 8, vectors);
  const rows = m >= 8 && tall.tileRows * tall.tileColumns >= 16 ? 8 : Math.min(4, m);
  const { tileRows, tileColumns } = tileGrid(sizes, rows, vectors);
  const tiles = tileRows * tileColumns;
  // Too few tiles for one group of four: the four share a tile.
  if (tiles < 4 && k >= 64) return { rows, vectors, groupRows: 1, groupColumns: 1, slices: 4, unit: 4 };
  const groupThreads = tiles >= 128 ? 16 : 4;
  const groupColumns = Math.min(powerOfTwoAtLeast(tileColumns), Math.sqrt(groupThreads));
  const groupRows = Math.min(powerOfTwoAtLeast(tileRows), groupThreads / groupColumns);
  return { rows, vectors, groupRows, groupColumns, slices: 1, unit: 4 };
}

function smallSoftwareTile(sizes: MatmulSizes): MatmulTile {
  const rows = Math.min(4, sizes.m);
  const { tileRows, tileColumns } = tileGrid(sizes, rows, 1);
  const groupColumns = tileRows >= 4 ? 1 : Math.min(4, powerOfTwoAtLeast(tileColumns));
  const slices = tileRows * tileColumns < 4 && sizes.k >= 64 ? 4 : 1;
  return {
    rows,
    vectors: 1,
    groupRows: slices > 1 ? 1 : 4 / groupColumns,
    groupColumns: slices > 1 ? 1 : groupColumns,
    slices,
    unit: 1,
  };
}

/** A tile of matmul.wgsl, or the other kernel's matrices, which a subgroup multiplies as a whole. */
type ProductTile = MatmulTile | "subgroupMatrix";

/** What a product of matrices is, whatever its tile. */
export interface Product {
  readonly sizes: MatmulSizes;
  readonly bias: boolean;
  readonly relu: boolean;
}

function product(wanted: Product, traits: DeviceTraits, variant: Variant<ProductTile> = {}): KernelSpec {
  const { tile, halves = [] } = variant;
  if (tile === "subgroupMatrix") return matrixProduct(wanted.sizes, halves, traits);
  const form = ({ tile: chosen }: Variant<ProductTile>) => {
    const { sizes } = wanted;
    const ownTile = traits.software ? softwareTile(sizes) : gpuTile(sizes, traits);
    return productForm(wanted, chosen === "subgroupMatrix" || chosen === undefined ? ownTile : chosen, halves, traits);
  };
  return kernel(form, variant, (changed) => product(wanted, traits, changed));
}

/** The product by matrices that subgroups multiply, of operands that are stored as 16-bit floats or not. */
export function matrixProduct(sizes: MatmulSizes, halves: readonly string[], traits: DeviceTraits): KernelSpec {
  const matrices = traits.matmulSubgroupMatrix?.(sizes, traits, halves.length > 0);
  if (matrices === undefined) throw new InternalError("matmul: this device has no subgroup matrices for the product");
  return matrices;
}

function productForm(
  wanted: Product,
  tile: MatmulTile,
  halves: readonly string[],
  traits: DeviceTraits,
): KernelForm<ProductTile> {
  const { sizes, bias, relu } = wanted;
  const { m, n, k } = sizes;
  const quick = traits.software && tile.unit === 4 && tile.slices === 1 ? smallSoftwareTile(sizes) : undefined;
  const threads = tile.groupRows * tile.groupColumns * tile.slices;
  const columnGroups = Math.ceil(n / (4 * tile.vectors * tile.groupColumns));
  const rowGroups = Math.ceil(m / (tile.rows * tile.groupRows));
  return {
    name: "matmul",
    shader,
    includes: { matmul_operand: matmulOperand },
    constants: { ...operandConstants(sizes, tile, traits), BIAS: bias, RELU: relu, ...tileConstants(sizes, tile) },
    bindings: presentBindings({ a: "read", b: "read", bias: bias && "read", output: "write" }),
    workgroups: linearWorkgroups(rowGroups * columnGroups, 1),
    variant:
      `${tile.rows} rows × ${4 * tile.vectors} columns a thread, ${threads} threads` +
      (tile.slices > 1 ? `, K in ${tile.slices} slices` : ""),
    flops: 2 * m * n * k,
    tuning: { kind: "matmul", ...wanted, halves, tile, traits },
    quick: quick?.slices === 1 ? quick : undefined,
    halves: productHalves(sizes),
  };
}

/** What of a product may be stored as 16-bit floats. */
export function productHalves({ m, n, k }: MatmulSizes) {
  // Single values are read out of whole words, which the storage of such a matrix has.
  const whole = (size: number) => size % 4 === 0;
  return { HALF_A: whole(m * k) && "a", HALF_B: whole(k * n) && "b", HALF_OUTPUT: whole(n) && "output" } as const;
}

/** How the operands lie in their buffers. */
function operandConstants(sizes: MatmulSizes, tile: MatmulTile, traits: DeviceTraits): ShaderConstants {
  const { m, n, k, transposeA, transposeB } = sizes;
  const alongK = (extent: number) => tile.unit === 4 && extent % 4 === 0;
  // Four rows of a transposed operand are one vector, which no tile may begin in the middle of.
  const vectorA = transposeA ? m % 4 === 0 && tile.rows % 4 === 0 : alongK(k);
  const vectorB = transposeB ? alongK(k) : n % 4 === 0;
  return {
    M: m,
    N: n,
    K: k,
    TRANSPOSE_A: transposeA,
    TRANSPOSE_B: transposeB,
    VECTOR_A: vectorA,
    VECTOR_B: vectorB,
    K_UNIT: tile.unit,
    FIXED_LENGTHS: traits.software,
    A_LENGTH: (m * k) / (vectorA ? 4 : 1),
    B_LENGTH: (k * n) / (vectorB ? 4 : 1),
    VECTOR_OUTPUT: n % 4 === 0,
    // From one row of a stored operand to the next, where K is innermost, in elements of its buffer.
    A_PITCH: alongK(k) ? k / 4 : k,
    B_PITCH: alongK(k) ? k / 4 : k,
  };
}

/** How the threads share the work. */
function tileConstants({ n, k }: MatmulSizes, tile: MatmulTile): ShaderConstants {
  const threads = tile.groupRows * tile.groupColumns * tile.slices;
  const chunks = Math.ceil(k / tile.unit);
  return {
    TILE_ROWS: tile.rows,
    TILE_VECTORS: tile.vectors,
    GROUP_ROWS: tile.groupRows,
    GROUP_COLUMNS: tile.groupColumns,
    COLUMN_GROUPS: Math.ceil(n / (4 * tile.vectors * tile.groupColumns)),
    K_SLICES: tile.slices,
    PARTIAL_SUMS: threads * tile.rows * tile.vectors,
    PLACE_TURNS: Math.ceil((tile.rows * tile.vectors) / tile.slices),
    CHUNKS: chunks,
    STEPS: Math.ceil(chunks / tile.slices),
  };
}

/** [m, k]·[k, n] → [m, n]. */
export function matmul(sizes: MatmulSizes, traits: DeviceTraits): KernelSpec {
  return product({ sizes, bias: false, relu: false }, traits);
}

/** [m, k]·[k, n] + bias [n], with ReLU if asked. */
export function matmulBias(sizes: MatmulSizes & { readonly relu: boolean }, traits: DeviceTraits): KernelSpec {
  return product({ sizes, bias: true, relu: sizes.relu }, traits);
}

/** The sizes of a node's product. */
export function sizesOf(node: Node<MatmulAttributes>): MatmulSizes {
  const k = at(node.operand("a").shape, node.attributes.transposeA ? 0 : 1);
  return { m: at(node.shape, 0), n: at(node.shape, 1), k, ...node.attributes };
}

export const matmulLowerings: readonly Lowering[] = [
  lowering("matmul", (node, values, output, emit) => {
    emit.dispatch(matmul(sizesOf(node), emit.traits), {
      a: values.operand("a"),
      b: values.operand("b"),
      output,
    });
  }),
];
