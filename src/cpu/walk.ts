import type { Shape } from "../core/shape.ts";
import { sizeOf } from "../core/shape.ts";

/**
 * Calls `visit(index, offset)` for every element of `shape` in row-major order; `offset` follows `strides` (in
 * elements), so that broadcasting and transposing are a matter of strides.
 */
export function walk(shape: Shape, strides: readonly number[], visit: (index: number, offset: number) => void): void {
  const size = sizeOf(shape);
  const position = shape.map(() => 0);
  let offset = 0;
  for (let index = 0; index < size; index++) {
    visit(index, offset);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = shape[axis] as number;
      const stride = strides[axis] as number;
      const next = (position[axis] as number) + 1;
      if (next < extent) {
        position[axis] = next;
        offset += stride;
        break;
      }
      position[axis] = 0;
      offset -= stride * (extent - 1);
    }
  }
}
