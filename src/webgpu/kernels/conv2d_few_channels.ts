import filterGradientShader from "../../../shaders/conv2d_few_channels_filter_gradient.wgsl?raw";
import { alignTo } from "../../core/align_to.ts";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { Arena } from "../../graph/node.ts";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import { kernel } from "../variants.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import { type FilterGradientOptions, filterGradientBindings } from "./conv2d_filter_gradient.ts";
import { convFlops } from "./conv2d_tiles.ts";
import { loadedAs, patchIncludes } from "./patches.ts";
import { powerOfTwoAtLeast } from "./sizes.ts";

/** Channels of an image up to which a thread takes one of them, and taps of which it has the sums in registers. */
const MOST_CHANNELS = 4;
const MOST_TAPS = 9;
const THREADS = 64;
/** Workgroups that give a card work for all its processors. */
const WANTED_WORKGROUPS = 192;
/** A thread has so many blocks at least: what comes before and after them costs as much as one or two. */
const LEAST_BLOCKS = 3;

/** Whether the kernel is for this convolution: on graphics cards, of an image of few channels, by a small filter. */
export function hasFewChannels(g: ConvGeometry, { software, maxWorkgroupSize }: DeviceTraits): boolean {
  const isSmall = g.inChannels <= MOST_CHANNELS && g.kernelHeight * g.kernelWidth <= MOST_TAPS;
  return !software && maxWorkgroupSize >= THREADS && g.groups === 1 && isSmall && g.outChannels % 4 === 0;
}

/** How threads share a filter gradient of few channels: in blocks of 2 × 4 pixels, which stretches of threads take in turn. */
function planOf(g: ConvGeometry, unpool: boolean) {
  const [height, width] = unpool ? [(g.outHeight >> 1) * 2, (g.outWidth >> 1) * 2] : [g.outHeight, g.outWidth];
  const [blocksDown, blocksAcross] = [Math.ceil(height / 2), Math.ceil(width / 4)];
  const blocks = g.batch * blocksDown * blocksAcross;
  const groupColumns = Math.min(8, powerOfTwoAtLeast(g.outChannels / 4));
  const columnGroups = Math.ceil(g.outChannels / 4 / groupColumns);
  const groupSlices = THREADS / groupColumns;
  const wanted = Math.ceil(WANTED_WORKGROUPS / (columnGroups * g.inChannels));
  const blocksAStretch = Math.max(LEAST_BLOCKS, Math.ceil(blocks / (wanted * groupSlices)));
  const slices = Math.max(1, Math.ceil(blocks / (blocksAStretch * groupSlices)));
  return { blocksDown, blocksAcross, blocks, groupColumns, columnGroups, groupSlices, blocksAStretch, slices };
}

/** As `filterGradientSlices`, where `hasFewChannels`; else undefined. */
export function fewChannelsSlices(g: ConvGeometry, unpool: boolean, traits: DeviceTraits): number | undefined {
  return hasFewChannels(g, traits) ? planOf(g, unpool).slices : undefined;
}

/** As `conv2dFilterGradient`, where `hasFewChannels`, with the slices of `fewChannelsSlices`, and nothing is scaled; else undefined. */
export function fewChannelsFilterGradient(
  { geometry: g, unpool, scaled = false, bias, slices }: FilterGradientOptions,
  traits: DeviceTraits,
): KernelSpec | undefined {
  if (!hasFewChannels(g, traits) || scaled) return undefined;
  const plan = planOf(g, unpool);
  if (plan.slices !== slices) return undefined;
  const pixels = unpool ? (g.outHeight >> 1) * (g.outWidth >> 1) : g.outHeight * g.outWidth;
  return kernel(() => ({
    name: "conv2d_few_channels_filter_gradient",
    shader: filterGradientShader,
    includes: patchIncludes,
    constants: {
      ...geometryConstants(g),
      UNPOOL: unpool,
      BIAS: bias,
      TAPS: g.kernelHeight * g.kernelWidth,
      THREADS,
      GROUP_COLUMNS: plan.groupColumns,
      GROUP_SLICES: plan.groupSlices,
      BLOCKS: plan.blocks,
      BLOCKS_ACROSS: plan.blocksAcross,
      BLOCKS_DOWN: plan.blocksDown,
      BLOCKS_A_STRETCH: plan.blocksAStretch,
      PATCH_HEIGHT: g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1,
      PATCH_WIDTH: 3 * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1,
      FILTER_STRIDE: alignTo(filterSize(g), Arena.ALIGNMENT),
      BIAS_STRIDE: alignTo(g.outChannels, Arena.ALIGNMENT),
      ...loadedAs("input", "values"),
      ...loadedAs("upstream", "vectors"),
      FIXED_LENGTHS: true,
      INPUT_LENGTH: inputSize(g),
      UPSTREAM_LENGTH: (g.batch * pixels * g.outChannels) / 4,
    },
    bindings: filterGradientBindings(unpool, false, bias),
    workgroups: [plan.columnGroups, g.inChannels, plan.slices],
    variant: `blocks of 2 × 4 pixels × ${g.kernelHeight * g.kernelWidth} taps × 4 channels a thread, ${THREADS} threads, ${slices} slice${slices === 1 ? "" : "s"}`,
    flops: convFlops(g),
    halves: { HALF_UPSTREAM: "upstream" },
  }));
}
