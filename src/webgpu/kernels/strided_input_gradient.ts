import phasesShader from "../../../shaders/conv2d_input_gradient_phases.wgsl?raw";
import stridedShader from "../../../shaders/conv2d_input_gradient_strided.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, type Variant } from "../kernel.ts";
import { type KernelForm, kernel } from "../variants.ts";
import { blockConstants, columnsOf, fixedLengths, groupSize } from "./conv2d_blocks.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import { type InputGradientOptions, inputGradientBindings } from "./conv2d_input_gradient.ts";
import { blockPatch, phaseReach } from "./conv2d_reach.ts";
import { type BlockTile, canLoadVectors, convFlops, isLargeWork, isSmallWork } from "./conv2d_tiles.ts";
import { channelsAs, loadedAs, patchIncludes } from "./patches.ts";

const MOST_PHASE_STRIDE = 4;
const MOST_PHASE_TAPS = 25;
const MOST_PHASE_PATCH = 36;

/**
 * The tile of conv2d_input_gradient_phases.wgsl, for strides: blocks of whole strides, two of them where the stride is 2,
 * so that each weight serves four pixels; twice as wide for large work on software adapters, which is worth a second of
 * compiling there, and one channel at a time for small work, which is not. Undefined where too much would be unrolled, and for groups of a few channels,
 * which share vectors: there conv2d_input_gradient_strided.wgsl tests at each tap whether it leads to an output.
 */
function phasesTile(g: ConvGeometry, traits: DeviceTraits): BlockTile | undefined {
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
function quickPhasesTile(g: ConvGeometry, tile: BlockTile, traits: DeviceTraits): BlockTile | undefined {
  const half = tile.width / 2;
  return traits.software && isLargeWork(g) && half % g.strideWidth === 0 ? { ...tile, width: half } : undefined;
}

/** Every phase of the image by the taps that reach it. */
function phasesForm(g: ConvGeometry, tile: BlockTile, traits: DeviceTraits): KernelForm<BlockTile> {
  const columns = columnsOf(g, g.inChannels, 1);
  const { constants, workgroups, variant } = blockConstants(tile, columns, g.inHeight, g.inWidth, g.batch, traits);
  const patch = blockPatch(g, "inputGradient", tile);
  const { height, width } = phaseReach(g);
  return {
    name: "conv2d_input_gradient_phases",
    shader: phasesShader,
    includes: patchIncludes,
    constants: {
      ...geometryConstants(g),
      ...constants,
      VECTOR_IN: g.groupInChannels % 4 === 0,
      ...loadedAs("upstream", channelsAs(0, tile.unit)),
      ...loadedAs("filters", channelsAs(0, tile.unit)),
      LEAD_ROWS: height.first,
      LEAD_COLUMNS: width.first,
      REACH_HEIGHT: height.reach,
      REACH_WIDTH: width.reach,
      PATCH_HEIGHT: patch.height,
      PATCH_WIDTH: patch.width,
      ...fixedLengths(traits, {
        UPSTREAM_LENGTH: (g.batch * g.outHeight * g.outWidth * g.outChannels) / tile.unit,
        FILTERS_LENGTH: filterSize(g) / tile.unit,
        RESULT_LENGTH: inputSize(g) / (g.groupInChannels % 4 === 0 ? 4 : 1),
      }),
    },
    bindings: inputGradientBindings(false),
    workgroups,
    variant: `${g.strideHeight} × ${g.strideWidth} phases, ${variant}`,
    flops: convFlops(g),
    quick: quickPhasesTile(g, tile, traits),
    halves: {
      HALF_UPSTREAM: g.outChannels % 4 === 0 && "upstream",
      HALF_OUTPUT: g.groupInChannels % 4 === 0 && "inputGradient",
    },
  };
}

/** d loss / d input of a convolution with strides. */
export function stridedInputGradient(
  { geometry: g, unpool }: InputGradientOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  const phases = unpool ? undefined : phasesTile(g, traits);
  if (phases) {
    const form = ({ tile }: Variant<Partial<BlockTile>>) => phasesForm(g, { ...phases, ...tile }, traits);
    return kernel(form, { tile: choice });
  }
  const rows = g.batch * g.inHeight * g.inWidth;
  const tileRows = 8;
  const tileColumns = Math.min(8, g.groupInChannels);
  const columnTiles = Math.ceil(g.groupInChannels / tileColumns);
  const group = groupSize(columnTiles, traits);
  const columnGroups = Math.ceil(columnTiles / group.columns);
  const vector = g.groupOutChannels % 4 === 0;
  return {
    name: "conv2d_input_gradient_strided",
    shader: stridedShader,
    constants: {
      ...geometryConstants(g),
      UNPOOL: unpool,
      VECTOR: vector,
      // Output pixels beyond these get no gradient: an odd last row or column that the pool dropped.
      REACH_HEIGHT: unpool ? (g.outHeight >> 1) * 2 : g.outHeight,
      REACH_WIDTH: unpool ? (g.outWidth >> 1) * 2 : g.outWidth,
      ROWS: rows,
      TILE_ROWS: tileRows,
      TILE_COLUMNS: tileColumns,
      GROUP_COLUMNS: group.columns,
      GROUP_ROWS: group.rows,
      COLUMN_TILES: columnGroups,
      CHUNKS: vector ? g.groupOutChannels / 4 : g.groupOutChannels,
    },
    bindings: inputGradientBindings(unpool),
    workgroups: linearWorkgroups(Math.ceil(rows / (tileRows * group.rows)) * columnGroups * g.groups, 1),
    variant: `${tileRows} rows × ${tileColumns} channels a thread, ${group.columns * group.rows} threads`,
    flops: convFlops(g),
  };
}
