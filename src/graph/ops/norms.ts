import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { abs, clip, rootOfSquares } from "./pointwise.ts";
import { max } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { stopGradient } from "./stop_gradient.ts";
import { type Axes, sum } from "./sum.ts";
import { exp, log } from "./unary.ts";

/** Σ|x| over `axes` (all by default). */
export function l1Norm(graph: Graph, x: Node, axes?: Axes, keepDims = false): Node {
  return sum(graph, abs(graph, x), axes, keepDims);
}

/** √Σx² over `axes` (all by default). The gradient of a norm of zeros is 0. */
export function l2Norm(graph: Graph, x: Node, axes?: Axes, keepDims = false): Node {
  return rootOfSquares(graph, sum(graph, mul(graph, x, x), axes, keepDims));
}

/** The largest f32. */
const MOST = 3.4028234663852886e38;

/** log Σeˣ over `axes` (all by default), the maximum taken out first so that nothing overflows. */
export function logSumExp(graph: Graph, x: Node, axes?: Axes, keepDims = false): Node {
  // Held finite: ∞ − ∞ would be NaN. Its gradient cancels.
  const most = stopGradient(graph, clip(graph, max(graph, x, axes, true), -MOST, MOST));
  const total = log(graph, sum(graph, exp(graph, sub(graph, x, most)), axes, keepDims));
  return add(graph, total, reshape(graph, most, total.shape));
}
