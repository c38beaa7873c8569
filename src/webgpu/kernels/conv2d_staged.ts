import stagedShader from "../../../shaders/conv2d_staged.wgsl?raw";
import stagedMemory from "../../../shaders/staged_memory.wgsl?raw";
import stagedTurn from "../../../shaders/staged_turn.wgsl?raw";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups } from "../kernel.ts";
import { kernel } from "../variants.ts";
import { geometryConstants } from "./conv2d_constants.ts";
import { type ForwardOptions, forwardBindings, forwardIncludes } from "./conv2d_forward.ts";
import { convFlops } from "./conv2d_tiles.ts";
import { loadedAs } from "./patches.ts";

/** How a workgroup shares the work of a product whose factors it brings into its memory. */
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

export const threadsOf = ({ threadsDown, threadsAcross }: StagedTile) => threadsDown * threadsAcross;
export const rowsOf = ({ rowVectors, threadsDown }: StagedTile) => 4 * rowVectors * threadsDown;
export const columnsOf = ({ columnVectors, threadsAcross }: StagedTile) => 4 * columnVectors * threadsAcross;

/** Channels on either side from which on bringing them into workgroup memory pays. */
const LEAST_CHANNELS = 16;

/** Whether the kernels are for this convolution: on graphics cards, where memory of a workgroup is quick. */
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

export function workgroupsOf(rows: number, channels: number, tile: StagedTile): number {
  return Math.ceil(rows / rowsOf(tile)) * Math.ceil(channels / columnsOf(tile));
}

/** The largest tile that leaves a card no processor without work and no column of threads without channels, else the smallest. */
export function stagedTile(rows: number, channels: number): StagedTile {
  const fitting = STAGED_TILES.filter((tile) => columnsOf(tile) <= channels || columnsOf(tile) <= 32);
  const found = fitting.find((tile) => workgroupsOf(rows, channels, tile) >= ENOUGH_WORKGROUPS);
  return found ?? (fitting.at(-1) as StagedTile);
}

export const stagedIncludes = { staged_memory: stagedMemory, staged_turn: stagedTurn };

/** The constants of staged_memory.wgsl and staged_turn.wgsl, and of the loads before a turn: a product of so many rows and columns. */
export function tileConstants(tile: StagedTile, rows: number, columns: number) {
  const threads = threadsOf(tile);
  return {
    ROWS: rows,
    THREADS: threads,
    THREADS_ACROSS: tile.threadsAcross,
    ROW_VECTORS: tile.rowVectors,
    COLUMN_VECTORS: tile.columnVectors,
    TILE_ROWS: rowsOf(tile),
    TILE_COLUMNS: columnsOf(tile),
    K_TILE: tile.kTile,
    COLUMN_TILES: Math.ceil(columns / columnsOf(tile)),
    PIXEL_LOADS: (rowsOf(tile) * tile.kTile) / 4 / threads,
    WEIGHT_LOADS: (columnsOf(tile) * tile.kTile) / 4 / threads,
  };
}

export const describeTile = (tile: StagedTile) =>
  `${rowsOf(tile)} pixels × ${columnsOf(tile)} channels staged, ${threadsOf(tile)} threads`;

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
  return kernel(() => ({
    name: "conv2d_staged",
    shader: stagedShader,
    includes: { ...forwardIncludes(silu), ...stagedIncludes },
    constants: {
      ...geometryConstants(g),
      BIAS: bias,
      RELU: relu,
      SILU: silu !== undefined,
      DERIVATIVE: derivative,
      POOL: pool,
      ...tileConstants(tile, rows, g.outChannels),
      ...loadedAs("input", "vectors"),
      ...loadedAs("filters", "vectors"),
      FIXED_LENGTHS: false,
    },
    bindings: forwardBindings(bias, pool, derivative),
    workgroups: linearWorkgroups(workgroupsOf(rows, g.outChannels, tile), 1),
    variant: describeTile(tile),
    flops: convFlops(g),
    halves: { HALF_INPUT: "input", HALF_OUTPUT: "output" },
  }));
}
