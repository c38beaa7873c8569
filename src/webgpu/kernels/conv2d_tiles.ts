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

/** The same for the filter gradient, whose blocks behind a pool are windows side by side. */
export interface FilterGradientTile extends BlockTile {
  /** Multiply by the gradients of a pool's winners alone, as conv2d_winners_filter_gradient.wgsl does. */
  readonly winners: boolean;
}

const WIDTHS = [2, 4, 6, 8, 10, 12, 14, 16];

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
const MOST_UNROLLED_TAPS = 9;
const MOST_UNROLLED_PRODUCTS = 1050;
/**
 * And for large work, which is worth a second or two of compiling: a program begins on smaller tiles (`quickBlockTile`).
 */
const MOST_UNROLLED_PRODUCTS_OF_LARGE_WORK = 2016;
const LARGE_WORK_FLOPS = 2e8;

/** The multiply-adds of a convolution, or of either of its gradients, times two. */
export function convFlops(g: ConvGeometry): number {
  return 2 * g.batch * g.outHeight * g.outWidth * g.outChannels * g.kernelHeight * g.kernelWidth * g.groupInChannels;
}

function isSmallWork(g: ConvGeometry): boolean {
  return convFlops(g) < SMALL_WORK_FLOPS;
}

function isLargeWork(g: ConvGeometry): boolean {
  return convFlops(g) >= LARGE_WORK_FLOPS;
}

/** The width that wastes least when a row is cut into blocks: a block costs its width and as much again as `overhead` pixels. */
function blockWidth(extent: number, widths: readonly number[], overhead: number): number {
  const cost = (width: number) => Math.ceil(extent / width) * (width + overhead);
  return widths.reduce((best, width) => (cost(width) < cost(best) ? width : best), widths[0] ?? 2);
}

/** Whether each of several input channels is a group of its own. */
function isDepthwise(g: ConvGeometry): boolean {
  return g.groups === g.inChannels && g.inChannels > 1;
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

/** The same for the filter gradient, whose blocks of pixels stay as they are: they are what is summed. */
export function quickFilterGradientTile(
  g: ConvGeometry,
  tile: FilterGradientTile,
  traits: DeviceTraits,
): FilterGradientTile | undefined {
  if (!traits.software || isSmallWork(g) || tile.unit * tile.vectors === 1) return undefined;
  return { ...tile, unit: 1, vectors: 1 };
}

/** Tiles of forward and input gradient that the autotuner tries beside the chosen one. */
export function otherBlockTiles(g: ConvGeometry, kept: number, tile: BlockTile, traits: DeviceTraits): BlockTile[] {
  const widths = traits.software ? WIDTHS : [2, 4, 6, 8];
  const most = traits.software ? MOST_UNROLLED_PRODUCTS_OF_LARGE_WORK : MOST_TUNED_PRODUCTS;
  const tapRows = [...new Set([1, g.kernelHeight * g.kernelWidth <= MOST_UNROLLED_TAPS ? g.kernelHeight : 1])];
  return widths
    .flatMap((width) => (kept % 8 === 0 ? [1, 2] : [1]).map((vectors) => ({ ...tile, width, vectors })))
    .flatMap((choice) => (traits.software ? [choice] : tapRows.map((rows) => ({ ...choice, tapRows: rows }))))
    .filter((choice) => products(g, choice) <= most && !isSameTile(choice, tile));
}

/** The same for the filter gradient, whose blocks of pixels and slices stay as they are. */
export function otherFilterGradientTiles(
  g: ConvGeometry,
  unpool: boolean,
  tile: FilterGradientTile,
): FilterGradientTile[] {
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

/** Multiply-adds of one turn of a software adapter's loop. */
function products(g: ConvGeometry, { height, width, vectors, unit, tapRows }: BlockTile): number {
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

/** Weights of one output channel that conv2d_first_layer.wgsl may keep: 3 × 3 taps of three colours. */
const MOST_FIRST_LAYER_WEIGHTS = 27;

/** The tile of conv2d_first_layer.wgsl, where that kernel is the better one: a loop that is short, and loads little. */
export function firstLayerTile(g: ConvGeometry, traits: DeviceTraits): BlockTile | undefined {
  const weights = g.kernelHeight * g.kernelWidth * g.inChannels;
  if (!traits.software || g.groups > 1 || g.inChannels > 4 || weights > MOST_FIRST_LAYER_WEIGHTS) return undefined;
  return { height: g.outHeight > 1 ? 2 : 1, width: 2, vectors: 1, unit: 1, tapRows: g.kernelHeight };
}

/** For strides of 1. */
export function inputGradientTile(g: ConvGeometry, traits: DeviceTraits): BlockTile {
  const plane = { height: g.inHeight, width: g.inWidth, kept: g.groupInChannels, summed: g.groupOutChannels };
  return blockTile(g, plane, traits);
}

/** Multiply-adds in the innermost loop of a tile that a real GPU is asked to try. */
const MOST_TUNED_PRODUCTS = 2304;

/** Sums that a thread of the filter gradient keeps: more crowd out threads on GPUs, and compile long on software adapters. */
const MOST_SUMS = 80;
/** The same for large work on software adapters, where they spill anyway and each load serves more of them. */
const MOST_SUMS_OF_LARGE_WORK = 288;

/** Pixels that a thread picks winners' pixels from: those of two rows of 3 × 3 taps are 16, of 5 × 5 taps 36. */
const MOST_PICKED_PATCH = 36;
/** Input channels up to which a layer is a first one: colours, and one more. */
const MOST_FIRST_LAYER_CHANNELS = 4;

/** Whether conv2d_winners_filter_gradient.wgsl can compute it: a patch that fits registers, no groups, whole vectors. */
function canPickWinners(g: ConvGeometry, unpool: boolean, { tapRows }: { readonly tapRows: number }): boolean {
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

/** What a thread of a depthwise kernel walks over: `steps` blocks of pixels side by side, for four channels. */
export interface DepthwiseTile {
  readonly height: number;
  readonly width: number;
  readonly steps: number;
}

/** Pixels that a thread of a depthwise kernel keeps, four channels each: a 7 × 7 kernel on 2 × 2 pixels fits. */
const MOST_DEPTHWISE_PATCH = 64;
/** Pixels of a thread's block. */
const MOST_DEPTHWISE_PIXELS = 16;
/** Threads that keep a GPU busy: where there are more blocks than these, a thread walks over several. */
const BUSY_THREADS = 32768;

/**
 * The tile of depthwise_forward.wgsl and depthwise_input_gradient.wgsl, where these are the better ones: each channel a
 * group of its own, so that there is no sum over channels and loads are all that counts. Kernels that are large or
 * far apart (a patch that no thread could keep) and single channels are left to the kernels of grouped convolution.
 */
export function depthwiseTile(
  g: ConvGeometry,
  direction: "forward" | "inputGradient",
  traits: DeviceTraits,
): DepthwiseTile | undefined {
  if (!isDepthwise(g)) return undefined;
  const forward = direction === "forward";
  const [rows, columns] = forward ? [g.outHeight, g.outWidth] : [g.inHeight, g.inWidth];
  // Blocks of the input gradient are whole strides, so that a pixel's place in its block says which taps reach it.
  const [downUnit, width] = forward ? [1, 2] : [g.strideHeight, g.strideWidth === 1 ? 2 : g.strideWidth];
  // Taller blocks load each row of the image for more windows; wider ones leave a software adapter's instruction cache.
  const heights = (traits.software ? [4, 2, 1] : [2, 1]).filter((count) => count === 1 || count * downUnit <= rows);
  const fits = (height: number) => {
    const patch = blockPatch(g, direction, { height, width });
    return patch.height * patch.width <= MOST_DEPTHWISE_PATCH && height * width <= MOST_DEPTHWISE_PIXELS;
  };
  const height = heights.map((count) => count * downUnit).find(fits);
  if (height === undefined) return undefined;
  const across = Math.ceil(columns / width);
  const blocks = g.batch * Math.ceil(rows / height) * across * Math.ceil((forward ? g.outChannels : g.inChannels) / 4);
  const steps = traits.software ? across : Math.max(1, Math.min(across, Math.floor(blocks / BUSY_THREADS)));
  return { height, width, steps };
}

/** Rows and columns of the image (or of the gradient that arrives) that the windows of a block of pixels cover. */
export function blockPatch(
  g: ConvGeometry,
  direction: "forward" | "inputGradient",
  block: { readonly height: number; readonly width: number },
): { height: number; width: number } {
  if (direction === "forward") {
    return {
      height: (block.height - 1) * g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1,
      width: (block.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1,
    };
  }
  const { height, width } = phaseReach(g);
  return {
    height: Math.floor((block.height - 1 + height.reach) / g.strideHeight) + 1,
    width: Math.floor((block.width - 1 + width.reach) / g.strideWidth) + 1,
  };
}

/**
 * For the input gradient: padding made larger by `first` strides (or smaller, where that is negative), the fewest
 * with which no tap leads to a negative row or column of the output.
 */
export function phaseReach(g: ConvGeometry) {
  const along = (kernel: number, stride: number, dilation: number, padding: number) => {
    const first = Math.ceil(((kernel - 1) * dilation - padding) / stride);
    return { first, reach: padding + first * stride };
  };
  return {
    height: along(g.kernelHeight, g.strideHeight, g.dilationHeight, g.padTop),
    width: along(g.kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft),
  };
}

const MOST_PHASE_STRIDE = 4;
const MOST_PHASE_TAPS = 25;
const MOST_PHASE_PATCH = 36;

/**
 * The tile of conv2d_input_gradient_phases.wgsl, for strides: blocks of whole strides, two of them where the stride is 2,
 * so that each weight serves four pixels; twice as wide for large work on software adapters, which is worth a second of
 * compiling there, and one channel at a time for small work, which is not. Undefined where too much would be unrolled, and for groups of a few channels,
 * which share vectors: there conv2d_input_gradient_strided.wgsl tests at each tap whether it leads to an output.
 */
export function phasesTile(g: ConvGeometry, traits: DeviceTraits): BlockTile | undefined {
  if (g.groups > 1 && g.groupInChannels % 4 !== 0) return undefined;
  const side = (stride: number) => (stride <= 2 ? 2 * stride : stride);
  const wide = traits.software && isLargeWork(g);
  const [height, width] = [side(g.strideHeight), side(g.strideWidth) * (wide ? 2 : 1)];
  const patch = blockPatch(g, "inputGradient", { height, width });
  const large =
    Math.max(g.strideHeight, g.strideWidth) > MOST_PHASE_STRIDE ||
    g.kernelHeight * g.kernelWidth > MOST_PHASE_TAPS ||
    patch.height * patch.width > MOST_PHASE_PATCH;
  if (large) return undefined;
  const vectorLoads = canLoadVectors(g.groupOutChannels, g.groupInChannels, g.groups);
  const unit = vectorLoads && !(traits.software && isSmallWork(g)) ? 4 : 1;
  return { height, width, vectors: 1, unit, tapRows: g.kernelHeight };
}

/** What a software adapter begins with in the place of a wide tile: half as wide, each sum in the same order. */
export function quickPhasesTile(g: ConvGeometry, tile: BlockTile, traits: DeviceTraits): BlockTile | undefined {
  const half = tile.width / 2;
  return traits.software && isLargeWork(g) && half % g.strideWidth === 0 ? { ...tile, width: half } : undefined;
}
