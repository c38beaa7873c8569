import blockOrigin from "../../../shaders/block_origin.wgsl?raw";
import load from "../../../shaders/load.wgsl?raw";
import loadedTensor from "../../../shaders/loaded_tensor.wgsl?raw";
import patchNext from "../../../shaders/patch_next.wgsl?raw";
import patchRows from "../../../shaders/patch_rows.wgsl?raw";
import patchStart from "../../../shaders/patch_start.wgsl?raw";
import workgroupPlace from "../../../shaders/workgroup_place.wgsl?raw";
import type { ShaderConstants } from "../preprocess.ts";

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
