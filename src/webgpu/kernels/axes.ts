import { at } from "../../core/at.ts";

/** A walk over axes, outermost first, with the strides of each tensor that is read on the way. */
export interface AxisWalk {
  readonly extents: readonly number[];
  /** One list a tensor, in elements; 0 along an axis that is stretched. */
  readonly strides: readonly (readonly number[])[];
}

/**
 * The same walk with as few axes as possible, and at least one: extents of 1 go, and neighbouring axes that every
 * tensor walks as if they were one become one. A division per axis and thread is what each of them costs.
 */
export function mergeAxes({ extents, strides }: AxisWalk): AxisWalk {
  const merged: number[] = [];
  const mergedStrides: number[][] = strides.map(() => []);
  extents.forEach((extent, axis) => {
    if (extent === 1) return;
    const last = merged.length - 1;
    const own = strides.map((list) => at(list, axis));
    if (last >= 0 && mergedStrides.every((list, tensor) => list[last] === at(own, tensor) * extent)) {
      merged[last] = at(merged, last) * extent;
      mergedStrides.forEach((list, tensor) => {
        list[last] = at(own, tensor);
      });
    } else {
      merged.push(extent);
      mergedStrides.forEach((list, tensor) => {
        list.push(at(own, tensor));
      });
    }
  });
  if (merged.length === 0) return { extents: [1], strides: strides.map(() => [0]) };
  return { extents: merged, strides: mergedStrides };
}

/** The innermost entry of a list of at least one. */
export function innermost(list: readonly number[]): number {
  return at(list, list.length - 1);
}

/** `list` with its innermost entry divided by four: an axis that is walked a vector at a time. */
export function quarterInnermost(list: readonly number[]): number[] {
  return [...list.slice(0, -1), innermost(list) / 4];
}

/** Strides of a tensor whose innermost axis is read as vectors: the innermost stays 1, the others count vectors. */
export function vectorStrides(strides: readonly number[]): number[] {
  return [...strides.slice(0, -1).map((stride) => stride / 4), 1];
}
