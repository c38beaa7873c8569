import filterGradientShader from "../../../shaders/conv2d_filter_gradient.wgsl?raw";
import firstLayerShader from "../../../shaders/conv2d_first_layer.wgsl?raw";
import forwardShader from "../../../shaders/conv2d_forward.wgsl?raw";
import inputGradientShader from "../../../shaders/conv2d_input_gradient.wgsl?raw";
import phasesInputGradientShader from "../../../shaders/conv2d_input_gradient_phases.wgsl?raw";
import stridedInputGradientShader from "../../../shaders/conv2d_input_gradient_strided.wgsl?raw";
import winnersFilterGradientShader from "../../../shaders/conv2d_winners_filter_gradient.wgsl?raw";
import { alignTo } from "../../core/align_to.ts";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { Arena } from "../../graph/node.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import {
  type BlockTile,
  blockPatch,
  convFlops,
  depthwiseTile,
  type FilterGradientTile,
  filterGradientTile,
  firstLayerTile,
  forwardTile,
  inputGradientTile,
  otherBlockTiles,
  otherFilterGradientTiles,
  phaseReach,
  phasesTile,
  quickBlockTile,
  quickFilterGradientTile,
  quickPhasesTile,
} from "./conv2d_tiles.ts";
import { depthwiseForward, depthwiseInputGradient } from "./depthwise_conv2d.ts";
import { halvable } from "./halves.ts";
import { powerOfTwoAtLeast } from "./sizes.ts";

export interface ForwardOptions {
  readonly geometry: ConvGeometry;
  readonly bias: boolean;
  readonly relu: boolean;
}

/**
 * How channels and groups map to vectors. Where a group's channels do not fill vectors of four, all groups' channels are
 * one row and each of a vector's lanes finds its own group (`perLane` 1; 2 for plain depthwise, where lanes are neighbours).
 */
interface Columns {
  readonly perLane: 0 | 1 | 2;
  readonly perGroup: number;
  readonly channelsPerGroup: number;
  readonly count: number;
}

function columnsOf(g: ConvGeometry, channels: number, vectors: number): Columns {
  const groupChannels = channels / g.groups;
  const depthwise = g.groupInChannels === 1 && g.groupOutChannels === 1 && channels % 4 === 0;
  const perLane = g.groups === 1 || groupChannels % 4 === 0 ? 0 : depthwise ? 2 : 1;
  const channelsPerGroup = perLane > 0 ? channels : groupChannels;
  const perGroup = Math.ceil(channelsPerGroup / (4 * vectors));
  return { perLane, perGroup, channelsPerGroup, count: perGroup * (perLane > 0 ? 1 : g.groups) };
}

function blockConstants(
  tile: BlockTile,
  columns: Columns,
  height: number,
  width: number,
  batch: number,
  traits: DeviceTraits,
) {
  const across = Math.ceil(width / tile.width);
  const down = Math.ceil(height / tile.height);
  const blocks = batch * across * down;
  const threads = traits.software ? 16 : 64;
  const groupColumns = Math.min(powerOfTwoAtLeast(columns.count), traits.software ? 4 : 16);
  const groupBlocks = threads / groupColumns;
  const columnTiles = Math.ceil(columns.count / groupColumns);
  return {
    constants: {
      PER_LANE: columns.perLane,
      CHANNEL_UNIT: tile.unit,
      BLOCK_HEIGHT: tile.height,
      BLOCK_WIDTH: tile.width,
      VECTORS: tile.vectors,
      BLOCKS: blocks,
      BLOCKS_ACROSS: across,
      BLOCKS_DOWN: down,
      COLUMNS: columns.count,
      COLUMNS_PER_GROUP: columns.perGroup,
      CHANNELS_PER_GROUP: columns.channelsPerGroup,
      COLUMN_TILES: columnTiles,
      GROUP_COLUMNS: groupColumns,
      GROUP_BLOCKS: groupBlocks,
    },
    workgroups: linearWorkgroups(columnTiles * Math.ceil(blocks / groupBlocks), 1),
    variant: `${tile.height} × ${tile.width} pixels × ${4 * tile.vectors} channels a thread, ${threads} threads`,
  };
}

/**
 * Which columns of the patch can hold values: all, but where one block spans the row the others are known to be padding.
 * The first value, of `width`, lies in column `first`.
 */
function patchColumns(blocksAcross: number, patchWidth: number, first: number, width: number) {
  if (blocksAcross > 1) return { FIRST_COLUMN: 0, END_COLUMN: patchWidth };
  const clamp = (column: number) => Math.max(0, Math.min(column, patchWidth));
  return { FIRST_COLUMN: clamp(first), END_COLUMN: clamp(first + width) };
}

/**
 * Rows or columns of the patch that lie inside the image whatever the block. Those of the first block begin at `padding`,
 * those of the last end after `size` more.
 */
function sureRange(axis: "ROW" | "COLUMN", padding: number, size: number) {
  return { [`FIRST_SURE_${axis}`]: padding, [`END_SURE_${axis}`]: Math.max(padding, padding + size) };
}

/** Elements of the arrays behind the bindings, which the types of a software adapter's arrays carry. */
function fixedLengths(traits: DeviceTraits, lengths: Readonly<Record<string, number>>): ShaderConstants {
  if (!traits.software) return { FIXED_LENGTHS: false };
  const named = Object.entries(lengths).map(([name, length]) => [`${name}_LENGTH`, length]);
  return { FIXED_LENGTHS: true, ...Object.fromEntries(named) };
}

function firstLayer(options: ForwardOptions, pool: boolean, tile: BlockTile, traits: DeviceTraits): KernelSpec {
  const { geometry: g, bias, relu } = options;
  const [height, width] = pool ? [(g.outHeight >> 1) * 2, (g.outWidth >> 1) * 2] : [g.outHeight, g.outWidth];
  const blocksAcross = Math.ceil(width / tile.width);
  const blocksDown = Math.ceil(height / tile.height);
  const lines = g.batch * blocksDown;
  const columns = Math.ceil(g.outChannels / 4);
  const group = groupSize(columns, traits);
  const columnTiles = Math.ceil(columns / group.columns);
  const patchWidth = (tile.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  const elements = g.outChannels % 4 === 0 ? 4 : 1;
  const pixels = pool ? (height * width) / 4 : height * width;
  const spec: KernelSpec = {
    name: "conv2d_first_layer",
    shader: firstLayerShader,
    constants: {
      ...geometryConstants(g),
      BIAS: bias,
      RELU: relu,
      POOL: pool,
      TAPS: g.kernelHeight * g.kernelWidth,
      VECTOR_OUT: elements === 4,
      BLOCK_HEIGHT: tile.height,
      BLOCK_WIDTH: tile.width,
      BLOCKS_ACROSS: blocksAcross,
      BLOCKS_DOWN: blocksDown,
      PATCH_HEIGHT: (tile.height - 1) * g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1,
      PATCH_WIDTH: patchWidth,
      // Columns that the patches of neighbouring blocks share.
      OVERLAP: Math.max(0, patchWidth - tile.width * g.strideWidth),
      LINES: lines,
      COLUMNS: columns,
      COLUMN_TILES: columnTiles,
      GROUP_COLUMNS: group.columns,
      GROUP_LINES: group.rows,
      INPUT_LENGTH: inputSize(g),
      FILTERS_LENGTH: filterSize(g) / elements,
      OUTPUT_LENGTH: (g.batch * pixels * g.outChannels) / elements,
    },
    bindings: forwardBindings(bias, pool),
    workgroups: linearWorkgroups(columnTiles * Math.ceil(lines / group.rows), 1),
    variant: `lines of ${tile.height} × ${tile.width} pixels × 4 channels a thread, ${group.columns * group.rows} threads`,
    flops: convFlops(g),
  };
  return halvable(spec, { HALF_OUTPUT: elements === 4 && "output" });
}

function forward(
  name: string,
  options: ForwardOptions,
  pool: boolean,
  traits: DeviceTraits,
  choice: Partial<BlockTile>,
): KernelSpec {
  const { geometry: g, bias, relu } = options;
  const depthwise = pool ? undefined : depthwiseTile(g, "forward", traits);
  if (depthwise) return depthwiseForward(options, { ...depthwise, ...choice }, traits);
  const walking = firstLayerTile(g, traits);
  if (walking) return firstLayer(options, pool, { ...walking, ...choice }, traits);
  const tile = { ...forwardTile(g, pool, traits), ...choice };
  const columns = columnsOf(g, g.outChannels, tile.vectors);
  const height = pool ? (g.outHeight >> 1) * 2 : g.outHeight;
  const width = pool ? (g.outWidth >> 1) * 2 : g.outWidth;
  const { constants, workgroups, variant } = blockConstants(tile, columns, height, width, g.batch, traits);
  const patchWidth = (tile.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  const pixels = pool ? (g.outHeight >> 1) * (g.outWidth >> 1) : g.outHeight * g.outWidth;
  const spec: KernelSpec = {
    name,
    shader: forwardShader,
    constants: {
      ...geometryConstants(g),
      ...constants,
      BIAS: bias,
      RELU: relu,
      POOL: pool,
      VECTOR_OUT: columns.channelsPerGroup % 4 === 0,
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
    bindings: forwardBindings(bias, pool),
    workgroups,
    variant,
    flops: convFlops(g),
    quick: withTile(quickBlockTile(g, tile, traits), (quick) => forward(name, options, pool, traits, quick)),
    alternatives: () =>
      otherBlockTiles(g, g.groupOutChannels, tile, traits).map((other) => forward(name, options, pool, traits, other)),
  };
  return halvable(spec, {
    HALF_INPUT: columns.perLane === 0 && g.inChannels % 4 === 0 && "input",
    HALF_OUTPUT: columns.channelsPerGroup % 4 === 0 && "output",
  });
}

function forwardBindings(bias: boolean, pool: boolean): KernelSpec["bindings"] {
  return presentBindings({
    input: "read",
    filters: "read",
    bias: bias && "read",
    output: "write",
    winners: pool && "write",
  });
}

/** Behind a pool `upstream` is the gradient of its output, and `winners` say which pixels it goes to. */
function inputGradientBindings(unpool: boolean): KernelSpec["bindings"] {
  return presentBindings({ upstream: "read", winners: unpool && "read", filters: "read", inputGradient: "write" });
}

/** The kernel of a tile, where there is one. */
function withTile<Tile>(tile: Tile | undefined, make: (tile: Tile) => KernelSpec): KernelSpec | undefined {
  return tile && make(tile);
}

/** Convolution, with bias and ReLU if asked. `choice` overrides the tile. */
export function conv2dForward(
  options: ForwardOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile> = {},
): KernelSpec {
  return forward("conv2d_forward", options, false, traits, choice);
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
  return forward("conv2d_pool_forward", options, true, traits, choice);
}

export interface InputGradientOptions {
  readonly geometry: ConvGeometry;
  /** `upstream` is the gradient behind a 2×2 pool, to be spread by `winners`. */
  readonly unpool: boolean;
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

function inputGradient(
  { geometry: g, unpool }: InputGradientOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile>,
): KernelSpec {
  const tile = { ...inputGradientTile(g, traits), ...choice };
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
  const spec: KernelSpec = {
    name: "conv2d_input_gradient",
    shader: inputGradientShader,
    constants: {
      ...geometryConstants(g),
      ...constants,
      UNPOOL: unpool,
      VECTOR_IN: g.inChannels % 4 === 0,
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
    bindings: inputGradientBindings(unpool),
    workgroups,
    variant,
    flops: convFlops(g),
    quick: withTile(quickBlockTile(g, tile, traits), (quick) => inputGradient({ geometry: g, unpool }, traits, quick)),
    alternatives: () =>
      otherBlockTiles(g, g.groupInChannels, tile, traits).map((other) =>
        inputGradient({ geometry: g, unpool }, traits, other),
      ),
  };
  return halvable(spec, {
    HALF_UPSTREAM: columns.perLane === 0 && g.outChannels % 4 === 0 && "upstream",
    HALF_OUTPUT: g.groupInChannels % 4 === 0 && "inputGradient",
  });
}

function groupSize(columnTiles: number, traits: DeviceTraits): { columns: number; rows: number } {
  const threads = traits.software ? 16 : 64;
  const columns = Math.min(powerOfTwoAtLeast(columnTiles), traits.software ? 4 : 8);
  return { columns, rows: threads / columns };
}

/** With strides: every phase of the image by the taps that reach it. */
function phasesInputGradient(g: ConvGeometry, tile: BlockTile, traits: DeviceTraits): KernelSpec {
  const columns = columnsOf(g, g.inChannels, 1);
  const { constants, workgroups, variant } = blockConstants(tile, columns, g.inHeight, g.inWidth, g.batch, traits);
  const patch = blockPatch(g, "inputGradient", tile);
  const { height, width } = phaseReach(g);
  return {
    name: "conv2d_input_gradient_phases",
    shader: phasesInputGradientShader,
    constants: {
      ...geometryConstants(g),
      ...constants,
      VECTOR_IN: g.groupInChannels % 4 === 0,
      FIRST_ROW: height.first,
      FIRST_COLUMN: width.first,
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
    quick: withTile(quickPhasesTile(g, tile, traits), (quick) => phasesInputGradient(g, quick, traits)),
  };
}

function stridedInputGradient(
  { geometry: g, unpool }: InputGradientOptions,
  traits: DeviceTraits,
  choice: Partial<BlockTile>,
): KernelSpec {
  const phases = unpool ? undefined : phasesTile(g, traits);
  if (phases) return phasesInputGradient(g, { ...phases, ...choice }, traits);
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

interface FilterGradientPlan {
  readonly tile: FilterGradientTile;
  /** Units of a channel (or four) times a row of taps (or all). */
  readonly units: number;
  readonly columns: Columns;
  /** Threads of a workgroup along columns, units and slices. */
  readonly group: readonly [number, number, number];
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** Rows of blocks that are summed. */
  readonly lines: number;
}

function planFilterGradient(
  g: ConvGeometry,
  unpool: boolean,
  traits: DeviceTraits,
  choice: Partial<FilterGradientTile>,
): FilterGradientPlan {
  const tile = { ...filterGradientTile(g, unpool, traits), ...choice };
  const columns = columnsOf(g, g.outChannels, tile.vectors);
  const units = Math.ceil(g.kernelHeight / tile.tapRows) * (g.groupInChannels / tile.unit);

  const outWidth = unpool ? (g.outWidth >> 1) * 2 : g.outWidth;
  const outHeight = unpool ? (g.outHeight >> 1) * 2 : g.outHeight;
  const blocksAcross = Math.ceil(outWidth / tile.width);
  const blocksDown = Math.ceil(outHeight / tile.height);

  const threads = traits.software ? 16 : 64;
  const groupColumns = Math.min(powerOfTwoAtLeast(columns.count), traits.software ? 4 : 8);
  const groupUnits = Math.min(powerOfTwoAtLeast(units), threads / groupColumns);
  // Where a slice has too few threads to fill a workgroup, several slices share one.
  const groupSlices = traits.software
    ? Math.max(1, 4 / (groupColumns * groupUnits))
    : threads / (groupColumns * groupUnits);
  return {
    tile,
    units,
    columns,
    blocksAcross,
    blocksDown,
    group: [groupColumns, groupUnits, groupSlices],
    lines: g.batch * blocksDown,
  };
}

/** Into how many partial sums the filter gradient is cut, so that there are workgroups for every core. */
export function filterGradientSlices(
  g: ConvGeometry,
  unpool: boolean,
  traits: DeviceTraits,
  choice: Partial<FilterGradientTile> = {},
): number {
  const { columns, units, lines, group } = planFilterGradient(g, unpool, traits, choice);
  const [groupColumns, groupUnits, groupSlices] = group;
  const groups = Math.ceil(columns.count / groupColumns) * Math.ceil(units / groupUnits);
  const wanted = Math.ceil((traits.software ? 32 : 256) / groups) * groupSlices;
  // Partial sums are written, and added up by a thread a parameter: not more than 256, and each of two lines at least.
  const linesPerSlice = Math.max(2, Math.ceil(lines / Math.min(wanted, 256)));
  return Math.max(1, Math.ceil(lines / linesPerSlice));
}

/**
 * d loss / d filter (and d loss / d bias) as `slices` partial sums; partial s starts at s · size rounded up to 64 elements.
 */
export function conv2dFilterGradient(
  options: {
    readonly geometry: ConvGeometry;
    readonly unpool: boolean;
    readonly bias: boolean;
    readonly slices: number;
  },
  traits: DeviceTraits,
  choice: Partial<FilterGradientTile> = {},
): KernelSpec {
  const { geometry: g, unpool, bias, slices } = options;
  const { tile, columns, units, group, blocksAcross, blocksDown, lines } = planFilterGradient(
    g,
    unpool,
    traits,
    choice,
  );
  const [groupColumns, groupUnits, groupSlices] = group;
  const pooledPixels = g.batch * (g.outHeight >> 1) * (g.outWidth >> 1);
  const patchWidth = (tile.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  const spec: KernelSpec = {
    name: tile.winners ? "conv2d_winners_filter_gradient" : "conv2d_filter_gradient",
    shader: tile.winners ? winnersFilterGradientShader : filterGradientShader,
    constants: {
      ...geometryConstants(g),
      UNPOOL: unpool,
      BIAS: bias,
      PER_LANE: columns.perLane,
      CHANNEL_UNIT: tile.unit,
      VECTOR_OUT: g.outChannels % 4 === 0,
      VECTORS: tile.vectors,
      TAP_ROWS: tile.tapRows,
      UNITS: units,
      COLUMNS: columns.count,
      COLUMNS_PER_GROUP: columns.perGroup,
      CHANNELS_PER_GROUP: columns.channelsPerGroup,
      BLOCK_HEIGHT: tile.height,
      BLOCK_WIDTH: tile.width,
      BLOCKS_ACROSS: blocksAcross,
      BLOCKS_DOWN: blocksDown,
      PATCH_HEIGHT: (tile.height - 1) * g.strideHeight + (tile.tapRows - 1) * g.dilationHeight + 1,
      PATCH_WIDTH: patchWidth,
      ...patchColumns(blocksAcross, patchWidth, g.padLeft, g.inWidth),
      // Columns that the patches of neighbouring blocks share.
      OVERLAP: blocksAcross > 1 ? Math.max(0, patchWidth - tile.width * g.strideWidth) : 0,
      LINES: lines,
      LINES_PER_SLICE: Math.ceil(lines / slices),
      SLICES: slices,
      GROUP_COLUMNS: groupColumns,
      GROUP_UNITS: groupUnits,
      GROUP_SLICES: groupSlices,
      FILTER_STRIDE: alignTo(filterSize(g), Arena.ALIGNMENT),
      BIAS_STRIDE: alignTo(g.outChannels, Arena.ALIGNMENT),
      ...fixedLengths(traits, {
        INPUT: inputSize(g) / (tile.unit === 4 || columns.perLane === 2 ? 4 : 1),
        UPSTREAM:
          ((unpool ? pooledPixels : g.batch * g.outHeight * g.outWidth) * g.outChannels) /
          (g.outChannels % 4 === 0 ? 4 : 1),
        WINNERS: pooledPixels * Math.ceil(g.outChannels / 4),
      }),
    },
    bindings: presentBindings({
      input: "read",
      upstream: "read",
      winners: unpool && "read",
      filterPartials: "write",
      biasPartials: bias && "write",
    }),
    workgroups: [
      Math.ceil(units / groupUnits),
      Math.ceil(columns.count / groupColumns),
      Math.ceil(slices / groupSlices),
    ],
    variant:
      `${tile.winners ? "winners only, " : ""}${tile.tapRows * g.kernelWidth} taps × ${tile.unit} × ${4 * tile.vectors} weights a thread, ` +
      `${groupColumns * groupUnits * groupSlices} threads, ${slices} slice${slices === 1 ? "" : "s"}`,
    flops: convFlops(g) / (tile.winners ? 4 : 1),
    quick: withTile(quickFilterGradientTile(g, tile, traits), (quick) => conv2dFilterGradient(options, traits, quick)),
    alternatives: () =>
      otherFilterGradientTiles(g, unpool, tile).map((other) => conv2dFilterGradient(options, traits, other)),
  };
  return halvable(spec, {
    HALF_INPUT: columns.perLane === 0 && g.inChannels % 4 === 0 && "input",
    HALF_UPSTREAM: g.outChannels % 4 === 0 && "upstream",
  });
}
