import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import { div, mul } from "../../graph/ops/arithmetic.ts";
import { maximum } from "../../graph/ops/binary.ts";
import { cast } from "../../graph/ops/cast.ts";
import { greaterOrEqual } from "../../graph/ops/compare.ts";
import { mean } from "../../graph/ops/reduce.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import { sum } from "../../graph/ops/sum.ts";
import { where } from "../../graph/ops/where.ts";
import type { Loss, RowOptions } from "./loss.ts";

/** The loss of a batch row by row, for any loss and weights of rows: what `batchLoss` does where it is not one op. */
export function meanOfRows(
  graph: Graph,
  loss: Loss,
  outputs: Node,
  targets: Node,
  { mask, weights }: RowOptions,
): Node {
  const labelled = loss.targets === "binary" && targets.dtype === "i32";
  const values = labelled ? reshape(graph, cast(graph, targets, "f32"), outputs.shape) : targets;
  let rows = loss.rows(graph, outputs, values);
  if (weights !== undefined) rows = mul(graph, rows, weights);
  if (mask === undefined) return mean(graph, rows);
  const counts = greaterOrEqual(graph, mask, 0);
  const counted = maximum(graph, sum(graph, cast(graph, counts, "f32")), graph.constant(1));
  return div(graph, sum(graph, where(graph, counts, rows, 0)), counted);
}
