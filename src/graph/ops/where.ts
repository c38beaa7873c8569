import { broadcastShapes } from "../../core/axes.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { COUNTS, defineOp, WORDS } from "../op.ts";
import type { Operand } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { unbroadcast } from "./unbroadcast.ts";

export const whereOp = defineOp<object>({
  name: "where",
  operands: { condition: COUNTS, a: WORDS, b: WORDS },
  infer(given, _, what) {
    const [condition, a, b] = [given.operand("condition"), given.operand("a"), given.operand("b")];
    if (a.dtype !== b.dtype) {
      throw new ShapeError(`${what}: chooses between two of one type, got ${a.dtype} and ${b.dtype}; cast one.`);
    }
    const shape = broadcastShapes(what, condition.shape, broadcastShapes(what, a.shape, b.shape));
    return { shape, dtype: a.dtype };
  },
  gradient({ graph, upstream, operand, wants }) {
    const chosen = (name: "a" | "b", value: () => Node) =>
      wants(name) ? unbroadcast(graph, value(), operand(name).shape) : undefined;
    return {
      a: chosen("a", () => where(graph, operand("condition"), upstream, 0)),
      b: chosen("b", () => where(graph, operand("condition"), 0, upstream)),
    };
  },
});

/** a where `condition` is not 0, b elsewhere, all three broadcasting. A condition of another type than u32 is cast to bool. */
export function where(graph: Graph, condition: Node, a: Operand, b: Operand): Node {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "f32";
  const asNode = (operand: Operand) => (typeof operand === "number" ? graph.constant(operand, [], dtype) : operand);
  const truth = condition.dtype === "u32" ? condition : cast(graph, condition, "bool");
  return graph.addNode(whereOp, [truth, asNode(a), asNode(b)], {});
}
