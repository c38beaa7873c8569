/** What ops do along the axes of shapes. */
import { describeValue, formatShape } from "./describe.ts";
import { ShapeError } from "./errors.ts";
import type { Shape } from "./shape.ts";

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/** NumPy's broadcasting rule: axes are aligned at the end, an extent of 1 stretches. */
export function broadcastShapes(what: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const extentA = a[a.length - rank + axis] ?? 1;
    const extentB = b[b.length - rank + axis] ?? 1;
    if (extentA !== extentB && extentA !== 1 && extentB !== 1) {
      throw new ShapeError(`${what}: ${formatShape(a)} and ${formatShape(b)} do not broadcast together.`);
    }
    result.push(extentA === 1 ? extentB : extentA);
  }
  return result;
}

/**
 * Strides, in elements, with which `shape` is read while walking over `target`:
 * 0 along the axes that broadcasting stretches.
 */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => {
    const ownAxis = axis - missing;
    return ownAxis < 0 || shape[ownAxis] === 1 ? 0 : (own[ownAxis] ?? 0);
  });
}

/** Axes as non-negative, unique, ascending numbers; `undefined` means all of them. */
export function normalizeAxes(what: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  // Axes that come from elsewhere may be anything.
  const list = Array.isArray(axes) ? axes : [axes];
  const normal = list.map((axis) => {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
      throw new ShapeError(`${what}: axis ${describeValue(axis)} does not exist in a tensor of rank ${rank}.`);
    }
    return axis < 0 ? axis + rank : axis;
  });
  return [...new Set(normal)].sort((a, b) => a - b);
}

/** The shape left after reducing `axes` (normalised). */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  const reduced = new Set(axes);
  const result: number[] = [];
  shape.forEach((extent, axis) => {
    if (!reduced.has(axis)) result.push(extent);
    else if (keepDims) result.push(1);
  });
  return result;
}
