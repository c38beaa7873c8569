import firstLayerShader from "../../../shaders/conv2d_first_layer.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import { kernel } from "../variants.ts";
import { groupSize } from "./conv2d_blocks.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import { type ForwardOptions, forwardBindings, forwardIncludes } from "./conv2d_forward.ts";
import { type BlockTile, convFlops } from "./conv2d_tiles.ts";
import { loadedAs, workgroupPlaces } from "./patches.ts";

/** Weights of one output channel that conv2d_first_layer.wgsl may keep: 3 × 3 taps of three colours. */
const MOST_FIRST_LAYER_WEIGHTS = 27;

/** The tile, where the kernel is the better one: a loop that is short, and loads little. */
export function firstLayerTile(g: ConvGeometry, traits: DeviceTraits): BlockTile | undefined {
  const weights = g.kernelHeight * g.kernelWidth * g.inChannels;
  if (!traits.software || g.groups > 1 || g.inChannels > 4 || weights > MOST_FIRST_LAYER_WEIGHTS) return undefined;
  return { height: g.outHeight > 1 ? 2 : 1, width: 2, vectors: 1, unit: 1, tapRows: g.kernelHeight };
}

/** As `conv2dForward`, on software adapters for images of few channels; undefined where that is the better one. */
export function firstLayerForward(
  options: ForwardOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec | undefined {
  const { geometry: g, bias, relu, silu, derivative = false, pool = false } = options;
  const chosen = firstLayerTile(g, traits);
  if (chosen === undefined) return undefined;
  const tile = { ...chosen, ...choice };
  const [height, width] = pool ? [(g.outHeight >> 1) * 2, (g.outWidth >> 1) * 2] : [g.outHeight, g.outWidth];
  const blocksAcross = Math.ceil(width / tile.width);
  const blocksDown = Math.ceil(height / tile.height);
  const columns = Math.ceil(g.outChannels / 4);
  const group = groupSize(columns, traits);
  const places = workgroupPlaces(g.batch * blocksDown, columns, group);
  const patchWidth = (tile.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  const elements = g.outChannels % 4 === 0 ? 4 : 1;
  const pixels = pool ? (height * width) / 4 : height * width;
  return kernel(() => ({
    name: "conv2d_first_layer",
    shader: firstLayerShader,
    includes: forwardIncludes(silu),
    constants: {
      ...geometryConstants(g),
      BIAS: bias,
      RELU: relu,
      SILU: silu !== undefined,
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
