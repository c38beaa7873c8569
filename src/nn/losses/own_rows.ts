import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import { checkNode } from "../../graph/checks.ts";
import { type Graph, hasOpMethods } from "../../graph/graph.ts";
import type { GraphWithOps } from "../../graph/methods.ts";
import type { Node } from "../../graph/node.ts";

/**
 * What a loss or a metric of the user's own makes of outputs and targets: one f32 value a sample, [batch]. `what` names it
 * in errors. Throws `ArgumentError` where it gives no node, `ShapeError` for another shape or type.
 */
export function ownRows(
  what: string,
  own: (graph: GraphWithOps, outputs: Node, targets: Node) => Node,
  graph: Graph,
  outputs: Node,
  targets: Node,
): Node {
  if (!hasOpMethods(graph)) throw new Error(`${what}: the ops are no methods of the graph that it is given`);
  const rows = checkNode(`${what}: your function`, graph, own(graph, outputs, targets));
  const batch = at(outputs.shape, 0);
  if (sameShape(rows.shape, [batch]) && rows.dtype === "f32") return rows;
  const fix =
    rows.dtype !== "f32"
      ? 'graph.cast(x, "f32") makes it f32'
      : rows.shape.length > 1
        ? "take graph.mean(x, 1) over what is left"
        : "take no mean over the batch, whose last rows may only fill it up";
  throw new ShapeError(
    `${what}: your function gave ${rows.dtype} ${formatShape(rows.shape)} for outputs ${formatShape(outputs.shape)} and ` +
      `targets ${formatShape(targets.shape)}; wants one f32 value a sample, [${batch}]: ${fix}.`,
  );
}
