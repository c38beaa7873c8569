import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type OpDefinition } from "../op.ts";
import {
  type PointwiseAttributes,
  type PointwiseFunction,
  pointwiseFunctions,
  STRAIGHT,
} from "../pointwise_functions.ts";
import { sqrt } from "./unary.ts";

/** The op of each function, and the op of `upstream` times its derivative at x. */
export interface PointwiseOps {
  readonly value: OpDefinition<PointwiseAttributes>;
  readonly gradient: OpDefinition<PointwiseAttributes>;
}

function definePointwise(name: PointwiseFunction): PointwiseOps {
  const gradient: OpDefinition<PointwiseAttributes> = defineOp<PointwiseAttributes>({
    name: `${name}Gradient`,
    operands: { x: FLOATS, upstream: FLOATS },
    infer(given, _, what) {
      const [x, upstream] = [given.operand("x"), given.operand("upstream")];
      if (!sameShape(x.shape, upstream.shape)) {
        throw new ShapeError(`${what}: ${formatShape(x.shape)} and ${formatShape(upstream.shape)} differ.`);
      }
      return { shape: x.shape, dtype: "f32" };
    },
    gradient(context) {
      if (context.wants("x") && !STRAIGHT[name]) {
        throw new ArgumentError(
          `gradients: "${name}" has no second derivative here; put stopGradient before it if none should flow.`,
        );
      }
      const { graph, attributes, upstream, operand, wants } = context;
      return {
        upstream: wants("upstream") ? graph.addNode(gradient, [operand("x"), upstream], attributes) : undefined,
      };
    },
  });
  const value = defineOp<PointwiseAttributes>({
    name,
    operands: { x: FLOATS },
    infer: (given) => ({ shape: given.operand("x").shape, dtype: "f32" }),
    gradient: ({ graph, attributes, upstream, operand }) => ({
      x: graph.addNode(gradient, [operand("x"), upstream], attributes),
    }),
  });
  return { value, gradient };
}

export const pointwiseOps = Object.fromEntries(
  pointwiseFunctions.map((name) => [name, definePointwise(name)]),
) as Readonly<Record<PointwiseFunction, PointwiseOps>>;

function apply(graph: Graph, name: PointwiseFunction, x: Node, a = 0, b = 0): Node {
  for (const parameter of [a, b]) {
    if (Number.isNaN(parameter)) throw new ArgumentError(`${name}: a parameter is not a number.`);
  }
  return graph.addNode(pointwiseOps[name].value, [x], { a, b });
}

/** |x|. The gradient at 0 is 0. */
export function abs(graph: Graph, x: Node): Node {
  return apply(graph, "abs", x);
}

/** x within [least, most], either of which may be infinite; the gradient flows inside, borders included. */
export function clip(graph: Graph, x: Node, least: number, most: number): Node {
  if (!(least <= most)) throw new ArgumentError(`clip: ${least} is not below ${most}.`);
  return apply(graph, "clip", x, least, most);
}

/** x above 0, alpha · (eˣ − 1) below (Clevert, Unterthiner and Hochreiter 2016). */
export function elu(graph: Graph, x: Node, alpha = 1): Node {
  return apply(graph, "elu", x, alpha);
}

/** The error function, 2/√π · ∫₀ˣ exp(−t²) dt. */
export function erf(graph: Graph, x: Node): Node {
  return apply(graph, "erf", x);
}

/**
 * x · Φ(x), Φ the distribution function of the standard normal (Hendrycks and Gimpel 2016). `approximate` takes
 * their formula with tanh, ½x · (1 + tanh(√(2/π) · (x + 0.044715 x³))), in place of the exact one. Keras' and PyTorch's
 * default is the exact one.
 */
export function gelu(graph: Graph, x: Node, options: { approximate?: boolean } = {}): Node {
  return apply(graph, options.approximate ? "geluTanh" : "gelu", x);
}

/** alpha · x + beta within [0, 1]. By default x/6 + ½, as in Keras 3 and PyTorch; ONNX and WebNN take alpha 0.2. */
export function hardSigmoid(graph: Graph, x: Node, options: { alpha?: number; beta?: number } = {}): Node {
  return apply(graph, "hardSigmoid", x, options.alpha ?? 1 / 6, options.beta ?? 0.5);
}

/** x · hardSigmoid(x) (Howard et al. 2019). */
export function hardSwish(graph: Graph, x: Node): Node {
  return apply(graph, "hardSwish", x);
}

/** x above 0, alpha · x below; alpha is 0.01 by default, as in PyTorch. The gradient at 0 is alpha. */
export function leakyRelu(graph: Graph, x: Node, alpha = 0.01): Node {
  return apply(graph, "leakyRelu", x, alpha);
}

/** x · tanh(softplus(x)) (Misra 2019). */
export function mish(graph: Graph, x: Node): Node {
  return apply(graph, "mish", x);
}

/** xᵖ for a number p; what `pow` builds where its exponent is a number. */
export function power(graph: Graph, x: Node, exponent: number): Node {
  return exponent === 0.5 ? sqrt(graph, x) : apply(graph, "power", x, exponent);
}

/** x within [0, 6]. The gradient at both ends is 0. */
export function relu6(graph: Graph, x: Node): Node {
  return apply(graph, "relu6", x);
}

/** √x of a sum of squares x: its gradient at 0 is taken as 0, which is a norm's subgradient there. */
export function rootOfSquares(graph: Graph, x: Node): Node {
  return apply(graph, "rootOfSquares", x);
}

/** Self-normalising elu: scale · elu(x, alpha) with fixed scale and alpha (Klambauer et al. 2017). */
export function selu(graph: Graph, x: Node): Node {
  return apply(graph, "selu", x);
}

/** 1 / (1 + e⁻ˣ) */
export function sigmoid(graph: Graph, x: Node): Node {
  return apply(graph, "sigmoid", x);
}

/** x · sigmoid(x), also called swish (Ramachandran, Zoph and Le 2017). */
export function silu(graph: Graph, x: Node): Node {
  return apply(graph, "silu", x);
}

/** log(1 + eˣ) */
export function softplus(graph: Graph, x: Node): Node {
  return apply(graph, "softplus", x);
}

/** x / (1 + |x|) */
export function softsign(graph: Graph, x: Node): Node {
  return apply(graph, "softsign", x);
}

/** Hyperbolic tangent. */
export function tanh(graph: Graph, x: Node): Node {
  return apply(graph, "tanh", x);
}
