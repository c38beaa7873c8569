import forwardShader from "../../../shaders/conv2d_forward.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, presentBindings, type Variant } from "../kernel.ts";
import { type KernelForm, kernel } from "../variants.ts";
import { blockConstants, columnsOf, fixedLengths, patchColumns, sureRange } from "./conv2d_blocks.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import { type BlockTile, convFlops, forwardTile, quickBlockTile } from "./conv2d_tiles.ts";
import { channelsAs, loadedAs, patchIncludes } from "./patches.ts";

export interface ForwardOptions {
  readonly geometry: ConvGeometry;
  readonly bias: boolean;
  readonly relu: boolean;
  /** SiLU in place of ReLU: the text of silu.wgsl; of kernels without groups and pool. */
  readonly silu?: string;
  /** Also leave SiLU's derivative at each sum. Default false. */
  readonly derivative?: boolean;
  /** A 2×2 max-pool follows. Default false. */
  readonly pool?: boolean;
}

/**
 * Convolution, with bias and activation if asked, by the kernel that knows all kinds; `choice` overrides the tile. With `pool`
 * the result of the pool is the output, and winners are u32 [pooled pixels, ceil(channels / 4)], a byte a channel: 0–3 the
 * first maximum, 4 a dead ReLU.
 */
export function conv2dForward(
  options: ForwardOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  const { geometry, pool = false } = options;
  const form = ({ tile }: Variant<Partial<BlockTile>>) =>
    forwardForm(options, { ...forwardTile(geometry, pool, traits), ...tile }, traits);
  return kernel(form, { tile: choice });
}

/** What the shaders of forward convolutions include, with the activation that is not theirs. */
export function forwardIncludes(silu = ""): Readonly<Record<string, string>> {
  return { ...patchIncludes, silu };
}

function forwardForm(
  { geometry: g, bias, relu, silu, derivative = false, pool = false }: ForwardOptions,
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
    includes: forwardIncludes(silu),
    constants: {
      ...geometryConstants(g),
      ...constants,
      BIAS: bias,
      RELU: relu,
      SILU: silu !== undefined,
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
        INPUT_LENGTH: inputSize(g) / (tile.unit === 4 || columns.perLane === 2 ? 4 : 1),
        FILTERS_LENGTH: filterSize(g) / (columns.channelsPerGroup % 4 === 0 ? 4 : 1),
        OUTPUT_LENGTH: (g.batch * pixels * g.outChannels) / (columns.channelsPerGroup % 4 === 0 ? 4 : 1),
      }),
    },
    bindings: forwardBindings(bias, pool, derivative),
    workgroups,
    variant,
    flops: convFlops(g),
    tuning: { kind: "block", geometry: g, kept: g.groupOutChannels, tile, traits },
    quick: quickBlockTile(g, tile, traits),
    halves: {
      HALF_INPUT: columns.perLane !== 1 && g.inChannels % 4 === 0 && "input",
      HALF_OUTPUT: columns.channelsPerGroup % 4 === 0 && "output",
    },
  };
}

export function forwardBindings(bias: boolean, pool: boolean, derivative: boolean): KernelSpec["bindings"] {
  return presentBindings({
    input: "read",
    filters: "read",
    bias: bias && "read",
    output: "write",
    winners: pool && "write",
    derivative: derivative && "write",
  });
}
