import type { Node } from "../../../graph/node.ts";
import { isOp } from "../../../graph/op.ts";
import { pointwiseFunctions } from "../../../graph/pointwise_functions.ts";
import type { UpdateKind } from "../../../graph/update_rule.ts";
import type { DeviceTraits } from "../../kernel.ts";
import { winogradMayPay, winogradPays } from "../../kernels/winograd_plan.ts";
import type { Lowering } from "../../lowering.ts";
import type { Rule } from "../rule.ts";
import { singleOps } from "../single_op.ts";

/** Rules with their kernels and shaders: a module that is fetched when a graph that is compiled has one of their ops. */
export interface Family {
  /** Ops of the rules. */
  readonly ops: readonly string[];
  /** Narrows them down to nodes of a kind, on devices of a kind. */
  readonly wants?: (node: Node, traits: DeviceTraits) => boolean;
  readonly load: () => Promise<readonly Rule[]>;
}

const moves = (kind: UpdateKind) => (node: Node) => isOp(node, "optimizerUpdate") && node.attributes.rule.kind === kind;

/** Whether a convolution runs as Winograd's, or an autotuner is there to try it. */
function mayBeWinograd(node: Node, traits: DeviceTraits): boolean {
  const { autotunes = true } = traits;
  const isWanted = autotunes ? winogradMayPay : winogradPays;
  if (isOp(node, "conv2d")) return isWanted(node.attributes.geometry, "forward", traits);
  return isOp(node, "conv2dInputGradient") && isWanted(node.attributes.geometry, "inputGradient", traits);
}

/** A family without fusions: kernels of single ops. */
function kernels(ops: readonly string[], load: () => Promise<readonly Lowering[]>): Family {
  return { ops, load: async () => singleOps(await load()) };
}

/** In the order in which their rules are asked: a node that one has taken is not offered to those behind it. */
export const families: readonly Family[] = [
  // Takes no node: offers an algorithm to the rules behind it.
  {
    ops: ["conv2d", "conv2dInputGradient"],
    wants: mayBeWinograd,
    load: async () => {
      const { winogradForward, winogradInputGradient } = await import("../winograd.ts");
      return [winogradForward, winogradInputGradient];
    },
  },
  // Before its gradients, which it unpools.
  { ops: ["conv2d"], load: async () => (await import("./convolution.ts")).rules },
  // Takes sums over pictures: before batch normalisation, which takes what is left of them.
  {
    ops: ["conv2dFilterGradient", "conv2dInputGradient"],
    load: async () => (await import("./convolution_gradients.ts")).rules,
  },
  { ops: ["matmul"], load: async () => (await import("./matmul.ts")).rules },
  // Counts right answers itself: before the metrics.
  {
    ops: ["softmaxCrossEntropy", "softmaxCrossEntropyGradient"],
    load: async () => (await import("./cross_entropy.ts")).rules,
  },
  {
    ops: ["batchRows", "gatherRows", "gatherRowsGradient", "nonFinite"],
    load: async () => (await import("./batches.ts")).rules,
  },
  {
    ops: [...["batchNorm", "batchMean", "batchNormGammaGradient", "batchNormInputGradient"], "movingAverage"],
    load: async () => (await import("./normalization.ts")).rules,
  },
  // Measures its step before it moves: before the update that all share.
  { ops: ["optimizerUpdate"], wants: moves("lamb"), load: async () => [(await import("../lamb.ts")).lamb] },
  // Moves by directions that it makes of gradients: likewise.
  {
    ops: ["optimizerUpdate"],
    wants: moves("adafactor"),
    load: async () => [(await import("../adafactor.ts")).adafactor],
  },
  {
    ops: ["finishStep", "optimizerUpdate", "recordStep"],
    load: async () => (await import("./training.ts")).rules,
  },
  // What fusions leave.
  kernels(
    ["maxPool2d", "maxPool2dGradient"],
    async () => (await import("../../kernels/max_pool2d.ts")).maxPool2dLowerings,
  ),
  kernels(
    ["avgPool2d", "avgPool2dGradient"],
    async () => (await import("../../kernels/avg_pool2d.ts")).avgPool2dLowerings,
  ),
  kernels(["argmax", "logSoftmax", "softmax"], async () => (await import("../../kernels/softmax.ts")).softmaxLowerings),
  kernels(
    ["sum", "max", "min", "product", "maxGradient"],
    async () => (await import("../../kernels/reduce.ts")).reduceLowerings,
  ),
  kernels(
    pointwiseFunctions.flatMap((name) => [name, `${name}Gradient`]),
    async () => (await import("../../kernels/pointwise.ts")).pointwiseLowerings,
  ),
  kernels(["countCorrect", "confusionMatrix"], async () => (await import("../../kernels/metrics.ts")).metricLowerings),
  kernels(["dropout"], async () => (await import("../../kernels/dropout.ts")).dropoutLowerings),
  kernels(["gaussianNoise"], async () => (await import("../../kernels/gaussian_noise.ts")).gaussianNoiseLowerings),
  kernels(["randomAffine"], async () => (await import("../../kernels/random_affine.ts")).randomAffineLowerings),
  kernels(["slice", "place", "concat"], async () => (await import("../../kernels/slice.ts")).sliceLowerings),
  kernels(["transpose"], async () => (await import("../../kernels/transpose.ts")).transposeLowerings),
  kernels(["resampleAxis"], async () => (await import("../../kernels/resample_axis.ts")).resampleAxisLowerings),
  kernels(["cast"], async () => (await import("../../kernels/cast.ts")).castLowerings),
  kernels(["oneHot"], async () => (await import("../../kernels/one_hot.ts")).oneHotLowerings),
  kernels(["normConstraint"], async () => (await import("../../kernels/norm_constraint.ts")).normConstraintLowerings),
];
