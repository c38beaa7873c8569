import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { DeviceTraits } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import type { BlockTile } from "./conv2d_tiles.ts";
import { type GroupSize, groupOf, workgroupPlaces } from "./patches.ts";

/**
 * How channels and groups map to vectors. Where a group's channels do not fill vectors of four, all groups' channels are
 * one row and each of a vector's lanes finds its own group (`perLane` 1; 2 for plain depthwise, where lanes are neighbours).
 */
export interface Columns {
  readonly perLane: 0 | 1 | 2;
  readonly perGroup: number;
  readonly channelsPerGroup: number;
  readonly count: number;
}

export function columnsOf(g: ConvGeometry, channels: number, vectors: number): Columns {
  const groupChannels = channels / g.groups;
  const depthwise = g.groupInChannels === 1 && g.groupOutChannels === 1 && channels % 4 === 0;
  const perLane = g.groups === 1 || groupChannels % 4 === 0 ? 0 : depthwise ? 2 : 1;
  const channelsPerGroup = perLane > 0 ? channels : groupChannels;
  const perGroup = Math.ceil(channelsPerGroup / (4 * vectors));
  return { perLane, perGroup, channelsPerGroup, count: perGroup * (perLane > 0 ? 1 : g.groups) };
}

export function blockConstants(
  tile: BlockTile,
  columns: Columns,
  height: number,
  width: number,
  batch: number,
  traits: DeviceTraits,
) {
  const across = Math.ceil(width / tile.width);
  const down = Math.ceil(height / tile.height);
  const threads = traits.software ? 16 : 64;
  const group = groupOf(columns.count, threads, traits.software ? 4 : 16);
  const places = workgroupPlaces(batch * across * down, columns.count, group);
  return {
    constants: {
      ...places.constants,
      PER_LANE: columns.perLane,
      CHANNEL_UNIT: tile.unit,
      BLOCK_HEIGHT: tile.height,
      BLOCK_WIDTH: tile.width,
      VECTORS: tile.vectors,
      BLOCKS_ACROSS: across,
      BLOCKS_DOWN: down,
      COLUMNS_PER_GROUP: columns.perGroup,
      CHANNELS_PER_GROUP: columns.channelsPerGroup,
    },
    workgroups: places.workgroups,
    variant: `${tile.height} × ${tile.width} pixels × ${4 * tile.vectors} channels a thread, ${threads} threads`,
  };
}

/**
 * Which columns of the patch can hold values: all, but where one block spans the row the others are known to be padding.
 * The first value, of `width`, lies in column `first`.
 */
export function patchColumns(blocksAcross: number, patchWidth: number, first: number, width: number) {
  if (blocksAcross > 1) return { FIRST_COLUMN: 0, END_COLUMN: patchWidth };
  const clamp = (column: number) => Math.max(0, Math.min(column, patchWidth));
  return { FIRST_COLUMN: clamp(first), END_COLUMN: clamp(first + width) };
}

/**
 * Rows or columns of the patch that lie inside the image whatever the block. Those of the first block begin at `padding`,
 * those of the last end after `size` more.
 */
export function sureRange(axis: "ROW" | "COLUMN", padding: number, size: number) {
  return { [`FIRST_SURE_${axis}`]: padding, [`END_SURE_${axis}`]: Math.max(padding, padding + size) };
}

/** Elements of the arrays behind the bindings, which the types of a software adapter's arrays carry. */
export function fixedLengths(traits: DeviceTraits, lengths: Readonly<Record<string, number>>): ShaderConstants {
  return { FIXED_LENGTHS: traits.software, ...(traits.software && lengths) };
}

/** Threads of a workgroup along columns and rows. */
export function groupSize(columnTiles: number, traits: DeviceTraits): GroupSize {
  return traits.software ? groupOf(columnTiles, 16, 4) : groupOf(columnTiles, 64, 8);
}
