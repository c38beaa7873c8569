import firstLayerShader from "../../../shaders/conv2d_first_layer.wgsl?raw";
import forwardShader from "../../../shaders/conv2d_forward.wgsl?raw";
import silu from "../../../shaders/silu.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, presentBindings, type Variant } from "../kernel.ts";
import { type KernelForm, kernel } from "../variants.ts";
import { blockConstants, columnsOf, fixedLengths, groupSize, patchColumns, sureRange } from "./conv2d_blocks.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import {
  type BlockTile,
  convFlops,
  depthwiseTile,
  firstLayerTile,
  forwardTile,
  otherBlockTiles,
  quickBlockTile,
} from "./conv2d_tiles.ts";
import { depthwiseForward } from "./depthwise_conv2d.ts";
import { channelsAs, loadedAs, patchIncludes, workgroupPlaces } from "./patches.ts";

export interface ForwardOptions {
  readonly geometry: ConvGeometry;
  readonly bias: boolean;
  readonly relu: boolean;
  /** SiLU in place of ReLU; of kernels without groups and pool. Default false. */
  readonly silu?: boolean;
  /** Also leave SiLU's derivative at each sum. Default false. */
  readonly derivative?: boolean;
}

/** Convolution, with bias and activation if asked. `choice` overrides the tile. */
export function conv2dForward(
  options: ForwardOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  return forward({ ...options, pool: false }, traits, choice);
}

/**
 * Convolution + bias + ReLU + 2×2 max-pool, whose result is the output; winners are u32 [pooled pixels, ceil(channels / 4)],
 * a byte a channel: 0–3 the first maximum, 4 a dead ReLU.
 */
export function conv2dPoolForward(
  options: ForwardOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  return forward({ ...options, pool: true }, traits, choice);
}

/** What a forward kernel computes. */
interface Forward extends ForwardOptions {
  readonly pool: boolean;
}

function forward(options: Forward, traits: DeviceTraits, choice: Partial<BlockTile>): KernelSpec {
  const { geometry: g, pool } = options;
  const depthwise = pool ? undefined : depthwiseTile(g, "forward", traits);
  if (depthwise) return depthwiseForward(options, { ...depthwise, ...choice }, traits);
  const walking = firstLayerTile(g, traits);
  if (walking) return firstLayer(options, { ...walking, ...choice }, traits);
  const form = ({ tile }: Variant<Partial<BlockTile>>) =>
    forwardForm(options, { ...forwardTile(g, pool, traits), ...tile }, traits);
  return kernel(form, { tile: choice });
}

const forwardIncludes = { ...patchIncludes, silu };

function forwardForm(
  { geometry: g, bias, relu, silu = false, derivative = false, pool }: Forward,
  tile: BlockTile,
  traits: DeviceTraits,
): KernelForm<BlockTile> {
  const columns = columnsOf(g, g.outChannels, tile.vectors);
  const height = pool ? (g.outHeight >> 1) * 2 : g.outHeight;
  const width = pool ? (g.outWidth >> 1) * 2 : g.outWidth;
  const { constants, workgroups, variant } = blockConstants(tile, columns, height, width, g.batch, traits);
  const patchWidth = (tile.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  const pixels = pool ? (g.outHeight >> 1) * (g.outWidth >> 1) : g.outHeight * g.outWidth;
  return {
    name: pool ? "conv2d_pool_forward" : "conv2d_forward",
    shader: forwardShader,
    includes: forwardIncludes,
    constants: {
      ...geometryConstants(g),
      ...constants,
      BIAS: bias,
      RELU: relu,
      SILU: silu,
      DERIVATIVE: derivative,
      POOL: pool,
      VECTOR_OUT: columns.channelsPerGroup % 4 === 0,
      ...loadedAs("input", channelsAs(columns.perLane, tile.unit)),
      ...loadedAs("filters", columns.channelsPerGroup % 4 === 0 ? "vectors" : "gathered"),
      TAP_ROWS: tile.tapRows,
      PATCH_HEIGHT: (tile.height - 1) * g.strideHeight + (tile.tapRows - 1) * g.dilationHeight + 1,
      ...patchColumns(constants.BLOCKS_ACROSS, patchWidth, g.padLeft, g.inWidth),
      ...sureRange("COLUMN", g.padLeft, g.inWidth - (constants.BLOCKS_ACROSS - 1) * tile.width * g.strideWidth),
      // Where the kernel's rows are a loop, a row of the patch is another one each time around.
      ...sureRange(
        "ROW",
        g.padTop,
        tile.tapRows < g.kernelHeight ? 0 : g.inHeight - (constants.BLOCKS_DOWN - 1) * tile.height * g.strideHeight,
      ),
      ...fixedLengths(traits, {
        INPUT: inputSize(g) / (tile.unit === 4 || columns.perLane === 2 ? 4 : 1),
        FILTERS: filterSize(g) / (columns.channelsPerGroup % 4 === 0 ? 4 : 1),
        OUTPUT: (g.batch * pixels * g.outChannels) / (columns.channelsPerGroup % 4 === 0 ? 4 : 1),
      }),
    },
    bindings: forwardBindings(bias, pool, derivative),
    workgroups,
    variant,
    flops: convFlops(g),
    tiles: otherBlockTiles(g, g.groupOutChannels, tile, traits),
    quick: quickBlockTile(g, tile, traits),
    halves: {
      HALF_INPUT: columns.perLane !== 1 && g.inChannels % 4 === 0 && "input",
      HALF_OUTPUT: columns.channelsPerGroup % 4 === 0 && "output",
    },
  };
}

function firstLayer(options: Forward, tile: BlockTile, traits: DeviceTraits): KernelSpec {
  const { geometry: g, bias, relu, silu = false, derivative = false, pool } = options;
  const [height, width] = pool ? [(g.outHeight >> 1) * 2, (g.outWidth >> 1) * 2] : [g.outHeight, g.outWidth];
  const blocksAcross = Math.ceil(width / tile.width);
  const blocksDown = Math.ceil(height / tile.height);
  const columns = Math.ceil(g.outChannels / 4);
  const group = groupSize(columns, traits);
  const places = workgroupPlaces("line", g.batch * blocksDown, columns, group);
  const patchWidth = (tile.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  const elements = g.outChannels % 4 === 0 ? 4 : 1;
  const pixels = pool ? (height * width) / 4 : height * width;
  return kernel(() => ({
    name: "conv2d_first_layer",
    shader: firstLayerShader,
    includes: forwardIncludes,
    constants: {
      ...geometryConstants(g),
      BIAS: bias,
      RELU: relu,
      SILU: silu,
      DERIVATIVE: derivative,
      POOL: pool,
      TAPS: g.kernelHeight * g.kernelWidth,
      VECTOR_OUT: elements === 4,
      ...loadedAs("input", "values"),
      ...loadedAs("filters", elements === 4 ? "vectors" : "gathered"),
      BLOCK_HEIGHT: tile.height,
      BLOCK_WIDTH: tile.width,
      BLOCKS_ACROSS: blocksAcross,
      BLOCKS_DOWN: blocksDown,
      PATCH_HEIGHT: (tile.height - 1) * g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1,
      PATCH_WIDTH: patchWidth,
      // Columns that the patches of neighbouring blocks share.
      OVERLAP: Math.max(0, patchWidth - tile.width * g.strideWidth),
      ...places.constants,
      FIXED_LENGTHS: true,
      INPUT_LENGTH: inputSize(g),
      FILTERS_LENGTH: filterSize(g) / elements,
      OUTPUT_LENGTH: (g.batch * pixels * g.outChannels) / elements,
    },
    bindings: forwardBindings(bias, pool, derivative),
    workgroups: places.workgroups,
    variant: `lines of ${tile.height} × ${tile.width} pixels × 4 channels a thread, ${group.columns * group.rows} threads`,
    flops: convFlops(g),
    halves: { HALF_OUTPUT: elements === 4 && "output" },
  }));
}

function forwardBindings(bias: boolean, pool: boolean, derivative: boolean): KernelSpec["bindings"] {
  return presentBindings({
    input: "read",
    filters: "read",
    bias: bias && "read",
    output: "write",
    winners: pool && "write",
    derivative: derivative && "write",
  });
}
