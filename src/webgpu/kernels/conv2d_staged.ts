import stagedShader from "../../../shaders/conv2d_staged.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { kernel } from "../variants.ts";
import { fixedLengths } from "./conv2d_blocks.ts";
import { filterSize, geometryConstants, inputSize } from "./conv2d_constants.ts";
import { type ForwardOptions, forwardBindings, forwardIncludes } from "./conv2d_forward.ts";
import { convFlops } from "./conv2d_tiles.ts";
import { loadedAs } from "./patches.ts";

/** How a workgroup of conv2d_staged.wgsl shares its work. */
export interface StagedTile {
  /** Pixels and channels of a thread, in vectors of four. */
  readonly rowVectors: number;
  readonly columnVectors: number;
  /** Threads along pixels and channels. */
  readonly threadsDown: number;
  readonly threadsAcross: number;
  /** Input channels of a turn. */
  readonly kTile: number;
}

const threadsOf = ({ threadsDown, threadsAcross }: StagedTile) => threadsDown * threadsAcross;
const rowsOf = ({ rowVectors, threadsDown }: StagedTile) => 4 * rowVectors * threadsDown;
const columnsOf = ({ columnVectors, threadsAcross }: StagedTile) => 4 * columnVectors * threadsAcross;

/** Channels on either side from which on bringing them into workgroup memory pays. */
const LEAST_CHANNELS = 16;

/** Whether the kernel is for this convolution: on graphics cards, where memory of a workgroup is quick. */
export function isStaged(g: ConvGeometry, { software, maxWorkgroupSize }: DeviceTraits): boolean {
  const fits = (channels: number) => channels >= LEAST_CHANNELS && channels % 8 === 0;
  return !software && maxWorkgroupSize >= 64 && g.groups === 1 && fits(g.inChannels) && fits(g.outChannels);
}

/** From this many workgroups on a card has work for all its processors. */
const ENOUGH_WORKGROUPS = 128;

/**
 * Tiles from the largest on: of 64 sums a thread, which need 128 registers, of 32 and of 16. The more a thread computes, the more
 * of its instructions are multiply-adds (bench/results/2026-12-01-isa-staged.txt); the less, the more workgroups there are.
 */
export const STAGED_TILES: readonly StagedTile[] = [
  { rowVectors: 2, columnVectors: 2, threadsDown: 8, threadsAcross: 8, kTile: 8 },
  { rowVectors: 2, columnVectors: 1, threadsDown: 8, threadsAcross: 8, kTile: 8 },
  { rowVectors: 1, columnVectors: 1, threadsDown: 8, threadsAcross: 8, kTile: 8 },
];

function workgroupsOf(rows: number, channels: number, tile: StagedTile): number {
  return Math.ceil(rows / rowsOf(tile)) * Math.ceil(channels / columnsOf(tile));
}

/** The largest tile that leaves a card no processor without work and no column of threads without channels, else the smallest. */
export function stagedTile(rows: number, channels: number): StagedTile {
  const fitting = STAGED_TILES.filter((tile) => columnsOf(tile) <= channels || columnsOf(tile) <= 32);
  const found = fitting.find((tile) => workgroupsOf(rows, channels, tile) >= ENOUGH_WORKGROUPS);
  return found ?? (fitting.at(-1) as StagedTile);
}

/** As `conv2dForward`, where `isStaged`; else undefined. */
export function stagedForward(
  options: ForwardOptions,
  traits: DeviceTraits,
  choice: Partial<StagedTile> = {},
): KernelSpec | undefined {
  const { geometry: g, bias, relu, silu, derivative = false, pool = false } = options;
  if (!isStaged(g, traits)) return undefined;
  const pooled = (g.outHeight >> 1) * (g.outWidth >> 1);
  const rows = g.batch * (pool ? 4 * pooled : g.outHeight * g.outWidth);
  const tile = { ...stagedTile(rows, g.outChannels), ...choice };
  const threads = threadsOf(tile);
  return kernel(() => ({
    name: "conv2d_staged",
    shader: stagedShader,
    includes: forwardIncludes(silu),
    constants: {
      ...geometryConstants(g),
      BIAS: bias,
      RELU: relu,
      SILU: silu !== undefined,
      DERIVATIVE: derivative,
      POOL: pool,
      ROWS: rows,
      THREADS: threads,
      THREADS_ACROSS: tile.threadsAcross,
      ROW_VECTORS: tile.rowVectors,
      COLUMN_VECTORS: tile.columnVectors,
      TILE_ROWS: rowsOf(tile),
      TILE_COLUMNS: columnsOf(tile),
      K_TILE: tile.kTile,
      COLUMN_TILES: Math.ceil(g.outChannels / columnsOf(tile)),
      PIXEL_LOADS: (rowsOf(tile) * tile.kTile) / 4 / threads,
      WEIGHT_LOADS: (columnsOf(tile) * tile.kTile) / 4 / threads,
      ...loadedAs("input", "vectors"),
      ...loadedAs("filters", "vectors"),
      ...fixedLengths(traits, { INPUT_LENGTH: inputSize(g) / 4, FILTERS_LENGTH: filterSize(g) / 4 }),
    },
    bindings: forwardBindings(bias, pool, derivative),
    workgroups: linearWorkgroups(workgroupsOf(rows, g.outChannels, tile), 1),
    variant: `${rowsOf(tile)} pixels × ${columnsOf(tile)} channels staged, ${threads} threads`,
    flops: convFlops(g),
    halves: { HALF_INPUT: "input", HALF_OUTPUT: "output" },
  }));
}
