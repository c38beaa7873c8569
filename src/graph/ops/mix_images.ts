import { at } from "../../core/at.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { checkMixing, type Mixing } from "../../core/mixing.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { COUNTS, defineOp, FLOATS, type OpDefinition } from "../op.ts";

/** Columns of a plan: share, partner, and the rectangle's top, bottom, left, right. */
export const PLAN_COLUMNS = 6;

export interface MixingPlanAttributes extends Required<Mixing> {
  /** Images of the data set, of which the last batch of each epoch may be shorter. */
  readonly count: number;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly seed: number;
}

export const mixingPlanOp: OpDefinition<MixingPlanAttributes> = defineOp<MixingPlanAttributes>({
  name: "mixingPlan",
  operands: { cursor: COUNTS },
  infer(given, { count, batch, height, width }, what) {
    const cursor = given.operand("cursor");
    if (cursor.shape.length !== 0) {
      throw new ShapeError(`${what}: the number of the batch must be a scalar, got ${formatShape(cursor.shape)}.`);
    }
    if (![count, batch, height, width].every((extent) => Number.isInteger(extent) && extent >= 1)) {
      throw new ArgumentError(
        `${what}: count (${count}), batch (${batch}), height (${height}) and width (${width}) must be whole numbers of at least 1.`,
      );
    }
    return { shape: [batch, PLAN_COLUMNS], dtype: "f32" };
  },
});

export const mixImagesOp: OpDefinition = defineOp({
  name: "mixImages",
  operands: { x: FLOATS, plan: FLOATS },
  infer(given, _, what) {
    const [x, plan] = [given.operand("x"), given.operand("plan")];
    if (x.shape.length !== 4 || plan.shape.join() !== `${at(x.shape, 0)},${PLAN_COLUMNS}`) {
      throw new ShapeError(
        `${what}: wants images [batch, height, width, channels] and a plan [batch, ${PLAN_COLUMNS}], got ` +
          `${formatShape(x.shape)} and ${formatShape(plan.shape)}.`,
      );
    }
    return { shape: x.shape, dtype: "f32" };
  },
  // It stands where a network's data come in.
  gradient: () => ({}),
});

/**
 * Which images of batch number `cursor` (u32 scalar, counted through all epochs of ceil(count / batch) batches) are mixed with
 * which, f32 [batch, 6]: the share of an image's own target (½ to 1), its partner's place in the batch, and top, bottom, left and
 * right of the rectangle that is the partner's, all 0 where both are blended. Partners are a random permutation of the batch's
 * images. Rows that only fill up a last, shorter batch have the share 1 and the partner −1. Throws `ArgumentError` for settings out of bounds.
 */
export function mixingPlan(
  graph: Graph,
  cursor: Node,
  options: Mixing & Omit<MixingPlanAttributes, keyof Mixing>,
): Node {
  return graph.addNode(mixingPlanOp, [cursor], { ...options, ...checkMixing("mixingPlan", options) });
}

/**
 * Images [batch, height, width, channels] mixed with each other by a `mixingPlan`: share · image + (1 − share) · partner, or the
 * image with a rectangle of its partner. No gradient flows.
 */
export function mixImages(graph: Graph, x: Node, plan: Node): Node {
  return graph.addNode(mixImagesOp, [x, plan], {});
}
