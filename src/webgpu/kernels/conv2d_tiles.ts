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

const WIDTHS = [2, 4, 6, 8, 10, 12, 14, 16];

/**
 * Multiply-adds (of one lane) in the innermost loop of a software adapter. Measured on SwiftShader: more of them share
 * each load, which costs 20 to 30 times as much as a multiply-add; but they compile longer (a second for 700) and from
 * about there on fall out of the instruction cache. A dispatch that is over within milliseconds is not worth that.
 */
const MOST_PRODUCTS = 700;
const MOST_PRODUCTS_OF_SMALL_WORK = 150;
const SMALL_WORK_FLOPS = 2e7;

/** The multiply-adds of a convolution, or of either of its gradients, times two. */
export function convFlops(g: ConvGeometry): number {
  return 2 * g.batch * g.outHeight * g.outWidth * g.outChannels * g.kernelHeight * g.kernelWidth * g.groupInChannels;
}

function isSmallWork(g: ConvGeometry): boolean {
  return convFlops(g) < SMALL_WORK_FLOPS;
}

/** The width that wastes least when a row is cut into blocks: a block costs its width and as much again as `overhead` pixels. */
function blockWidth(extent: number, widths: readonly number[], overhead: number): number {
  const cost = (width: number) => Math.ceil(extent / width) * (width + overhead);
  return widths.reduce((best, width) => (cost(width) < cost(best) ? width : best), widths[0] ?? 2);
}

/** Whether four channels of the summed side can be loaded as one vector. */
function canLoadVectors(summed: number, kept: number, groups: number): boolean {
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
  const most = isSmallWork(g) ? MOST_PRODUCTS_OF_SMALL_WORK : MOST_PRODUCTS;
  const software = { height, vectors: isSmallWork(g) ? 1 : vectors, tapRows: 1 };
  const fitting = (unit: number) =>
    WIDTHS.filter(
      (width, index) => index === 0 || height * width * g.kernelWidth * unit * 4 * software.vectors <= most,
    );
  // A 1 × 1 kernel reuses nothing among neighbours: there it pays to load vectors.
  const unit = vectorLoads && g.kernelWidth === 1 ? 4 : 1;
  return { ...software, unit, width: blockWidth(plane.width, fitting(unit), 3) };
}

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

/** Sums that a thread of the filter gradient keeps: more spill on software adapters and crowd out threads on GPUs. */
const MOST_SUMS = 80;

export function filterGradientTile(g: ConvGeometry, unpool: boolean, traits: DeviceTraits): BlockTile {
  const tapRows = g.kernelHeight * g.kernelWidth <= 9 ? g.kernelHeight : 1;
  const taps = tapRows * g.kernelWidth;
  const height = unpool || g.outHeight > 1 ? 2 : 1;
  const vectorLoads = canLoadVectors(g.groupInChannels, g.groupOutChannels, g.groups);
  // Few taps share little of the image among them, so that more channels must. Without winners gradients are loaded for
  // each pixel, which only pays when more channels of the image use them.
  const unit = vectorLoads && (taps <= 4 || (traits.software && !unpool && taps <= 9 && !isSmallWork(g))) ? 4 : 1;
  const fitting = [4, 2, 1].filter(
    (count) => count === 1 || (g.groupOutChannels % (4 * count) === 0 && taps * unit * 4 * count <= MOST_SUMS),
  );
  const few = traits.software ? isSmallWork(g) : g.groupInChannels * g.outChannels < 16384;
  const vectors = few ? 1 : (fitting[0] ?? 1);
  // A block shares its left columns with the one before: two columns of outputs are enough.
  return { height, width: 2, vectors, unit, tapRows };
}
