import { at } from "../../core/at.ts";
import { normalizeAxes } from "../../core/axes.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type OpDefinition } from "../op.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { mean } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { stopGradient } from "./stop_gradient.ts";
import type { Axes } from "./sum.ts";
import { sqrt } from "./unary.ts";

// Normalisation by the statistics of each image alone: training and inference are the same, and padded rows of a batch do
// no harm. Composed of other ops; the last of them knows the gradient of the whole, which is shorter than theirs together.

// Operands: x less its mean, and 1 / √(variance + ε), which stretches; the result x̂ is their product. It stands for the whole
// function of x that they are parts of, so that the second input gets no gradient of its own. With n values a mean:
// dx = (dy − Σdy / n − x̂ · Σ(dy · x̂) / n) / √(variance + ε) (Ba, Kiros and Hinton 2016; as for batches in Ioffe and Szegedy).
export const standardizeOp: OpDefinition<object> = defineOp<object>({
  name: "standardize",
  operands: { centred: FLOATS, inverse: FLOATS },
  infer: (given) => ({ shape: given.operand("centred").shape, dtype: "f32" }),
  gradient({ graph, node, upstream, operand }) {
    const inverse = operand("inverse");
    const axes = node.shape.map((_, axis) => axis).filter((axis) => inverse.shape[axis] !== node.shape[axis]);
    const along = mul(graph, node, mean(graph, mul(graph, upstream, node), axes, true));
    const centred = sub(graph, upstream, mean(graph, upstream, axes, true));
    return { centred: mul(graph, sub(graph, centred, along), inverse) };
  },
});

export interface NormalizationOptions {
  /** Multiplied at the end; broadcasts against x. Default: nothing. */
  gamma?: Node | undefined;
  /** Added at the end; broadcasts against x. Default: nothing. */
  beta?: Node | undefined;
  /** Added to the variance; default 1e-3, as in Keras (PyTorch and ONNX: 1e-5). */
  epsilon?: number;
}

/** (x − mean) / √(variance + epsilon), both over `axes`, the variance divided by the count. */
function standardize(graph: Graph, x: Node, axes: Axes, epsilon: number, what: string): Node {
  if (!(Number.isFinite(epsilon) && epsilon >= 0)) {
    throw new ArgumentError(`${what}: epsilon must be a number of at least 0, got ${describeValue(epsilon)}.`);
  }
  const centred = sub(graph, x, stopGradient(graph, mean(graph, x, axes, true)));
  const variance = mean(graph, mul(graph, centred, centred), axes, true);
  const inverse = div(graph, 1, sqrt(graph, add(graph, variance, epsilon)));
  return graph.addNode(standardizeOp, [centred, inverse], {});
}

function scaleAndShift(graph: Graph, x: Node, { gamma, beta }: NormalizationOptions): Node {
  const scaled = gamma === undefined ? x : mul(graph, x, gamma);
  return beta === undefined ? scaled : add(graph, scaled, beta);
}

/**
 * (x − mean) / √(variance + epsilon) · gamma + beta, mean and variance of each image over `axes` (default the last, the
 * channels) (Ba, Kiros and Hinton 2016). Throws `ShapeError` or `ArgumentError`.
 */
export function layerNorm(graph: Graph, x: Node, options: NormalizationOptions & { axes?: Axes } = {}): Node {
  const { axes = -1, epsilon = 1e-3 } = options;
  return scaleAndShift(
    graph,
    standardize(graph, x, normalizeAxes("layerNorm", axes, x.shape.length), epsilon, "layerNorm"),
    options,
  );
}

/**
 * Each image's channels (the last axis of x [batch, …, channels]) in `groups` of neighbours, each group with mean 0 and
 * variance 1 over all its channels and places, then · gamma + beta, [channels] each (Wu and He 2018). Throws `ShapeError`
 * where the channels do not divide.
 */
export function groupNorm(graph: Graph, x: Node, options: NormalizationOptions & { groups: number }): Node {
  const { groups, epsilon = 1e-3 } = options;
  if (x.shape.length < 2) {
    throw new ShapeError(`groupNorm: wants [batch, …, channels], got ${formatShape(x.shape)}.`);
  }
  const [batch, channels] = [at(x.shape, 0), at(x.shape, x.shape.length - 1)];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new ShapeError(
      `groupNorm: ${channels} channels of ${formatShape(x.shape)} cannot be split into ${describeValue(groups)} groups.`,
    );
  }
  const places = sizeOf(x.shape) / (batch * channels);
  const grouped = reshape(graph, x, [batch, places, groups, channels / groups]);
  const normalized = standardize(graph, grouped, [1, 3], epsilon, "groupNorm");
  return scaleAndShift(graph, reshape(graph, normalized, x.shape), options);
}

/** `groupNorm` with a group a channel: mean and variance of each channel of each image (Ulyanov, Vedaldi and Lempitsky 2016). */
export function instanceNorm(graph: Graph, x: Node, options: NormalizationOptions = {}): Node {
  return groupNorm(graph, x, { ...options, groups: at(x.shape, x.shape.length - 1) });
}
