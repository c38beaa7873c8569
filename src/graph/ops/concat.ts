import { at } from "../../core/at.ts";
import { normalizeAxes } from "../../core/axes.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, WORDS } from "../op.ts";
import { slice } from "./slice.ts";

export const concatOp = defineOp<{ axis: number }>({
  name: "concat",
  operands: { "...parts": WORDS },
  infer(given, { axis }, what) {
    const parts = given.operands("parts");
    const first = at(parts, 0);
    let extent = 0;
    for (const { shape, dtype } of parts) {
      const fits = shape.length === first.shape.length && shape.every((e, a) => a === axis || e === first.shape[a]);
      if (!fits || dtype !== first.dtype) {
        throw new ShapeError(
          `${what}: ${first.dtype} ${formatShape(first.shape)} and ${dtype} ${formatShape(shape)} differ in more than axis ${axis}.`,
        );
      }
      extent += at(shape, axis);
    }
    return { shape: first.shape.map((e, a) => (a === axis ? extent : e)), dtype: first.dtype };
  },
  gradient({ graph, node, attributes: { axis }, upstream, wants }) {
    let start = 0;
    const parts = node.operands("parts").map(({ shape }, index) => {
      const begin = shape.map((_, other) => (other === axis ? start : 0));
      start += at(shape, axis);
      return wants("parts", index) ? slice(graph, upstream, begin, shape) : undefined;
    });
    return { parts };
  },
});

/** Tensors of one type one behind the other along `axis`; their other extents are equal. */
export function concat(graph: Graph, parts: readonly Node[], axis: number): Node {
  const [first, ...others] = parts;
  if (first === undefined) throw new ArgumentError("concat: got no tensor.");
  const [along] = normalizeAxes("concat", axis, first.shape.length) as [number];
  return others.length === 0 ? first : graph.addNode(concatOp, parts, { axis: along });
}
