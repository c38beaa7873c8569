import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { DeviceTraits } from "../kernel.ts";

/** What a thread of a convolution kernel keeps in registers, and how it walks. */
export interface BlockTile {
  /** Pixels of the block, down and across. */
  readonly height: number;
  readonly width: number;
  /** Channels of the block, in vectors of four. */
  readonly vectors: number;
  /** Channels of the summed side that are loaded together: 4 or 1. */
  readonly unit: number;
  /** Rows of the kernel that are unrolled: 1 or all. */
  readonly tapRows: number;
}

export const WIDTHS = [2, 4, 6, 8, 10, 12, 14, 16];

/**
 * What a software adapter's loop costs, in multiply-adds: a load, and a sum that the loop carries around. Measured on
 * SwiftShader, which loads lane by lane behind a branch each (bench/NOTES.md).
 */
const LOAD = 15;
const CARRIED_SUM = 2;
/**
 * Multiply-adds in the innermost loop of a software adapter. More of them share each load, but compile longer, a second
 * for 1,500: more than a dispatch is worth that is over within milliseconds.
 */
const MOST_PRODUCTS = 700;
const MOST_PRODUCTS_OF_SMALL_WORK = 150;
const SMALL_WORK_FLOPS = 2e7;
/** The same where all rows of a kernel are unrolled in one loop, as they are for up to nine taps unless work is small. */
export const MOST_UNROLLED_TAPS = 9;
const MOST_UNROLLED_PRODUCTS = 1050;
/**
 * And for large work, which is worth a second or two of compiling: a program begins on smaller tiles (`quickBlockTile`).
 */
export const MOST_UNROLLED_PRODUCTS_OF_LARGE_WORK = 2016;
const LARGE_WORK_FLOPS = 2e8;

/** The multiply-adds of a convolution, or of either of its gradients, times two. */
export function convFlops(g: ConvGeometry): number {
  return 2 * g.batch * g.outHeight * g.outWidth * g.outChannels * g.kernelHeight * g.kernelWidth * g.groupInChannels;
}

export function isSmallWork(g: ConvGeometry): boolean {
  return convFlops(g) < SMALL_WORK_FLOPS;
}

export function isLargeWork(g: ConvGeometry): boolean {
  return convFlops(g) >= LARGE_WORK_FLOPS;
}

/** The width that wastes least when a row is cut into blocks: a block costs its width and as much again as `overhead` pixels. */
function blockWidth(extent: number, widths: readonly number[], overhead: number): number {
  const cost = (width: number) => Math.ceil(extent / width) * (width + overhead);
  return widths.reduce((best, width) => (cost(width) < cost(best) ? width : best), widths[0] ?? 2);
}

/** Whether each of several input channels is a group of its own. */
export function isDepthwise(g: ConvGeometry): boolean {
  return g.groups === g.inChannels && g.inChannels > 1;
}

/** Whether four channels of the summed side can be loaded as one vector. */
export function canLoadVectors(summed: number, kept: number, groups: number): boolean {
  return summed % 4 === 0 && (groups === 1 || kept % 4 === 0);
}

interface Plane {
  readonly height: number;
  readonly width: number;
  /** Channels that a group keeps in registers, and channels that it sums over. */
  readonly kept: number;
  readonly summed: number;
}

/** The tile of forward and input gradient: blocks of two rows, as wide as pays. */
function blockTile(g: ConvGeometry, plane: Plane, traits: DeviceTraits): BlockTile {
  const height = plane.height > 1 ? 2 : 1;
  const vectors = plane.kept % 8 === 0 ? 2 : 1;
  const vectorLoads = canLoadVectors(plane.summed, plane.kept, g.groups);
  if (!traits.software) {
    // 8 pixels × 8 channels a thread: 64 sums, and four input channels at a time where they are neighbours in memory.
    const widths = g.kernelWidth <= 7 ? [2, 4] : [2];
    return { height, width: blockWidth(plane.width, widths, 1), vectors, unit: vectorLoads ? 4 : 1, tapRows: 1 };
  }
  // A 1 × 1 kernel reuses nothing among neighbours: there it pays to load vectors.
  const unit = vectorLoads && g.kernelWidth === 1 ? 4 : 1;
  const small = isSmallWork(g);
  const unrolled = !small && unit === 1 && g.kernelHeight * g.kernelWidth <= MOST_UNROLLED_TAPS;
  const mostUnrolled = isLargeWork(g) ? MOST_UNROLLED_PRODUCTS_OF_LARGE_WORK : MOST_UNROLLED_PRODUCTS;
  const most = small ? MOST_PRODUCTS_OF_SMALL_WORK : unrolled ? mostUnrolled : MOST_PRODUCTS;
  const tapRows = unrolled ? g.kernelHeight : 1;
  const choices = (vectors === 2 ? [1, 2] : [1]).flatMap((count) =>
    WIDTHS.map((width) => ({ height, width, vectors: count, unit, tapRows })),
  );
  const fitting = choices.filter((tile) => products(g, tile) <= most);
  const cost = (tile: BlockTile) => softwareCost(g, plane, tile);
  const [narrowest] = choices as [BlockTile, ...BlockTile[]];
  return fitting.reduce((best, tile) => (cost(tile) < cost(best) ? tile : best), fitting[0] ?? narrowest);
}

/** Multiply-adds in the innermost loop of a tile that compiles within a tenth or two of a second. */
const MOST_QUICK_PRODUCTS = 300;

/**
 * What a software adapter computes with until a large tile is compiled: fewer pixels and channels a thread, and the taps
 * and summed channels of a turn as they are, so that each sum keeps its order. Undefined where the tile is small itself.
 */
export function quickBlockTile(g: ConvGeometry, tile: BlockTile, traits: DeviceTraits): BlockTile | undefined {
  if (!traits.software || products(g, tile) <= MOST_QUICK_PRODUCTS) return undefined;
  const narrow = WIDTHS.map((width) => ({ ...tile, width, vectors: 1 })).filter(
    (choice) => choice.width <= tile.width && products(g, choice) <= MOST_QUICK_PRODUCTS,
  );
  return narrow.at(-1) ?? { ...tile, width: 2, vectors: 1 };
}

/** Multiply-adds of one turn of a software adapter's loop. */
export function products(g: ConvGeometry, { height, width, vectors, unit, tapRows }: BlockTile): number {
  return height * width * 4 * vectors * unit * tapRows * g.kernelWidth;
}

/** What one turn of the loop costs in all threads of a row of blocks, in multiply-adds. */
function softwareCost(g: ConvGeometry, plane: Plane, tile: BlockTile): number {
  const patchHeight = (tile.height - 1) * g.strideHeight + (tile.tapRows - 1) * g.dilationHeight + 1;
  const patchWidth = (tile.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  const loads = tile.unit * (patchHeight * patchWidth + tile.tapRows * g.kernelWidth * 4 * tile.vectors);
  const sums = tile.height * tile.width * 4 * tile.vectors;
  const threads = Math.ceil(plane.width / tile.width) * Math.ceil(plane.kept / (4 * tile.vectors));
  return threads * (LOAD * loads + products(g, tile) + CARRIED_SUM * sums);
}

/** For the forward kernel of all kinds of convolutions. */
export function forwardTile(g: ConvGeometry, pool: boolean, traits: DeviceTraits): BlockTile {
  // Blocks behind a pool are made of whole windows; an odd last row or column belongs to none.
  const height = pool ? (g.outHeight >> 1) * 2 : g.outHeight;
  const width = pool ? (g.outWidth >> 1) * 2 : g.outWidth;
  const plane = { height, width, kept: g.groupOutChannels, summed: g.groupInChannels };
  const tile = blockTile(g, plane, traits);
  // With a single input channel there is no loop to keep short: all taps at once share one patch.
  const wholeKernel = g.groupInChannels === 1 && g.kernelHeight * g.kernelWidth <= 9;
  return wholeKernel ? { ...tile, vectors: 1, width: Math.min(tile.width, 4), tapRows: g.kernelHeight } : tile;
}

/** For strides of 1. */
export function inputGradientTile(g: ConvGeometry, traits: DeviceTraits): BlockTile {
  const plane = { height: g.inHeight, width: g.inWidth, kept: g.groupInChannels, summed: g.groupOutChannels };
  return blockTile(g, plane, traits);
}
