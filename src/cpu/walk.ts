import type { Shape } from "../core/shape.ts";
import { sizeOf } from "../core/shape.ts";

/**
 * Calls `visit(index, offset)` for every element of `shape` in row-major order; `offset` follows `strides` (in
 * elements), so that broadcasting and transposing are a matter of strides.
 */
export function walk(shape: Shape, strides: readonly number[], visit: (index: number, offset: number) => void): void {
  walkPair(shape, strides, strides, visit);
}

/** The same with two offsets, each with strides of its own. */
export function walkPair(
  shape: Shape,
  stridesA: readonly number[],
  stridesB: readonly number[],
  visit: (index: number, offsetA: number, offsetB: number) => void,
): void {
  const size = sizeOf(shape);
  const position = shape.map(() => 0);
  let [offsetA, offsetB] = [0, 0];
  for (let index = 0; index < size; index++) {
    visit(index, offsetA, offsetB);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const last = (shape[axis] as number) - 1;
      const place = position[axis] as number;
      if (place < last) {
        position[axis] = place + 1;
        offsetA += stridesA[axis] as number;
        offsetB += stridesB[axis] as number;
        break;
      }
      position[axis] = 0;
      offsetA -= (stridesA[axis] as number) * last;
      offsetB -= (stridesB[axis] as number) * last;
    }
  }
}
