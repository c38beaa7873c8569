import { formatShape } from "./describe.ts";
import { ShapeError } from "./errors.ts";

export { formatShape };

/** Sizes of a tensor's axes, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** Throws unless every extent is a whole number of at least 1 (or 0 where `allowZero`). */
export function checkShape(what: string, shape: Shape): void {
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new ShapeError(`${what}: every size must be a whole number of at least 1, got ${formatShape(shape)}.`);
    }
  }
  if (sizeOf(shape) > Number.MAX_SAFE_INTEGER) {
    throw new ShapeError(`${what}: ${formatShape(shape)} holds more elements than can be counted.`);
  }
}
