import blockOrigin from "../../../shaders/block_origin.wgsl?raw";
import load from "../../../shaders/load.wgsl?raw";
import loadedTensor from "../../../shaders/loaded_tensor.wgsl?raw";
import patchNext from "../../../shaders/patch_next.wgsl?raw";
import patchRows from "../../../shaders/patch_rows.wgsl?raw";
import patchStart from "../../../shaders/patch_start.wgsl?raw";
import workgroupPlace from "../../../shaders/workgroup_place.wgsl?raw";
import { linearWorkgroups } from "../kernel.ts";
import type { ShaderConstants } from "../preprocess.ts";
import { powerOfTwoAtLeast } from "./sizes.ts";

/** What the shaders of convolutions include: which block a thread takes, and how it reads its patch of the image. */
export const patchIncludes = {
  block_origin: blockOrigin,
  load,
  loaded_tensor: loadedTensor,
  patch_next: patchNext,
  patch_rows: patchRows,
  patch_start: patchStart,
  workgroup_place: workgroupPlace,
};

/** Threads of a workgroup along columns of channels and along blocks. */
export interface GroupSize {
  readonly columns: number;
  readonly rows: number;
}

/** `threads` of a workgroup, of which neighbours take neighbouring columns, up to `most` of them: those lie side by side in memory. */
export function groupOf(columns: number, threads: number, most: number): GroupSize {
  const across = Math.min(powerOfTwoAtLeast(columns), most);
  return { columns: across, rows: threads / across };
}

/** How threads share `count` places (blocks, lines, strips) × `columns`: the constants of workgroup_place.wgsl, and the workgroups. */
export function workgroupPlaces(count: number, columns: number, group: GroupSize) {
  const columnTiles = Math.ceil(columns / group.columns);
  const constants = {
    COLUMNS: columns,
    COLUMN_TILES: columnTiles,
    GROUP_COLUMNS: group.columns,
    PLACES: count,
    GROUP_PLACES: group.rows,
  };
  return { constants, workgroups: linearWorkgroups(columnTiles * Math.ceil(count / group.rows), 1) };
}

/** How load.wgsl reads a tensor: four channels at a time, one value, or four values from places apart. */
export type LoadedAs = "vectors" | "values" | "gathered";

/** The constants by which shaders know how to read a tensor that they have by that name. */
export function loadedAs(name: string, as: LoadedAs): ShaderConstants {
  const tensor = name.toUpperCase();
  return { [`VECTOR_${tensor}`]: as === "vectors", [`GATHER_${tensor}`]: as === "gathered", [`HALF_${tensor}`]: false };
}

/** How a block's channels are read, `unit` of them together, where lanes have channels of their own (`Columns.perLane`). */
export function channelsAs(perLane: 0 | 1 | 2, unit: number): LoadedAs {
  if (perLane === 1) return "gathered";
  return unit === 4 || perLane === 2 ? "vectors" : "values";
}
