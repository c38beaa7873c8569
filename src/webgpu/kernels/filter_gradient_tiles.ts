import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { DeviceTraits } from "../kernel.ts";
import { type BlockTile, canLoadVectors, isDepthwise, isLargeWork, isSmallWork } from "./conv2d_tiles.ts";

/** What a thread of the filter gradient's kernels keeps and how it walks; blocks behind a pool are windows side by side. */
export interface FilterGradientTile extends BlockTile {
  /** Multiply by the gradients of a pool's winners alone, as conv2d_winners_filter_gradient.wgsl does. */
  readonly winners: boolean;
}

/** Sums that a thread of the filter gradient keeps: more crowd out threads on GPUs, and compile long on software adapters. */
const MOST_SUMS = 80;
/** The same for large work on software adapters, where they spill anyway and each load serves more of them. */
export const MOST_SUMS_OF_LARGE_WORK = 288;

/** Pixels that a thread picks winners' pixels from: those of two rows of 3 × 3 taps are 16, of 5 × 5 taps 36. */
const MOST_PICKED_PATCH = 36;
/** Input channels up to which a layer is a first one: colours, and one more. */
const MOST_FIRST_LAYER_CHANNELS = 4;

/** Whether conv2d_winners_filter_gradient.wgsl can compute it: a patch that fits registers, no groups, whole vectors. */
export function canPickWinners(g: ConvGeometry, unpool: boolean, { tapRows }: { readonly tapRows: number }): boolean {
  const height = g.strideHeight + (tapRows - 1) * g.dilationHeight + 1;
  const width = g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  return unpool && g.groups === 1 && g.outChannels % 4 === 0 && height * width <= MOST_PICKED_PATCH;
}

/**
 * Whether a pool's winners alone are multiplied: in first layers on hardware. There 9 products and 21 choices take the
 * place of 36 products (3 × 3 taps). Software adapters choose as slowly as they multiply (bench/NOTES.md); further
 * layers on hardware are left to the autotuner.
 */
function picksWinners(g: ConvGeometry, unpool: boolean, tapRows: number, traits: DeviceTraits): boolean {
  return !traits.software && g.inChannels <= MOST_FIRST_LAYER_CHANNELS && canPickWinners(g, unpool, { tapRows });
}

export function filterGradientTile(g: ConvGeometry, unpool: boolean, traits: DeviceTraits): FilterGradientTile {
  const tapRows = g.kernelHeight * g.kernelWidth <= 9 ? g.kernelHeight : 1;
  const taps = tapRows * g.kernelWidth;
  const low = unpool || g.outHeight > 1 ? 2 : 1;
  // A depthwise kernel does little but load, and taller blocks load each row of the image for more windows.
  const isTall = traits.software && !unpool && isDepthwise(g) && g.strideHeight === 1 && g.outHeight >= 4;
  const height = isTall ? 4 : low;
  const vectorLoads = canLoadVectors(g.groupInChannels, g.groupOutChannels, g.groups);
  // Few taps share little of the image among them, so that more channels must; and software adapters load and compare
  // gradients so slowly that more channels of the image should use them.
  const unit = vectorLoads && (taps <= 4 || (traits.software && taps <= 9 && !isSmallWork(g))) ? 4 : 1;
  const mostSums = traits.software && isLargeWork(g) ? MOST_SUMS_OF_LARGE_WORK : MOST_SUMS;
  const fitting = [4, 2, 1].filter(
    (count) => count === 1 || (g.groupOutChannels % (4 * count) === 0 && taps * unit * 4 * count <= mostSums),
  );
  const few = traits.software ? isSmallWork(g) : g.groupInChannels * g.outChannels < 16384;
  const vectors = few ? 1 : (fitting[0] ?? 1);
  // A block shares its left columns with the one before: two columns of outputs are enough.
  return { height, width: 2, vectors, unit, tapRows, winners: picksWinners(g, unpool, tapRows, traits) };
}

/** What a software adapter computes with until a large tile is compiled: blocks of pixels stay as they are, for they are what is summed. */
export function quickFilterGradientTile(
  g: ConvGeometry,
  tile: FilterGradientTile,
  traits: DeviceTraits,
): FilterGradientTile | undefined {
  if (!traits.software || isSmallWork(g) || tile.unit * tile.vectors === 1) return undefined;
  return { ...tile, unit: 1, vectors: 1 };
}
