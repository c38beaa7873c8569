import { ShapeError } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp } from "../op.ts";

export const nonFiniteOp = defineOp<object>({
  name: "nonFinite",
  infer(inputs, _, what) {
    if (inputs.length === 0 || inputs.some(({ dtype }) => dtype !== "f32")) {
      throw new ShapeError(
        `${what}: wants at least one f32 tensor, got ${inputs.map(({ dtype }) => dtype).join(", ")}.`,
      );
    }
    return { shape: [], dtype: "f32" };
  },
});

/**
 * 0 where every element of all these f32 tensors is a finite number, else more: told by the bits, since arithmetic on a
 * GPU may take NaN for any number (its ReLU makes 0 of it). No gradient.
 */
export function nonFinite(graph: Graph, tensors: readonly Node[]): Node {
  return graph.addNode(nonFiniteOp, tensors, {});
}
