import forwardShader from "../../../shaders/conv2d_few_channels.wgsl?raw";
import filterGradientShader from "../../../shaders/conv2d_few_channels_filter_gradient.wgsl?raw";
import patch from "../../../shaders/few_channels_patch.wgsl?raw";
import { alignTo } from "../../core/align_to.ts";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { Arena } from "../../graph/node.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { kernel } from "../variants.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import { type FilterGradientOptions, filterGradientBindings } from "./conv2d_filter_gradient.ts";
import { type ForwardOptions, forwardBindings } from "./conv2d_forward.ts";
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

/** The blocks of 2 × 4 pixels of a convolution, and the threads of a workgroup along vectors of output channels and along blocks. */
function blocksOf(g: ConvGeometry, pool: boolean) {
  const [height, width] = pool ? [(g.outHeight >> 1) * 2, (g.outWidth >> 1) * 2] : [g.outHeight, g.outWidth];
  const [blocksDown, blocksAcross] = [Math.ceil(height / 2), Math.ceil(width / 4)];
  const groupColumns = Math.min(8, powerOfTwoAtLeast(g.outChannels / 4));
  const columnGroups = Math.ceil(g.outChannels / 4 / groupColumns);
  const blocks = g.batch * blocksDown * blocksAcross;
  return { blocksDown, blocksAcross, blocks, groupColumns, columnGroups, groupSlices: THREADS / groupColumns };
}

/** How threads share a filter gradient: stretches of blocks, which are one partial sum a workgroup. */
function planOf(g: ConvGeometry, unpool: boolean) {
  const shape = blocksOf(g, unpool);
  const wanted = Math.ceil(WANTED_WORKGROUPS / (shape.columnGroups * g.inChannels));
  const blocksAStretch = Math.max(LEAST_BLOCKS, Math.ceil(shape.blocks / (wanted * shape.groupSlices)));
  const slices = Math.max(1, Math.ceil(shape.blocks / (blocksAStretch * shape.groupSlices)));
  return { ...shape, blocksAStretch, slices };
}

function constantsOf(g: ConvGeometry, shape: ReturnType<typeof blocksOf>, blocksAStretch: number) {
  return {
    ...geometryConstants(g),
    TAPS: g.kernelHeight * g.kernelWidth,
    THREADS,
    GROUP_COLUMNS: shape.groupColumns,
    GROUP_SLICES: shape.groupSlices,
    BLOCKS: shape.blocks,
    BLOCKS_ACROSS: shape.blocksAcross,
    BLOCKS_DOWN: shape.blocksDown,
    BLOCKS_A_STRETCH: blocksAStretch,
    PATCH_HEIGHT: g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1,
    PATCH_WIDTH: 3 * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1,
    ...loadedAs("input", "values"),
    FIXED_LENGTHS: true,
    INPUT_LENGTH: inputSize(g),
  };
}

/** Blocks that a thread of the forward kernel computes with the same weights, where work is for more workgroups than a card wants. */
const FORWARD_BLOCKS = 2;

/** As `conv2dForward`, where `hasFewChannels` and one alone, without SiLU; else undefined. */
export function fewChannelsForward(options: ForwardOptions, traits: DeviceTraits): KernelSpec | undefined {
  const { geometry: g, bias, relu, silu, derivative = false, pool = false } = options;
  if (!hasFewChannels(g, traits) || g.inChannels > 1 || silu !== undefined || derivative) return undefined;
  const shape = blocksOf(g, pool);
  const groups = (blocksAStretch: number) =>
    shape.columnGroups * Math.ceil(shape.blocks / (blocksAStretch * shape.groupSlices));
  const blocksAStretch = groups(FORWARD_BLOCKS) >= WANTED_WORKGROUPS ? FORWARD_BLOCKS : 1;
  return kernel(() => ({
    name: "conv2d_few_channels",
    shader: forwardShader,
    includes: { ...patchIncludes, few_channels_patch: patch },
    constants: {
      ...constantsOf(g, shape, blocksAStretch),
      COLUMN_GROUPS: shape.columnGroups,
      BIAS: bias,
      RELU: relu,
      POOL: pool,
      ...loadedAs("filters", "vectors"),
      FILTERS_LENGTH: filterSize(g) / 4,
    },
    bindings: forwardBindings(bias, pool, false),
    workgroups: linearWorkgroups(groups(blocksAStretch), 1),
    variant: `blocks of 2 × 4 pixels × 4 channels a thread, ${THREADS} threads`,
    flops: convFlops(g),
    halves: { HALF_OUTPUT: "output" },
  }));
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
    includes: { ...patchIncludes, few_channels_patch: patch },
    constants: {
      ...constantsOf(g, plan, plan.blocksAStretch),
      UNPOOL: unpool,
      BIAS: bias,
      FILTER_STRIDE: alignTo(filterSize(g), Arena.ALIGNMENT),
      BIAS_STRIDE: alignTo(g.outChannels, Arena.ALIGNMENT),
      ...loadedAs("upstream", "vectors"),
      UPSTREAM_LENGTH: (g.batch * pixels * g.outChannels) / 4,
    },
    bindings: filterGradientBindings(unpool, false, bias),
    workgroups: [plan.columnGroups, g.inChannels, plan.slices],
    variant: `blocks of 2 × 4 pixels × ${g.kernelHeight * g.kernelWidth} taps × 4 channels a thread, ${THREADS} threads, ${slices} slice${slices === 1 ? "" : "s"}`,
    flops: convFlops(g),
    halves: { HALF_UPSTREAM: "upstream" },
  }));
}
