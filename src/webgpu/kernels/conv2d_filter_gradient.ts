import filterGradientShader from "../../../shaders/conv2d_filter_gradient.wgsl?raw";
import channels from "../../../shaders/filter_gradient_channels.wgsl?raw";
import products from "../../../shaders/filter_gradient_products.wgsl?raw";
import unpooledGradients from "../../../shaders/filter_gradient_unpool.wgsl?raw";
import gradients from "../../../shaders/filter_gradient_upstream.wgsl?raw";
import zeroSums from "../../../shaders/filter_gradient_zero.wgsl?raw";
import slicePlace from "../../../shaders/slice_place.wgsl?raw";
import { alignTo } from "../../core/align_to.ts";
import { InternalError } from "../../core/errors.ts";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { Arena } from "../../graph/node.ts";
import { type DeviceTraits, type KernelSpec, presentBindings, type Variant } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { type KernelForm, kernel } from "../variants.ts";
import { type Columns, columnsOf, fixedLengths, patchColumns } from "./conv2d_blocks.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import { convFlops } from "./conv2d_tiles.ts";
import { type FilterGradientTile, filterGradientTile, quickFilterGradientTile } from "./filter_gradient_tiles.ts";
import { channelsAs, loadedAs, patchIncludes } from "./patches.ts";
import { powerOfTwoAtLeast } from "./sizes.ts";

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

export interface FilterGradientOptions {
  readonly geometry: ConvGeometry;
  readonly unpool: boolean;
  /** As in `InputGradientOptions`; of whole vectors of channels. Default false. */
  readonly scaled?: boolean;
  readonly bias: boolean;
  readonly slices: number;
  /** The text of conv2d_winners_filter_gradient.wgsl, which is fetched where tiles may want it (rules/winners.ts). */
  readonly winnersShader?: string | undefined;
}

/**
 * d loss / d filter (and d loss / d bias) as `slices` partial sums; partial s starts at s · size rounded up to 64 elements.
 */
export function conv2dFilterGradient(
  options: FilterGradientOptions,
  traits: DeviceTraits,
  choice: Partial<FilterGradientTile> = {},
): KernelSpec {
  const form = ({ tile = {} }: Variant<Partial<FilterGradientTile>>) => filterGradientForm(options, traits, tile);
  return kernel(form, { tile: choice });
}

/** What a thread of conv2d_filter_gradient.wgsl does, step by step, with what it shares with other convolutions. */
const filterGradientIncludes = {
  ...patchIncludes,
  filter_gradient_channels: channels,
  filter_gradient_products: products,
  filter_gradient_unpool: unpooledGradients,
  filter_gradient_upstream: gradients,
  filter_gradient_zero: zeroSums,
  slice_place: slicePlace,
};

function filterGradientForm(
  options: FilterGradientOptions,
  traits: DeviceTraits,
  choice: Partial<FilterGradientTile>,
): KernelForm<FilterGradientTile> {
  const { geometry: g, unpool, scaled = false, bias, slices, winnersShader } = options;
  const plan = planFilterGradient(g, unpool, traits, choice);
  const { tile, columns, units, group } = plan;
  const [groupColumns, groupUnits, groupSlices] = group;
  const shader = tile.winners ? winnersShader : filterGradientShader;
  if (shader === undefined) throw new InternalError("conv2dFilterGradient: the shader for winners was not fetched");
  return {
    name: tile.winners ? "conv2d_winners_filter_gradient" : "conv2d_filter_gradient",
    shader,
    includes: filterGradientIncludes,
    constants: filterGradientConstants(options, plan, traits),
    bindings: filterGradientBindings(unpool, scaled, bias),
    workgroups: [
      Math.ceil(units / groupUnits),
      Math.ceil(columns.count / groupColumns),
      Math.ceil(slices / groupSlices),
    ],
    variant:
      `${tile.winners ? "winners only, " : ""}${tile.tapRows * g.kernelWidth} taps × ${tile.unit} × ${4 * tile.vectors} weights a thread, ` +
      `${groupColumns * groupUnits * groupSlices} threads, ${slices} slice${slices === 1 ? "" : "s"}`,
    flops: convFlops(g) / (tile.winners ? 4 : 1),
    tuning: { kind: "filterGradient", geometry: g, unpool: unpool && winnersShader !== undefined, tile },
    quick: quickFilterGradientTile(g, tile, traits),
    halves: {
      HALF_INPUT: columns.perLane !== 1 && g.inChannels % 4 === 0 && "input",
      HALF_UPSTREAM: g.outChannels % 4 === 0 && "upstream",
    },
  };
}

export function filterGradientBindings(unpool: boolean, scaled: boolean, bias: boolean): KernelSpec["bindings"] {
  return presentBindings({
    input: "read",
    upstream: "read",
    winners: unpool && "read",
    derivative: scaled && "read",
    filterPartials: "write",
    biasPartials: bias && "write",
  });
}

function filterGradientConstants(
  { geometry: g, unpool, scaled = false, bias, slices }: FilterGradientOptions,
  { tile, columns, units, group, blocksAcross, blocksDown, lines }: FilterGradientPlan,
  traits: DeviceTraits,
): ShaderConstants {
  const [groupColumns, groupUnits, groupSlices] = group;
  const pooledPixels = g.batch * (g.outHeight >> 1) * (g.outWidth >> 1);
  const patchWidth = (tile.width - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1;
  return {
    ...geometryConstants(g),
    UNPOOL: unpool,
    SCALED: scaled,
    BIAS: bias,
    PER_LANE: columns.perLane,
    CHANNEL_UNIT: tile.unit,
    ...loadedAs("input", channelsAs(columns.perLane, tile.unit)),
    ...loadedAs("upstream", g.outChannels % 4 === 0 ? "vectors" : "gathered"),
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
    BLOCK_PITCH: tile.width * g.strideWidth,
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
      INPUT_LENGTH: inputSize(g) / (tile.unit === 4 || columns.perLane === 2 ? 4 : 1),
      UPSTREAM_LENGTH:
        ((unpool ? pooledPixels : g.batch * g.outHeight * g.outWidth) * g.outChannels) /
        (g.outChannels % 4 === 0 ? 4 : 1),
      WINNERS_LENGTH: pooledPixels * Math.ceil(g.outChannels / 4),
    }),
  };
}
