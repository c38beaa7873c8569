import { at } from "../core/at.ts";
import { assignOp, variableOp } from "../graph/graph.ts";
import type { Node, Variable } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import {
  axesOfStatistics,
  batchMeanOp,
  batchNormGammaGradientOp,
  batchNormInputGradientOp,
  batchNormOp,
  batchVarianceOp,
} from "../graph/ops/batch_norm.ts";
import { movingAverageOp } from "../graph/ops/moving_average.ts";
import { sumOp } from "../graph/ops/reduce.ts";
import { reluGradientOp, reluOp } from "../graph/ops/relu.ts";

/** A batch normalisation and the ReLU after it. */
export interface FusedBatchNorm {
  readonly kind: "batchNorm";
  readonly norm: Node;
  /** The ReLU. */
  readonly result: Node;
}

/** Both statistics of a batch in one pass over it, and the step of their moving averages. */
export interface FusedBatchStatistics {
  readonly kind: "batchStatistics";
  readonly mean: Node;
  readonly variance: Node | undefined;
  readonly moving: { readonly mean: Variable; readonly variance: Variable; readonly momentum: number } | undefined;
  /** That step where it waits for a `finishStep`: an effect, in the place of the first of two assignments. */
  readonly later: MovingAverages | undefined;
}

/** One step of both moving statistics, at the end of a training step that counts. */
export interface MovingAverages {
  /** The assignment of the mean, which stands for that of the variance too. */
  readonly assign: Node;
  readonly batch: { readonly mean: Node; readonly variance: Node };
  readonly moving: { readonly mean: Variable; readonly variance: Variable };
  readonly momentum: number;
}

/** The sums over a batch that all of a batch normalisation's gradients are made of. */
export interface FusedBatchNormSums {
  readonly kind: "batchNormSums";
  readonly gammaGradient: Node;
  /** Absent where nobody wants it, or another kernel makes it. */
  readonly betaGradient: Node | undefined;
  readonly inputGradient: Node | undefined;
  /** A ReLU's gradient that is folded into the loads of these kernels. */
  readonly relu: Node | undefined;
}

export type BatchNormGroup = FusedBatchNorm | FusedBatchStatistics | FusedBatchNormSums;

interface Context {
  usesOf(node: Node): readonly Node[];
  readonly outputs: ReadonlySet<Node>;
  readonly covered: Set<Node>;
}

/** The group that `node` begins (or, for a normalisation with its ReLU, ends), and where its turn is. */
export function batchNormGroup(node: Node, context: Context): { turn: Node; group: BatchNormGroup } | undefined {
  if (isOp(node, batchNormOp)) return withRelu(node, context);
  if (isOp(node, batchMeanOp)) return { turn: node, group: statistics(node, context) };
  if (isOp(node, batchNormGammaGradientOp)) return { turn: node, group: gradientSums(node, context) };
  return undefined;
}

function withRelu(norm: Node, { usesOf, outputs, covered }: Context) {
  const [relu, ...others] = usesOf(norm);
  if (relu === undefined || others.length > 0 || outputs.has(norm) || !isOp(relu, reluOp)) return undefined;
  covered.add(norm).add(relu);
  return { turn: relu, group: { kind: "batchNorm", norm, result: relu } as const };
}

function statistics(mean: Node, context: Context): FusedBatchStatistics {
  const { usesOf, covered } = context;
  const variance = usesOf(mean).find((use) => isOp(use, batchVarianceOp));
  covered.add(mean);
  const alone = { kind: "batchStatistics", mean, variance, moving: undefined, later: undefined } as const;
  if (variance === undefined) return alone;
  covered.add(variance);
  const [ofMean, ofVariance] = [movingStep(mean, context), movingStep(variance, context)];
  if (ofMean === undefined || ofVariance === undefined || ofMean.momentum !== ofVariance.momentum) {
    return alone;
  }
  const { momentum } = ofMean;
  const verdict = ofMean.assign.inputs[1];
  if (verdict !== ofVariance.assign.inputs[1]) return alone;
  const moving = { mean: ofMean.variable, variance: ofVariance.variable };
  covered.add(ofMean.average).add(ofVariance.average).add(ofVariance.assign);
  if (verdict) {
    return { ...alone, later: { assign: ofMean.assign, batch: { mean, variance }, moving, momentum } };
  }
  covered.add(ofMean.assign);
  return { ...alone, moving: { ...moving, momentum } };
}

/**
 * `variable ← movingAverage(variable, statistic)`, if nobody else looks at the variable in this step: then it may change
 * in the middle of it, although effects come last.
 */
function movingStep(statistic: Node, { usesOf, outputs }: Context) {
  const average = usesOf(statistic).find((use) => isOp(use, movingAverageOp));
  if (average === undefined || !isOp(average, movingAverageOp) || average.inputs[1] !== statistic) return undefined;
  const old = at(average.inputs, 0);
  const [assign, ...others] = usesOf(average);
  if (assign === undefined || others.length > 0 || outputs.has(average)) return undefined;
  if (!isOp(old, variableOp) || !isOp(assign, assignOp) || outputs.has(old) || usesOf(old).length !== 1)
    return undefined;
  const { variable } = assign.attributes;
  const writers = statistic.graph.effects.filter((effect) => effect.op.writes?.(effect).includes(variable));
  if (old.attributes.variable !== variable || writers.length !== 1) return undefined;
  return { average, assign, variable, momentum: average.attributes.momentum };
}

function gradientSums(gammaGradient: Node, { usesOf, outputs, covered }: Context): FusedBatchNormSums {
  const [x, upstream] = [at(gammaGradient.inputs, 0), at(gammaGradient.inputs, 1)];
  const inputGradient = usesOf(gammaGradient).find((use) => isOp(use, batchNormInputGradientOp));
  const axes = axesOfStatistics(x).join();
  const isSum = (node: Node) => isOp(node, sumOp) && node.attributes.axes.join() === axes && !covered.has(node);
  const sums = usesOf(upstream).filter(isSum);
  // Any of them is the same value; the one that nobody but the input's gradient wants would cost a kernel of its own.
  const own = inputGradient?.inputs[6];
  const betaGradient = sums.find((node) => node === own) ?? sums[0];
  covered.add(gammaGradient);
  if (betaGradient) covered.add(betaGradient);
  const ours = new Set([gammaGradient, betaGradient, inputGradient]);
  const foldable =
    isOp(upstream, reluGradientOp) &&
    !outputs.has(upstream) &&
    !covered.has(upstream) &&
    x !== upstream &&
    usesOf(upstream).every((use) => ours.has(use));
  if (foldable) covered.add(upstream);
  return { kind: "batchNormSums", gammaGradient, betaGradient, inputGradient, relu: foldable ? upstream : undefined };
}
