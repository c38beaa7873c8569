import { ShapeError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Node, Variable } from "../node.ts";

/** Where steps are recorded, and which one it is. */
export interface StepRing {
  /**
   * f32 [rows, values]: row (step mod capacity) takes a step's values, one behind the other. What records them says whether
   * all rows take steps.
   */
  readonly ring: Variable;
  /** u32 scalars that grow by one with each step; the first is the step that picks the row. */
  readonly counters: readonly Variable[];
}

/** Elements of a row that holds these values. Throws `ShapeError` unless the ring has such rows, at least `leastRows`. */
export function checkStepRing(
  what: string,
  { ring, counters }: StepRing,
  recorded: readonly Pick<Node, "shape">[],
  leastRows: number,
): number {
  const width = recorded.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const [rows = 0, values] = ring.shape;
  if (ring.dtype !== "f32" || ring.shape.length !== 2 || values !== width || rows < leastRows) {
    throw new ShapeError(
      `${what}: ${width} f32 values a step do not fit a ring ${ring.dtype} ${formatShape(ring.shape)}.`,
    );
  }
  if (counters.some(({ dtype, size }) => dtype !== "u32" || size !== 1) || counters.length === 0) {
    throw new ShapeError(`${what}: wants at least one counter, all u32 scalars.`);
  }
  return width;
}
