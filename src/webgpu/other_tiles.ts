/** The tiles that the autotuner tries beside those that kernels choose themselves: fetched with it. */
import type { ConvGeometry } from "../core/window_geometry.ts";
import type { DeviceTraits, KernelSpec } from "./kernel.ts";
import {
  type BlockTile,
  canLoadVectors,
  MOST_UNROLLED_PRODUCTS_OF_LARGE_WORK,
  MOST_UNROLLED_TAPS,
  products,
  WIDTHS,
} from "./kernels/conv2d_tiles.ts";
import { canPickWinners, type FilterGradientTile, MOST_SUMS_OF_LARGE_WORK } from "./kernels/filter_gradient_tiles.ts";
import { gpuTileOf, type MatmulTile, type Product } from "./kernels/matmul.ts";
import type { StagedProductTile } from "./kernels/matmul_staged.ts";

/** A convolution or an input gradient, how many channels of a group a thread keeps, and the tile that it has. */
interface BlockTuning {
  readonly kind: "block";
  readonly geometry: ConvGeometry;
  readonly kept: number;
  readonly tile: BlockTile;
  readonly traits: DeviceTraits;
}

/** A filter gradient: whether it may pick winners, and the tile that it has. */
interface FilterGradientTuning {
  readonly kind: "filterGradient";
  readonly geometry: ConvGeometry;
  readonly unpool: boolean;
  readonly tile: FilterGradientTile;
}

/** A product of matrices, the operands that are stored as 16-bit floats, and the tile that it has. */
interface MatmulTuning extends Product {
  readonly kind: "matmul";
  readonly halves: readonly string[];
  readonly tile: MatmulTile;
  readonly traits: DeviceTraits;
}

/** The same of the kernel for graphics cards, with all tiles that fit. */
interface StagedMatmulTuning extends Omit<MatmulTuning, "kind" | "tile"> {
  readonly kind: "stagedMatmul";
  readonly tile: StagedProductTile;
  readonly tiles: readonly StagedProductTile[];
}

export type Tuning = BlockTuning | FilterGradientTuning | MatmulTuning | StagedMatmulTuning;

/** The kernel in its other tiles. */
export function otherTiles({ variants }: KernelSpec): KernelSpec[] {
  if (variants?.tuning === undefined) return [];
  return tilesOf(variants.tuning).map((tile) => variants.make({ tile }));
}

/** Tiles beside the chosen one. */
function tilesOf(tuning: Tuning): readonly unknown[] {
  switch (tuning.kind) {
    case "block":
      return blockTiles(tuning);
    case "filterGradient":
      return filterGradientTiles(tuning);
    case "matmul":
      return [...matmulTiles(tuning), ...(hasMatrices(tuning) ? ["subgroupMatrix"] : [])];
    case "stagedMatmul":
      return [...stagedTiles(tuning), ...(hasMatrices(tuning) ? ["subgroupMatrix"] : [])];
  }
}

/** Multiply-adds in the innermost loop of a tile that a real GPU is asked to try. */
const MOST_TUNED_PRODUCTS = 2304;

/** Those of forward convolutions and input gradients. */
function blockTiles({ geometry: g, kept, tile, traits }: BlockTuning): BlockTile[] {
  const widths = traits.software ? WIDTHS : [2, 4, 6, 8];
  const most = traits.software ? MOST_UNROLLED_PRODUCTS_OF_LARGE_WORK : MOST_TUNED_PRODUCTS;
  const tapRows = [...new Set([1, g.kernelHeight * g.kernelWidth <= MOST_UNROLLED_TAPS ? g.kernelHeight : 1])];
  return widths
    .flatMap((width) => (kept % 8 === 0 ? [1, 2] : [1]).map((vectors) => ({ ...tile, width, vectors })))
    .flatMap((choice) => (traits.software ? [choice] : tapRows.map((rows) => ({ ...choice, tapRows: rows }))))
    .filter((choice) => products(g, choice) <= most && !isSameTile(choice, tile));
}

/** Those of filter gradients, whose blocks of pixels and slices stay as they are. */
function filterGradientTiles({ geometry: g, unpool, tile }: FilterGradientTuning): FilterGradientTile[] {
  const taps = tile.tapRows * g.kernelWidth;
  const units = canLoadVectors(g.groupInChannels, g.groupOutChannels, g.groups) ? ([1, 4] as const) : ([1] as const);
  return units
    .flatMap((unit) => [1, 2, 4].map((vectors) => ({ ...tile, unit, vectors })))
    .flatMap((choice) =>
      (canPickWinners(g, unpool, tile) ? [true, false] : [false]).map((winners) => ({ ...choice, winners })),
    )
    .filter((choice) => choice.vectors === 1 || g.groupOutChannels % (4 * choice.vectors) === 0)
    .filter(
      (choice) =>
        taps * choice.unit * 4 * choice.vectors <= MOST_SUMS_OF_LARGE_WORK &&
        !(isSameTile(choice, tile) && choice.winners === tile.winners),
    );
}

function isSameTile(a: BlockTile, b: BlockTile): boolean {
  return a.width === b.width && a.vectors === b.vectors && a.unit === b.unit && a.tapRows === b.tapRows;
}

/** Those of a matrix product; software adapters know theirs. */
function matmulTiles({ sizes, tile, traits }: MatmulTuning): MatmulTile[] {
  if (traits.software) return [];
  const shapes = [8, 4, 2].flatMap((rows) => [1, 2].map((vectors) => [rows, vectors] as const));
  return shapes
    .filter(([rows, vectors]) => rows <= sizes.m && (vectors === 1 || sizes.n > 4))
    .filter(([rows, vectors]) => rows !== tile.rows || vectors !== tile.vectors)
    .map(([rows, vectors]) => gpuTileOf(sizes, rows, vectors, traits));
}

/** Those of a product through workgroup memory. */
function stagedTiles({ tile, tiles }: StagedMatmulTuning): StagedProductTile[] {
  return tiles.filter((other) => JSON.stringify(other) !== JSON.stringify(tile));
}

/** Whether subgroup matrices are an alternative: to plain products of f32 alone, or of two operands of 16-bit floats. */
function hasMatrices({ sizes, bias, halves, traits }: Omit<MatmulTuning, "kind" | "tile">): boolean {
  const operandsAlone = halves.length === 2 && halves.includes("a") && halves.includes("b");
  const sameType = halves.length === 0 || operandsAlone;
  return !bias && sameType && traits.matmulSubgroupMatrix?.(sizes, traits, operandsAlone) !== undefined;
}
