import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, WORDS } from "../op.ts";

export const transposeOp = defineOp<{ permutation: readonly number[] }>({
  name: "transpose",
  operands: { x: WORDS },
  infer(given, { permutation }, what) {
    const x = given.operand("x");
    const sorted = [...permutation].sort((a, b) => a - b);
    if (permutation.length !== x.shape.length || !sorted.every((axis, index) => axis === index)) {
      throw new ShapeError(
        `${what}: [${permutation.join(", ")}] is not an order of the ${x.shape.length} axes of ${formatShape(x.shape)}.`,
      );
    }
    return { shape: permutation.map((axis) => at(x.shape, axis)), dtype: x.dtype };
  },
  gradient({ graph, attributes, upstream }) {
    const inverse: number[] = [];
    attributes.permutation.forEach((axis, index) => {
      inverse[axis] = index;
    });
    return { x: transpose(graph, upstream, inverse) };
  },
});

/** Axes in another order: result axis i is input axis `permutation[i]`; by default all axes reversed. */
export function transpose(graph: Graph, x: Node, permutation?: readonly number[]): Node {
  const order = permutation ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  return graph.addNode(transposeOp, [x], { permutation: [...order] });
}
