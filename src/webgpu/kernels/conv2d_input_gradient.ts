import inputGradientShader from "../../../shaders/conv2d_input_gradient.wgsl?raw";
import phasesInputGradientShader from "../../../shaders/conv2d_input_gradient_phases.wgsl?raw";
import stridedInputGradientShader from "../../../shaders/conv2d_input_gradient_strided.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings, type Variant } from "../kernel.ts";
import { type KernelForm, kernel } from "../variants.ts";
import { blockConstants, columnsOf, fixedLengths, groupSize, patchColumns } from "./conv2d_blocks.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import {
  type BlockTile,
  blockPatch,
  convFlops,
  depthwiseTile,
  inputGradientTile,
  otherBlockTiles,
  phaseReach,
  phasesTile,
  quickBlockTile,
  quickPhasesTile,
} from "./conv2d_tiles.ts";
import { depthwiseInputGradient } from "./depthwise_conv2d.ts";
import { channelsAs, loadedAs, patchIncludes } from "./patches.ts";

export interface InputGradientOptions {
  readonly geometry: ConvGeometry;
  /** `upstream` is the gradient behind a 2×2 pool, to be spread by `winners`. */
  readonly unpool: boolean;
  /** `upstream` is the gradient behind an activation, to be multiplied by `derivative`; without groups and strides. Default false. */
  readonly scaled?: boolean;
}

/** d loss / d input. */
export function conv2dInputGradient(
  options: InputGradientOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  const { geometry, unpool } = options;
  const depthwise = unpool ? undefined : depthwiseTile(geometry, "inputGradient", traits);
  if (depthwise) return depthwiseInputGradient(geometry, { ...depthwise, ...choice }, traits);
  const { strideHeight, strideWidth } = geometry;
  return strideHeight === 1 && strideWidth === 1
    ? inputGradient(options, traits, choice)
    : stridedInputGradient(options, traits, choice);
}

function inputGradient(options: InputGradientOptions, traits: DeviceTraits, choice: Partial<BlockTile>): KernelSpec {
  const { geometry } = options;
  const form = ({ tile }: Variant<Partial<BlockTile>>) =>
    inputGradientForm(options, { ...inputGradientTile(geometry, traits), ...tile }, traits);
  return kernel(form, { tile: choice });
}

function inputGradientForm(
  { geometry: g, unpool, scaled = false }: InputGradientOptions,
  tile: BlockTile,
  traits: DeviceTraits,
): KernelForm<BlockTile> {
  const columns = columnsOf(g, g.inChannels, tile.vectors);
  const { constants, workgroups, variant } = blockConstants(tile, columns, g.inHeight, g.inWidth, g.batch, traits);
  const patchWidth = tile.width + (g.kernelWidth - 1) * g.dilationWidth;
  const patchHeight = tile.height + (tile.tapRows - 1) * g.dilationHeight;
  const [reachAcross, reachDown] = [(g.kernelWidth - 1) * g.dilationWidth, (g.kernelHeight - 1) * g.dilationHeight];
  const windowPhase = (g.padLeft + reachAcross) % 2;
  const rowPhase = (g.padTop + reachDown) % 2;
  const knownRows = unpool && tile.tapRows === g.kernelHeight && tile.height % 2 === 0;
  const upstreamWidth = unpool ? (g.outWidth >> 1) * 2 : g.outWidth;
  const patch = patchColumns(constants.BLOCKS_ACROSS, patchWidth, reachAcross - g.padLeft, upstreamWidth);
  const pooledPixels = g.batch * (g.outHeight >> 1) * (g.outWidth >> 1);
  const summedUnit = tile.unit === 4 || columns.perLane === 2 ? 4 : 1;
  return {
    name: "conv2d_input_gradient",
    shader: inputGradientShader,
    includes: patchIncludes,
    constants: {
      ...geometryConstants(g),
      ...constants,
      UNPOOL: unpool,
      SCALED: scaled,
      VECTOR_IN: g.inChannels % 4 === 0,
      ...loadedAs("upstream", channelsAs(columns.perLane, tile.unit)),
      ...loadedAs("filters", summedUnit === 4 ? "vectors" : "values"),
      TAP_ROWS: tile.tapRows,
      PATCH_HEIGHT: patchHeight,
      ...patch,
      KNOWN_ROWS: knownRows,
      WINDOW_PHASE: windowPhase,
      FIRST_WINDOW: Math.floor((patch.FIRST_COLUMN + windowPhase) / 2),
      END_WINDOW: Math.floor((patch.END_COLUMN - 1 + windowPhase) / 2) + 1,
      ROW_PHASE: rowPhase,
      WINDOW_ROWS: knownRows ? Math.floor((patchHeight - 1 + rowPhase) / 2) + 1 : patchHeight,
      ...fixedLengths(traits, {
        UPSTREAM: ((unpool ? pooledPixels : g.batch * g.outHeight * g.outWidth) * g.outChannels) / summedUnit,
        FILTERS: filterSize(g) / summedUnit,
        RESULT: inputSize(g) / (g.inChannels % 4 === 0 ? 4 : 1),
        WINNERS: pooledPixels * Math.ceil(g.outChannels / 4),
      }),
    },
    bindings: inputGradientBindings(unpool, scaled),
    workgroups,
    variant,
    flops: convFlops(g),
    tiles: otherBlockTiles(g, g.groupInChannels, tile, traits),
    quick: quickBlockTile(g, tile, traits),
    halves: {
      HALF_UPSTREAM: columns.perLane !== 1 && g.outChannels % 4 === 0 && "upstream",
      HALF_OUTPUT: g.groupInChannels % 4 === 0 && "inputGradient",
    },
  };
}

/** With strides: every phase of the image by the taps that reach it. */
function phasesForm(g: ConvGeometry, tile: BlockTile, traits: DeviceTraits): KernelForm<BlockTile> {
  const columns = columnsOf(g, g.inChannels, 1);
  const { constants, workgroups, variant } = blockConstants(tile, columns, g.inHeight, g.inWidth, g.batch, traits);
  const patch = blockPatch(g, "inputGradient", tile);
  const { height, width } = phaseReach(g);
  return {
    name: "conv2d_input_gradient_phases",
    shader: phasesInputGradientShader,
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
        UPSTREAM: (g.batch * g.outHeight * g.outWidth * g.outChannels) / tile.unit,
        FILTERS: filterSize(g) / tile.unit,
        RESULT: inputSize(g) / (g.groupInChannels % 4 === 0 ? 4 : 1),
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

function stridedInputGradient(
  { geometry: g, unpool }: InputGradientOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile>,
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
    shader: stridedInputGradientShader,
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

/** Behind a pool `upstream` is the gradient of its output, and `winners` say which pixels it goes to. */
function inputGradientBindings(unpool: boolean, scaled = false): KernelSpec["bindings"] {
  return presentBindings({
    upstream: "read",
    winners: unpool && "read",
    derivative: scaled && "read",
    filters: "read",
    inputGradient: "write",
  });
}
