import filterGradientShader from "../../../shaders/conv2d_staged_filter_gradient.wgsl?raw";
import inputGradientShader from "../../../shaders/conv2d_staged_input_gradient.wgsl?raw";
import { alignTo } from "../../core/align_to.ts";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { Arena } from "../../graph/node.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { kernel } from "../variants.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import { type FilterGradientOptions, filterGradientBindings } from "./conv2d_filter_gradient.ts";
import { type InputGradientOptions, inputGradientBindings } from "./conv2d_input_gradient.ts";
import {
  columnsOf,
  describeTile,
  isStaged,
  rowsOf,
  STAGED_TILES,
  type StagedTile,
  stagedIncludes,
  stagedTile,
  threadsOf,
  tileConstants,
  workgroupsOf,
} from "./conv2d_staged.ts";
import { convFlops } from "./conv2d_tiles.ts";
import { loadedAs, patchIncludes } from "./patches.ts";

/** Values of the gradient that arrives: behind a pool one a window. */
function upstreamSize(g: ConvGeometry, unpool: boolean): number {
  const pixels = unpool ? (g.outHeight >> 1) * (g.outWidth >> 1) : g.outHeight * g.outWidth;
  return g.batch * pixels * g.outChannels;
}

/** As `conv2dInputGradient`, where `isStaged` and without strides; else undefined. */
export function stagedInputGradient(
  { geometry: g, unpool, scaled = false }: InputGradientOptions,
  traits: DeviceTraits,
  choice: Partial<StagedTile> = {},
): KernelSpec | undefined {
  if (!isStaged(g, traits) || g.strideHeight > 1 || g.strideWidth > 1) return undefined;
  const rows = g.batch * g.inHeight * g.inWidth;
  const tile = { ...stagedTile(rows, g.inChannels), ...choice };
  return kernel(() => ({
    name: "conv2d_staged_input_gradient",
    shader: inputGradientShader,
    includes: { ...patchIncludes, ...stagedIncludes },
    constants: {
      ...geometryConstants(g),
      UNPOOL: unpool,
      SCALED: scaled,
      ...tileConstants(tile, rows, g.inChannels),
      ...loadedAs("upstream", "vectors"),
      ...loadedAs("filters", "vectors"),
      FIXED_LENGTHS: true,
      UPSTREAM_LENGTH: upstreamSize(g, unpool) / 4,
      FILTERS_LENGTH: filterSize(g) / 4,
    },
    bindings: inputGradientBindings(unpool, scaled),
    workgroups: linearWorkgroups(workgroupsOf(rows, g.inChannels, tile), 1),
    variant: describeTile(tile),
    flops: convFlops(g),
    halves: { HALF_UPSTREAM: "upstream", HALF_OUTPUT: "inputGradient" },
  }));
}

/** Slices of a filter gradient make so many workgroups at most, and have so many turns each at least: their partial sums are added up afterwards. */
const SLICED_WORKGROUPS = 224;
const LEAST_TURNS = 4;

/** Rows, summed pixels and the tile of a filter gradient, whose slices make workgroups where there are none. */
function filterGradientPlan(g: ConvGeometry, unpool: boolean) {
  const rows = g.kernelHeight * g.kernelWidth * g.inChannels;
  const pixels = g.batch * (unpool ? 4 * (g.outHeight >> 1) * (g.outWidth >> 1) : g.outHeight * g.outWidth);
  const tile = STAGED_TILES.find((one) => columnsOf(one) <= alignTo(g.outChannels, 32)) as StagedTile;
  // Finding the pixels of a turn costs more than channels do: turns are longer.
  return { rows, pixels, tile: { ...tile, kTile: 16 } };
}

/** As `filterGradientSlices`, where `isStaged`; else undefined. */
export function stagedFilterGradientSlices(g: ConvGeometry, unpool: boolean, traits: DeviceTraits): number | undefined {
  if (!isStaged(g, traits)) return undefined;
  const { rows, pixels, tile } = filterGradientPlan(g, unpool);
  const wanted = Math.max(1, Math.floor(SLICED_WORKGROUPS / workgroupsOf(rows, g.outChannels, tile)));
  const perSlice = alignTo(Math.max(LEAST_TURNS * tile.kTile, Math.ceil(pixels / wanted)), tile.kTile);
  return Math.max(1, Math.ceil(pixels / perSlice));
}

/** As `conv2dFilterGradient`, where `isStaged`; else undefined. */
export function stagedFilterGradient(
  { geometry: g, unpool, scaled = false, bias, slices }: FilterGradientOptions,
  traits: DeviceTraits,
  choice: Partial<StagedTile> = {},
): KernelSpec | undefined {
  if (!isStaged(g, traits)) return undefined;
  const { rows, pixels, tile: chosen } = filterGradientPlan(g, unpool);
  const tile = { ...chosen, ...choice };
  return kernel(() => ({
    name: "conv2d_staged_filter_gradient",
    shader: filterGradientShader,
    includes: { ...patchIncludes, ...stagedIncludes },
    constants: {
      ...geometryConstants(g),
      UNPOOL: unpool,
      SCALED: scaled,
      BIAS: bias,
      ...tileConstants(tile, rows, g.outChannels),
      PIXELS: pixels,
      PIXELS_PER_SLICE: alignTo(Math.ceil(pixels / slices), tile.kTile),
      FILTER_STRIDE: alignTo(filterSize(g), Arena.ALIGNMENT),
      BIAS_STRIDE: alignTo(g.outChannels, Arena.ALIGNMENT),
      ...loadedAs("input", "vectors"),
      ...loadedAs("upstream", "vectors"),
      FIXED_LENGTHS: true,
      INPUT_LENGTH: inputSize(g) / 4,
      UPSTREAM_LENGTH: upstreamSize(g, unpool) / 4,
    },
    bindings: filterGradientBindings(unpool, scaled, bias),
    workgroups: [Math.ceil(rows / rowsOf(tile)), Math.ceil(g.outChannels / columnsOf(tile)), slices],
    variant: `${rowsOf(tile)} weights × ${columnsOf(tile)} channels staged, ${threadsOf(tile)} threads, ${slices} slice${slices === 1 ? "" : "s"}`,
    flops: convFlops(g),
    halves: { HALF_INPUT: "input", HALF_UPSTREAM: "upstream" },
  }));
}
