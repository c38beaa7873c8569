import type { Shape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import type { GradientContext, GradientRule } from "../op.ts";
import { reshape } from "./reshape.ts";
import { sum } from "./sum.ts";

/** Sums a gradient over the axes along which its value had been stretched. */
export function unbroadcast(graph: Graph, gradient: Node, shape: Shape): Node {
  const missing = gradient.shape.length - shape.length;
  const stretched = gradient.shape
    .map((extent, axis) => ({ extent, axis, own: axis < missing ? 1 : shape[axis - missing] }))
    .filter(({ extent, axis, own }) => axis < missing || (own === 1 && extent !== 1))
    .map(({ axis }) => axis);
  if (stretched.length === 0) return gradient;
  return reshape(graph, sum(graph, gradient, stretched), shape);
}

type Context = GradientContext<object>;

interface BothGradients {
  readonly a?: Node | undefined;
  readonly b?: Node | undefined;
}

/** A gradient rule of two operands that broadcast: the gradients that `rule` gives are summed back to their shapes. */
export function summedBack(rule: (context: Context) => BothGradients): GradientRule {
  return (context) => {
    const { a, b } = rule(context);
    return {
      a: a && unbroadcast(context.graph, a, context.operand("a").shape),
      b: b && unbroadcast(context.graph, b, context.operand("b").shape),
    };
  };
}
