import type { ConvGeometry } from "../../core/window_geometry.ts";
import filterGradientShader from "../../../shaders/conv2d_filter_gradient.wgsl?raw";
import forwardShader from "../../../shaders/conv2d_forward.wgsl?raw";
import inputGradientShader from "../../../shaders/conv2d_input_gradient.wgsl?raw";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { powerOfTwoAtLeast } from "./sizes.ts";

export interface ForwardOptions {
  readonly geometry: ConvGeometry;
  readonly bias: boolean;
  readonly relu: boolean;
}

function geometryConstants(g: ConvGeometry): ShaderConstants {
  return {
    IN_HEIGHT: g.inHeight,
    IN_WIDTH: g.inWidth,
    IN_CHANNELS: g.inChannels,
    OUT_HEIGHT: g.outHeight,
    OUT_WIDTH: g.outWidth,
    OUT_CHANNELS: g.outChannels,
    KERNEL_HEIGHT: g.kernelHeight,
    KERNEL_WIDTH: g.kernelWidth,
    STRIDE_HEIGHT: g.strideHeight,
    STRIDE_WIDTH: g.strideWidth,
    DILATION_HEIGHT: g.dilationHeight,
    DILATION_WIDTH: g.dilationWidth,
    PAD_TOP: g.padTop,
    PAD_LEFT: g.padLeft,
    GROUPS: g.groups,
    GROUP_IN: g.groupInChannels,
    GROUP_OUT: g.groupOutChannels,
    POOLED_HEIGHT: g.outHeight >> 1,
    POOLED_WIDTH: g.outWidth >> 1,
    WINNER_WORDS: Math.ceil(g.outChannels / 4),
  };
}

function flopsOf(g: ConvGeometry): number {
  return 2 * g.batch * g.outHeight * g.outWidth * g.outChannels * g.kernelHeight * g.kernelWidth * g.groupInChannels;
}

/** Threads of a workgroup over columns and rows of tiles: 16 on a software adapter, whose groups are its threads; else 64. */
function groupSize(columnTiles: number, traits: DeviceTraits): { columns: number; rows: number } {
  const threads = traits.software ? 16 : 64;
  const columns = Math.min(powerOfTwoAtLeast(columnTiles), traits.software ? 4 : 8);
  return { columns, rows: threads / columns };
}

function forward(name: string, { geometry: g, bias, relu }: ForwardOptions, pool: boolean, traits: DeviceTraits): KernelSpec {
  const rows = pool ? g.batch * (g.outHeight >> 1) * (g.outWidth >> 1) * 4 : g.batch * g.outHeight * g.outWidth;
  const tileVectors = g.groupOutChannels % 4 === 0 && g.groupOutChannels > 4 ? 2 : 1;
  const tileRows = 8;
  const columnTiles = Math.ceil(g.groupOutChannels / (4 * tileVectors));
  const group = groupSize(columnTiles, traits);
  const columnGroups = Math.ceil(columnTiles / group.columns);
  const vectorIn = g.groupInChannels % 4 === 0;
  return {
    name,
    shader: forwardShader,
    constants: {
      ...geometryConstants(g),
      BIAS: bias,
      RELU: relu,
      POOL: pool,
      VECTOR_IN: vectorIn,
      VECTOR_OUT: g.groupOutChannels % 4 === 0,
      ROWS: rows,
      TILE_ROWS: tileRows,
      TILE_VECTORS: tileVectors,
      GROUP_COLUMNS: group.columns,
      GROUP_ROWS: group.rows,
      COLUMN_TILES: columnGroups,
      CHUNKS: vectorIn ? g.groupInChannels / 4 : g.groupInChannels,
    },
    bindings: ["read", "read", ...(bias ? (["read"] as const) : []), "write", ...(pool ? (["write"] as const) : [])],
    workgroups: linearWorkgroups(Math.ceil(rows / (tileRows * group.rows)) * columnGroups * g.groups, 1),
    variant: `${tileRows} rows × ${4 * tileVectors} channels a thread, ${group.columns * group.rows} threads`,
    flops: flopsOf(g),
  };
}

/** Convolution, with bias and ReLU if asked. Bindings: input, filter, [bias], output. */
export function conv2dForward(options: ForwardOptions, traits: DeviceTraits): KernelSpec {
  return forward("conv2d_forward", options, false, traits);
}

/**
 * Convolution + bias + ReLU + 2×2 max-pool. Bindings: input, filter, [bias], pooled, winners (u32 [pooled pixels,
 * ceil(channels / 4)], a byte a channel: 0–3 the first maximum, 4 a dead ReLU). Wants one group, or groups of a
 * multiple of four channels.
 */
export function conv2dPoolForward(options: ForwardOptions, traits: DeviceTraits): KernelSpec {
  return forward("conv2d_pool_forward", options, true, traits);
}

/** d loss / d input. Bindings: upstream, [winners], filter, input gradient. */
export function conv2dInputGradient(
  { geometry: g, unpool }: { readonly geometry: ConvGeometry; readonly unpool: boolean },
  traits: DeviceTraits,
): KernelSpec {
  const rows = g.batch * g.inHeight * g.inWidth;
  const tileRows = 8;
  const tileColumns = Math.min(8, g.groupInChannels);
  const columnTiles = Math.ceil(g.groupInChannels / tileColumns);
  const group = groupSize(columnTiles, traits);
  const columnGroups = Math.ceil(columnTiles / group.columns);
  const vector = g.groupOutChannels % 4 === 0;
  return {
    name: "conv2d_input_gradient",
    shader: inputGradientShader,
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
    bindings: ["read", ...(unpool ? (["read"] as const) : []), "read", "write"],
    workgroups: linearWorkgroups(Math.ceil(rows / (tileRows * group.rows)) * columnGroups * g.groups, 1),
    variant: `${tileRows} rows × ${tileColumns} channels a thread, ${group.columns * group.rows} threads`,
    flops: flopsOf(g),
  };
}

interface FilterGradientTile {
  readonly unit: number;
  readonly units: number;
  readonly tileUnits: number;
  readonly tileVectors: number;
  readonly group: { columns: number; rows: number };
  readonly unitGroups: number;
  readonly columnGroups: number;
  /** Rows of pixels that are summed. */
  readonly lines: number;
}

function filterGradientTile(g: ConvGeometry, unpool: boolean, traits: DeviceTraits): FilterGradientTile {
  const unit = g.groupInChannels % 4 === 0 ? 4 : 1;
  const units = (g.kernelHeight * g.kernelWidth * g.groupInChannels) / unit;
  const vector = g.groupOutChannels % 4 === 0;
  // Stores of single elements make long shaders, which take software adapters seconds to compile: smaller tiles there.
  const tileUnits = unit === 4 ? (vector ? 4 : 2) : Math.min(vector ? 9 : 4, units);
  const tileVectors = vector && g.groupOutChannels > 4 ? 2 : 1;
  const columnTiles = Math.ceil(g.groupOutChannels / (4 * tileVectors));
  const unitTiles = Math.ceil(units / tileUnits);
  const threads = traits.software ? 16 : 64;
  const columns = Math.min(powerOfTwoAtLeast(columnTiles), traits.software ? 4 : 8);
  const rows = Math.min(powerOfTwoAtLeast(unitTiles), threads / columns);
  return {
    unit,
    units,
    tileUnits,
    tileVectors,
    group: { columns, rows },
    unitGroups: Math.ceil(unitTiles / rows),
    columnGroups: Math.ceil(columnTiles / columns),
    lines: g.batch * (unpool ? g.outHeight >> 1 : g.outHeight),
  };
}

/** Into how many partial sums the filter gradient is cut, so that there are workgroups for every core. */
export function filterGradientSlices(g: ConvGeometry, unpool: boolean, traits: DeviceTraits): number {
  const tile = filterGradientTile(g, unpool, traits);
  const groups = tile.unitGroups * tile.columnGroups * g.groups;
  const wanted = Math.ceil((traits.software ? 16 : 256) / groups);
  // A slice of fewer than four lines would spend its time on writing partial sums.
  return Math.max(1, Math.min(wanted, Math.ceil(tile.lines / 4)));
}

function aligned(size: number): number {
  return Math.ceil(size / 64) * 64;
}

/**
 * d loss / d filter (and d loss / d bias) as `slices` partial sums. Bindings: input, upstream, [winners], filter
 * partials, [bias partials]; partial s starts at s · size rounded up to 64 elements.
 */
export function conv2dFilterGradient(
  options: { readonly geometry: ConvGeometry; readonly unpool: boolean; readonly bias: boolean; readonly slices: number },
  traits: DeviceTraits,
): KernelSpec {
  const { geometry: g, unpool, bias, slices } = options;
  const tile = filterGradientTile(g, unpool, traits);
  const linesPerImage = unpool ? g.outHeight >> 1 : g.outHeight;
  return {
    name: "conv2d_filter_gradient",
    shader: filterGradientShader,
    constants: {
      ...geometryConstants(g),
      UNPOOL: unpool,
      BIAS: bias,
      UNIT: tile.unit,
      UNITS: tile.units,
      TILE_UNITS: tile.tileUnits,
      TILE_VECTORS: tile.tileVectors,
      VECTOR_OUT: g.groupOutChannels % 4 === 0,
      GROUP_COLUMNS: tile.group.columns,
      GROUP_ROWS: tile.group.rows,
      COLUMN_TILES: tile.columnGroups,
      LINES: tile.lines,
      LINES_PER_IMAGE: linesPerImage,
      LINES_PER_SLICE: Math.ceil(tile.lines / slices),
      PIXELS_PER_LINE: unpool ? g.outWidth >> 1 : g.outWidth,
      FILTER_STRIDE: aligned(g.kernelHeight * g.kernelWidth * g.groupInChannels * g.outChannels),
      BIAS_STRIDE: aligned(g.outChannels),
    },
    bindings: ["read", "read", ...(unpool ? (["read"] as const) : []), "write", ...(bias ? (["write"] as const) : [])],
    workgroups: [tile.unitGroups, tile.columnGroups * g.groups, slices],
    variant: `${tile.tileUnits * tile.unit} × ${4 * tile.tileVectors} weights a thread, ${tile.group.columns * tile.group.rows} threads, ${slices} slices`,
    flops: flopsOf(g),
  };
}
