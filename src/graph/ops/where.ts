import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { broadcastShapes } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { COUNTS, defineOp, WORDS } from "../op.ts";
import { type Operand, unbroadcast } from "./arithmetic.ts";
import { cast } from "./cast.ts";

export const whereOp = defineOp<object>({
  name: "where",
  operands: { condition: COUNTS, a: WORDS, b: WORDS },
  infer(inputs, _, what) {
    const [condition, a, b] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    if (a.dtype !== b.dtype) {
      throw new ShapeError(`${what}: chooses between two of one type, got ${a.dtype} and ${b.dtype}; cast one.`);
    }
    const shape = broadcastShapes(what, condition.shape, broadcastShapes(what, a.shape, b.shape));
    return { shape, dtype: a.dtype };
  },
  gradient({ graph, upstream, input, wants }) {
    const chosen = (index: number, value: () => Node) =>
      wants(index) ? unbroadcast(graph, value(), input(index).shape) : undefined;
    return [
      undefined,
      chosen(1, () => where(graph, input(0), upstream, 0)),
      chosen(2, () => where(graph, input(0), 0, upstream)),
    ];
  },
});

/** a where `condition` is not 0, b elsewhere, all three broadcasting. A condition of another type than u32 is cast to bool. */
export function where(graph: Graph, condition: Node, a: Operand, b: Operand): Node {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "f32";
  const asNode = (operand: Operand) => (typeof operand === "number" ? graph.constant(operand, [], dtype) : operand);
  const truth = condition.dtype === "u32" ? condition : cast(graph, condition, "bool");
  return graph.addNode(whereOp, [truth, asNode(a), asNode(b)], {});
}
