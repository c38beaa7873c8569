import matmulOperand from "../../../shaders/matmul_operand.wgsl?raw";
import shader from "../../../shaders/matmul_staged.wgsl?raw";
import operandBring from "../../../shaders/staged_operand_bring.wgsl?raw";
import operandLoad from "../../../shaders/staged_operand_load.wgsl?raw";
import operandPlace from "../../../shaders/staged_operand_place.wgsl?raw";
import shortTurn from "../../../shaders/staged_short_turn.wgsl?raw";
import { alignTo } from "../../core/align_to.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings, type Variant } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { type KernelForm, kernel } from "../variants.ts";
import { columnsOf, rowsOf, type StagedTile, stagedIncludes, threadsOf, workgroupsOf } from "./conv2d_staged.ts";
import { type MatmulSizes, matrixProduct, type Product, productHalves } from "./matmul.ts";

/** How a workgroup shares the work of a matrix product. */
export interface StagedProductTile extends StagedTile {
  /** Threads that share sums and divide a turn's summed places among themselves. */
  readonly slices: number;
}

const tileOf = (rowVectors: number, columnVectors: number, threadsDown: number, threadsAcross: number, slices = 1) => ({
  ...{ rowVectors, columnVectors, threadsDown, threadsAcross, slices, kTile: 8 },
});

/**
 * Tiles from the largest on. The more sums a thread has, the more of its instructions are multiply-adds; the fewer, the more
 * threads there are, and in the end they divide K.
 */
export const PRODUCT_TILES: readonly StagedProductTile[] = [
  tileOf(2, 2, 8, 8),
  tileOf(1, 2, 8, 8),
  tileOf(1, 2, 4, 16),
  tileOf(1, 1, 16, 4),
  tileOf(1, 1, 8, 8),
  tileOf(1, 1, 8, 8, 4),
  tileOf(1, 1, 4, 4, 16),
];

/** Where K is one short turn and both operands stay as they lie in storage: of these registers hold what a thread multiplies. */
export const SHORT_PRODUCT_TILES: readonly StagedProductTile[] = [tileOf(2, 1, 4, 16), tileOf(2, 1, 2, 32)];

/** Rows and columns from which on the kernel is better than one that reads straight from storage. */
const LEAST_ROWS = 16;
const LEAST_COLUMNS = 17;
/** From this many threads on a card has work for all its processors. */
const ENOUGH_THREADS = 6144;
/** A slice has so many summed places at least. */
const LEAST_OF_SLICE = 32;
/** Up to here K is one turn, and lines stay as they lie where the result is so wide. */
const LONGEST_TURN = 16;
const LEAST_SHORT_COLUMNS = 32;

/** Whether the kernel is for this product: on graphics cards, where memory of a workgroup is quick. */
export function isStagedProduct({ m, n }: MatmulSizes, { software, maxWorkgroupSize }: DeviceTraits): boolean {
  return !software && maxWorkgroupSize >= 64 && m >= LEAST_ROWS && n >= LEAST_COLUMNS;
}

/** Whether both operands lie along K, which is one short turn: then their lines are a stretch of memory, and stay one. */
const isShort = ({ m, n, k, transposeA, transposeB }: MatmulSizes) =>
  !transposeA && transposeB && k <= LONGEST_TURN && n >= LEAST_SHORT_COLUMNS && (m * k) % 4 === 0 && (n * k) % 4 === 0;

const sharingThreads = (tile: StagedProductTile) => threadsOf(tile) * tile.slices;

/** Values in workgroup memory: partial sums lie where rows did. */
function memoryOf(tile: StagedProductTile) {
  const depth = tile.kTile * tile.slices;
  const sums = tile.slices > 1 ? rowsOf(tile) * columnsOf(tile) : 0;
  return { rows: Math.max(depth * rowsOf(tile), sums), columns: depth * columnsOf(tile) };
}

/** Tiles that a device has room for, none much larger than the result. */
export function productTiles(sizes: MatmulSizes, traits: DeviceTraits): StagedProductTile[] {
  const { m, n, k } = sizes;
  const isInside = (extent: number, wanted: number) => extent <= 2 * wanted;
  const tiles = isShort(sizes) ? SHORT_PRODUCT_TILES : PRODUCT_TILES;
  return tiles
    .map((tile) => ({ ...tile, kTile: k <= LONGEST_TURN ? k : tile.kTile }))
    .filter((tile) => {
      const { rows, columns } = memoryOf(tile);
      const fits =
        sharingThreads(tile) <= traits.maxWorkgroupSize && 4 * (rows + columns) <= traits.maxWorkgroupStorage;
      const isLong = tile.slices === 1 || k >= LEAST_OF_SLICE * tile.slices;
      return fits && isLong && (isShort(sizes) || isInside(rowsOf(tile), m)) && isInside(columnsOf(tile), n);
    });
}

/** The largest tile that leaves a card no processor without work, else the one of the most threads. */
export function stagedProductTile(sizes: MatmulSizes, traits: DeviceTraits): StagedProductTile {
  const threads = (tile: StagedProductTile) => workgroupsOf(sizes.m, sizes.n, tile) * sharingThreads(tile);
  const fitting = productTiles(sizes, traits);
  const most = (one: StagedProductTile, other: StagedProductTile) => (threads(other) > threads(one) ? other : one);
  return fitting.find((tile) => threads(tile) >= ENOUGH_THREADS) ?? fitting.reduce(most);
}

/** How an operand is brought: rows of the left one, columns of the right one. */
function operandConstants(
  name: "A" | "B",
  alongK: boolean,
  extent: number,
  tileExtent: number,
  k: number,
  tile: StagedProductTile,
  flat: boolean,
): ShaderConstants {
  const depth = tile.kTile * tile.slices;
  const vectors = alongK ? flat || (k % 4 === 0 && depth % 4 === 0) : extent % 4 === 0;
  return {
    [`ALONG_K_${name}`]: alongK,
    [`FLAT_${name}`]: flat,
    [`WIDTH_${name}`]: vectors ? 4 : 1,
    [`VECTOR_${name}`]: vectors,
    [`EXTENT_${name}`]: extent,
    [`TILE_${name}`]: tileExtent,
    [`LOADS_${name}`]: Math.ceil((depth * tileExtent) / (vectors ? 4 : 1) / sharingThreads(tile)),
  };
}

/** A tile of matmul_staged.wgsl, or the other kernel's matrices, which a subgroup multiplies as a whole. */
type ProductTile = StagedProductTile | "subgroupMatrix";

/** As `matmulBias` or `matmul`, where `isStagedProduct`. */
export function stagedProduct(wanted: Product, traits: DeviceTraits, variant: Variant<ProductTile> = {}): KernelSpec {
  const { tile, halves = [] } = variant;
  if (tile === "subgroupMatrix") return matrixProduct(wanted.sizes, halves, traits);
  const chosen = tile ?? stagedProductTile(wanted.sizes, traits);
  const form = ({ tile: other }: Variant<ProductTile>) =>
    productForm(wanted, other === "subgroupMatrix" || other === undefined ? chosen : other, halves, traits);
  return kernel(form, variant, (changed) => stagedProduct(wanted, traits, changed));
}

function productForm(
  wanted: Product,
  tile: StagedProductTile,
  halves: readonly string[],
  traits: DeviceTraits,
): KernelForm<ProductTile> {
  const { sizes, bias, relu } = wanted;
  const { m, n, k, transposeA, transposeB } = sizes;
  const threads = sharingThreads(tile);
  const depth = tile.kTile * tile.slices;
  const memory = memoryOf(tile);
  const flat = isShort(sizes);
  return {
    name: "matmul_staged",
    shader,
    includes: {
      matmul_operand: matmulOperand,
      ...stagedIncludes,
      staged_short_turn: shortTurn,
      staged_operand_place: operandPlace,
      staged_operand_load: operandLoad,
      staged_operand_bring: operandBring,
    },
    constants: {
      ...{ M: m, N: n, K: k, BIAS: bias, RELU: relu, VECTOR_OUTPUT: n % 4 === 0, FIXED_LENGTHS: false },
      ...operandConstants("A", !transposeA, m, rowsOf(tile), k, tile, flat),
      ...operandConstants("B", transposeB, n, columnsOf(tile), k, tile, flat),
      THREADS: threads,
      THREADS_ACROSS: tile.threadsAcross,
      ROW_VECTORS: tile.rowVectors,
      COLUMN_VECTORS: tile.columnVectors,
      TILE_ROWS: rowsOf(tile),
      TILE_COLUMNS: columnsOf(tile),
      COLUMN_TILES: Math.ceil(n / columnsOf(tile)),
      K_TILE: tile.kTile,
      SLICES: tile.slices,
      DEPTH: depth,
      TURNS: Math.ceil(k / depth),
      // Whole turns of all threads.
      MEMORY_A: alignTo(memory.rows / 4, flat ? threads : 1),
      MEMORY_B: alignTo(memory.columns / 4, flat ? threads : 1),
    },
    bindings: presentBindings({ a: "read", b: "read", bias: bias && "read", output: "write" }),
    workgroups: linearWorkgroups(workgroupsOf(m, n, tile), 1),
    variant:
      `${rowsOf(tile)} rows × ${columnsOf(tile)} columns staged, ${threads} threads` +
      (tile.slices > 1 ? `, K in ${tile.slices} slices` : ""),
    flops: 2 * m * n * k,
    tuning: { kind: "stagedMatmul", ...wanted, halves, tile, tiles: productTiles(sizes, traits), traits },
    halves: productHalves(sizes),
  };
}
