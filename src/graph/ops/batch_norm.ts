import { at } from "../../core/at.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type GradientContext, INTEGERS } from "../op.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { sum } from "./sum.ts";
import { neg, sqrt } from "./unary.ts";

// Ioffe and Szegedy 2015, "Batch normalization: accelerating deep network training by reducing internal covariate
// shift". The channels are the last axis; statistics run over all the others.

/** Channels of x [batch, …, channels]. */
function channelsOf(x: Node, what: string): number {
  if (x.shape.length < 2) {
    throw new ShapeError(`${what}: wants [batch, …, channels], got ${formatShape(x.shape)}.`);
  }
  return at(x.shape, x.shape.length - 1);
}

function checkPerChannel(what: string, name: string, value: Node, x: Node): void {
  const wanted = [channelsOf(x, what)];
  if (!sameShape(value.shape, wanted)) {
    throw new ShapeError(
      `${what}: ${name} of ${formatShape(x.shape)} must be ${formatShape(wanted)}, got ${formatShape(value.shape)}.`,
    );
  }
}

function checkLabels(what: string, labels: Node | undefined, x: Node): void {
  if (labels !== undefined && !sameShape(labels.shape, x.shape.slice(0, 1))) {
    throw new ShapeError(
      `${what}: labels of ${formatShape(x.shape)} must be [${x.shape[0]}], got ${formatShape(labels.shape)}.`,
    );
  }
}

/** All axes of x but the last. */
export function axesOfStatistics(x: Node): number[] {
  return x.shape.slice(0, -1).map((_, axis) => axis);
}

// Labels where some images do not count.
export const batchMeanOp = defineOp<object>({
  name: "batchMean",
  operands: { x: FLOATS, "labels?": INTEGERS },
  infer(given, _, what) {
    const x = given.operand("x");
    const channels = channelsOf(x, what);
    checkLabels(what, given.optionalOperand("labels"), x);
    return { shape: [channels], dtype: "f32" };
  },
});

// Labels where some images do not count.
export const batchVarianceOp = defineOp<object>({
  name: "batchVariance",
  operands: { x: FLOATS, mean: FLOATS, "labels?": INTEGERS },
  infer(given, _, what) {
    const [x, mean] = [given.operand("x"), given.operand("mean")];
    checkPerChannel(what, "the mean", mean, x);
    checkLabels(what, given.optionalOperand("labels"), x);
    return { shape: mean.shape, dtype: "f32" };
  },
});

export interface BatchNormAttributes {
  epsilon: number;
  /** Mean and variance are those of x itself, so that its gradient flows through them too. */
  ofBatch: boolean;
}

// Labels where some images do not count.
export const batchNormOp = defineOp<BatchNormAttributes>({
  name: "batchNorm",
  operands: { x: FLOATS, mean: FLOATS, variance: FLOATS, gamma: FLOATS, beta: FLOATS, "labels?": INTEGERS },
  infer(given, { epsilon }, what) {
    const x = given.operand("x");
    for (const name of ["mean", "variance", "gamma", "beta"]) {
      checkPerChannel(what, name, given.operand(name), x);
    }
    checkLabels(what, given.optionalOperand("labels"), x);
    if (!(Number.isFinite(epsilon) && epsilon >= 0)) {
      throw new ArgumentError(`${what}: epsilon must be a number of at least 0, got ${describeValue(epsilon)}.`);
    }
    return { shape: x.shape, dtype: "f32" };
  },
  gradient: (context) => (context.attributes.ofBatch ? gradientsThroughBatch(context) : gradientsOfScaling(context)),
});

/** Mean and variance depend on x: all three gradients come from Σ dy and Σ dy · x̂ (Ioffe and Szegedy 2015, section 3). */
function gradientsThroughBatch({
  graph,
  node,
  attributes,
  upstream,
  operand,
  wants,
}: GradientContext<BatchNormAttributes>) {
  const { epsilon } = attributes;
  const [x, mean, variance, gamma] = [operand("x"), operand("mean"), operand("variance"), operand("gamma")];
  const statistics = [x, upstream, mean, variance];
  const wantsInput = wants("x");
  const gammaGradient =
    wantsInput || wants("gamma") ? graph.addNode(batchNormGammaGradientOp, statistics, { epsilon }) : undefined;
  const betaGradient = wantsInput || wants("beta") ? sum(graph, upstream, axesOfStatistics(x)) : undefined;
  const labels = node.optionalOperand("labels");
  const inputGradient =
    wantsInput && gammaGradient && betaGradient
      ? graph.addNode(
          batchNormInputGradientOp,
          [...statistics, gamma, gammaGradient, betaGradient, ...(labels ? [labels] : [])],
          {
            epsilon,
          },
        )
      : undefined;
  return { x: inputGradient, gamma: gammaGradient, beta: betaGradient };
}

/** y = (x − mean) · gamma / √(variance + ε) + beta, in which nothing depends on anything else. */
function gradientsOfScaling({ graph, attributes, upstream, operand, wants }: GradientContext<BatchNormAttributes>) {
  const [x, mean, variance, gamma] = [operand("x"), operand("mean"), operand("variance"), operand("gamma")];
  const deviation = sqrt(graph, add(graph, variance, attributes.epsilon));
  const scale = div(graph, gamma, deviation);
  const axes = axesOfStatistics(x);
  const normalized = () => div(graph, sub(graph, x, mean), deviation);
  const total = () => sum(graph, upstream, axes);
  const weighted = () => sum(graph, mul(graph, upstream, normalized()), axes);
  return {
    x: wants("x") ? mul(graph, upstream, scale) : undefined,
    mean: wants("mean") ? neg(graph, mul(graph, total(), scale)) : undefined,
    variance: wants("variance") ? mul(graph, mul(graph, weighted(), div(graph, scale, deviation)), -0.5) : undefined,
    gamma: wants("gamma") ? weighted() : undefined,
    beta: wants("beta") ? total() : undefined,
  };
}

export const batchNormGammaGradientOp = defineOp<{ epsilon: number }>({
  name: "batchNormGammaGradient",
  operands: { x: FLOATS, upstream: FLOATS, mean: FLOATS, variance: FLOATS },
  infer: (given) => ({ shape: given.operand("mean").shape, dtype: "f32" }),
});

// Labels where some images do not count.
export const batchNormInputGradientOp = defineOp<{ epsilon: number }>({
  name: "batchNormInputGradient",
  operands: {
    ...{ x: FLOATS, upstream: FLOATS, mean: FLOATS, variance: FLOATS },
    ...{ gamma: FLOATS, gammaGradient: FLOATS, betaGradient: FLOATS, "labels?": INTEGERS },
  },
  infer: (given) => ({ shape: given.operand("x").shape, dtype: "f32" }),
});

/** How a batch is normalised. */
export interface BatchNormOptions {
  /** Added to the variance; default 1e-3, as in Keras. */
  epsilon?: number;
  /** i32 [batch]: images with a negative label are left out of the batch's statistics. */
  labels?: Node | undefined;
}

/** `batchNorm` by the batch's own statistics, with the nodes of these: mean [channels] and biased variance [channels]. */
export function batchNormOfBatch(
  graph: Graph,
  x: Node,
  gamma: Node,
  beta: Node,
  { epsilon = 1e-3, labels }: BatchNormOptions = {},
): { y: Node; mean: Node; variance: Node } {
  const marks = labels === undefined ? [] : [labels];
  const mean = graph.addNode(batchMeanOp, [x, ...marks], {});
  const variance = graph.addNode(batchVarianceOp, [x, mean, ...marks], {});
  const operands = [x, mean, variance, gamma, beta, ...marks];
  return { y: graph.addNode(batchNormOp, operands, { epsilon, ofBatch: true }), mean, variance };
}

/**
 * (x − mean) / √(variance + epsilon) · gamma + beta for each channel, the last axis of x [batch, …, channels]; the
 * others are [channels]. Without `mean` and `variance` (training) they are x's own over all other axes, the variance
 * divided by the count, not by one less, and gradients flow through them; with both (inference) they are taken as given.
 * Throws `ShapeError` or `ArgumentError`.
 */
export function batchNorm(
  graph: Graph,
  x: Node,
  gamma: Node,
  beta: Node,
  options: BatchNormOptions & { mean?: Node; variance?: Node } = {},
): Node {
  const { mean, variance, epsilon = 1e-3 } = options;
  if (mean === undefined && variance === undefined) return batchNormOfBatch(graph, x, gamma, beta, options).y;
  if (mean === undefined || variance === undefined) {
    throw new ArgumentError("batchNorm: give both mean and variance, or neither to use the batch's own.");
  }
  return graph.addNode(batchNormOp, [x, mean, variance, gamma, beta], { epsilon, ofBatch: false });
}
