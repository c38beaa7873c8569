import { normalizeAxes, reducedShape } from "../../core/axes.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape, sizeOf } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";
import { div, mul } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { equal } from "./compare.ts";
import { type Axes, inferReduced, type ReduceAttributes, sum, withAxes } from "./sum.ts";
import { neg } from "./unary.ts";
import { where } from "./where.ts";

export const maxOp = defineOp<ReduceAttributes>({
  name: "max",
  operands: { x: FLOATS },
  infer: inferReduced,
  gradient: ({ graph, attributes, upstream, operand }) => ({
    x: maxGradient(graph, operand("x"), withAxes(graph, upstream, operand("x"), attributes.axes), attributes.axes),
  }),
});

export const minOp = defineOp<ReduceAttributes>({
  name: "min",
  operands: { x: FLOATS },
  infer: inferReduced,
  // The smallest value is the largest of the negated ones.
  gradient: ({ graph, attributes, upstream, operand }) => ({
    x: maxGradient(
      graph,
      neg(graph, operand("x")),
      withAxes(graph, upstream, operand("x"), attributes.axes),
      attributes.axes,
    ),
  }),
});

export const productOp = defineOp<ReduceAttributes>({
  name: "product",
  operands: { x: FLOATS },
  infer: inferReduced,
  // The product of all others: of everything but zeros, divided by x; at a lone zero undivided, beside a zero 0.
  gradient({ graph, attributes: { axes }, upstream, operand }) {
    const x = operand("x");
    const isZero = equal(graph, x, 0);
    const others = product(graph, where(graph, isZero, 1, x), axes, true);
    const zeros = sum(graph, cast(graph, isZero, "f32"), axes, true);
    const atZero = where(graph, equal(graph, zeros, 1), others, 0);
    const elsewhere = div(graph, where(graph, equal(graph, zeros, 0), others, 0), where(graph, isZero, 1, x));
    const derivative = where(graph, isZero, atZero, elsewhere);
    return { x: mul(graph, withAxes(graph, upstream, x, axes), derivative) };
  },
});

/** Mean over `axes` (all by default). */
export function mean(graph: Graph, x: Node, axes?: Axes, keepDims = false): Node {
  const total = sum(graph, x, axes, keepDims);
  return mul(graph, total, sizeOf(total.shape) / sizeOf(x.shape));
}

/** Maximum over `axes` (all by default). Among equals the first takes the whole gradient. */
export function max(graph: Graph, x: Node, axes?: Axes, keepDims = false): Node {
  return graph.addNode(maxOp, [x], { axes: normalizeAxes("max", axes, x.shape.length), keepDims });
}

/** Minimum over `axes` (all by default). Among equals the first takes the whole gradient. */
export function min(graph: Graph, x: Node, axes?: Axes, keepDims = false): Node {
  return graph.addNode(minOp, [x], { axes: normalizeAxes("min", axes, x.shape.length), keepDims });
}

/** Product over `axes` (all by default). */
export function product(graph: Graph, x: Node, axes?: Axes, keepDims = false): Node {
  return graph.addNode(productOp, [x], { axes: normalizeAxes("product", axes, x.shape.length), keepDims });
}

export const maxGradientOp = defineOp<{ axes: readonly number[] }>({
  name: "maxGradient",
  operands: { x: FLOATS, upstream: FLOATS },
  infer(given, { axes }, what) {
    const [x, upstream] = [given.operand("x"), given.operand("upstream")];
    if (!sameShape(upstream.shape, reducedShape(x.shape, axes, true))) {
      throw new ShapeError(`${what}: upstream ${formatShape(upstream.shape)} does not reduce ${formatShape(x.shape)}.`);
    }
    return { shape: x.shape, dtype: "f32" };
  },
});

/** Gradient of `max`: `upstream` (reduced axes kept as 1) at the first maximum along `axes`, 0 elsewhere. */
export function maxGradient(graph: Graph, x: Node, upstream: Node, axes: readonly number[]): Node {
  return graph.addNode(maxGradientOp, [x, upstream], { axes: [...axes] });
}
