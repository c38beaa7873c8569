import type { ConvGeometry } from "../../../core/window_geometry.ts";
import type { Node } from "../../../graph/node.ts";
import { isOp } from "../../../graph/op.ts";
import { pointwiseFunctions } from "../../../graph/pointwise_functions.ts";
import type { DeviceTraits } from "../../kernel.ts";
import type { Rule } from "../rule.ts";
import * as forward from "./forward.ts";

/** The lists of rules that a module may have. */
type RuleModule = Partial<Record<"rules" | "poolRules" | "gradientRules" | "endRules", readonly Rule[]>>;

/** Rules with their kernels and shaders: mostly a module that is fetched when a graph that is compiled has one of their ops. */
export interface Family {
  /** Ops of the rules. */
  readonly ops: readonly string[];
  /** Narrows them down to nodes of a kind, on devices of a kind. */
  readonly wants?: (node: Node, traits: DeviceTraits) => boolean;
  /** The module: bundlers write less for a module as it is than for a part of one. */
  readonly load: () => Promise<RuleModule>;
  /** Which of the module's lists it is. Default "rules". */
  readonly list?: keyof RuleModule;
}

/** Whether an update does more than SGD's or Adam's kernel. */
function isSpecial(node: Node): boolean {
  if (!isOp(node, "optimizerUpdate")) return false;
  const { kind, clip } = node.attributes.rule;
  return (kind !== "sgd" && kind !== "adam") || (clip !== undefined && clip.by !== "value");
}

/** Narrows nodes down to those of convolutions of a kind. */
function ofConvolutions(isWanted: (geometry: ConvGeometry, traits: DeviceTraits) => boolean) {
  return (node: Node, traits: DeviceTraits): boolean => {
    const isConvolution =
      isOp(node, "conv2d") || isOp(node, "conv2dInputGradient") || isOp(node, "conv2dFilterGradient");
    return isConvolution && isWanted(node.attributes.geometry, traits);
  };
}

const isDepthwise = ofConvolutions(({ groups, groupInChannels }) => groups > 1 && groupInChannels === 1);

/** Whether an image may be one of few channels for the kernels: grey, colours, and one more. */
const FEW_CHANNELS = 4;

/** Whether a convolution may run as Winograd's, or an autotuner is there to try it; the rules know exactly. */
const mayBeWinograd = ofConvolutions(({ kernelWidth, inChannels, outChannels }, traits) => {
  const { software, winograd = true, autotunes = true } = traits;
  return !software && winograd && kernelWidth === 3 && Math.min(inChannels, outChannels) >= (autotunes ? 32 : 128);
});

/** Graphics cards have kernels of their own; these know which nodes they are for. */
const isForCards = (_: Node, { software }: DeviceTraits) => !software;

/** A module of kernels that may write over an operand: the pass over the plan that lets them comes at the same time. */
async function withPass<T>(kernels: Promise<T>): Promise<T> {
  const [module] = await Promise.all([kernels, import("../../in_place.ts")]);
  return module;
}

/** In the order in which their rules are asked: a node that one has taken is not offered to those behind it. */
export const families: readonly Family[] = [
  // Takes no node: offers an algorithm to the rules behind it.
  {
    ops: ["conv2d", "conv2dInputGradient"],
    wants: mayBeWinograd,
    load: () => import("../winograd.ts"),
  },
  // Take no node either: kernels for kinds of convolutions and of devices.
  { ops: ["conv2d"], wants: isDepthwise, load: () => import("../depthwise.ts") },
  {
    ops: ["conv2d"],
    wants: ofConvolutions(({ inChannels }, { software }) => software && inChannels <= FEW_CHANNELS),
    load: () => import("../first_layer.ts"),
  },
  { ops: ["conv2d", "matmul"], wants: isForCards, load: () => import("../cards.ts") },
  {
    ops: ["conv2dFilterGradient"],
    wants: ofConvolutions(
      ({ inChannels }, { software, autotunes = true }) => autotunes || (!software && inChannels <= FEW_CHANNELS),
    ),
    load: () => import("../winners.ts"),
  },
  // The sum before the activation never reaches memory; before the rule of convolutions, which would take the sum alone.
  { ops: ["silu"], load: () => import("../convolution_silu.ts") },
  // Takes no node: offers gradients to the rule of convolutions, which may have them unpooled.
  { ops: ["maxPool2dGradient"], load: () => import("./training.ts"), list: "poolRules" },
  // Before its gradients, which it unpools. Nearly every network has one of these: it comes with the page.
  { ops: ["conv2d", "matmul"], load: async () => forward },
  // By kernels of their own, which know how the rule above has gradients unpooled; depthwise ones with strides too.
  {
    ops: ["conv2dInputGradient"],
    wants: isDepthwise,
    load: () => import("../depthwise.ts"),
    list: "gradientRules",
  },
  {
    ops: ["conv2dInputGradient"],
    wants: ofConvolutions(({ strideHeight, strideWidth }) => strideHeight > 1 || strideWidth > 1),
    load: () => import("../strided.ts"),
  },
  // Takes no node: kernels for cards, which know how the rule of convolutions has gradients unpooled.
  {
    ops: ["conv2dInputGradient", "conv2dFilterGradient"],
    wants: isForCards,
    load: () => import("../card_gradients.ts"),
  },
  // Takes sums over pictures: before batch normalisation, which takes what is left of them.
  {
    ops: ["conv2dFilterGradient", "conv2dInputGradient"],
    load: () => import("./training.ts"),
    list: "gradientRules",
  },
  // Fetches bytes itself: before the fetch of a batch.
  { ops: ["augmentImages"], load: () => import("./augmentation.ts") },
  { ops: ["mixingPlan", "mixImages"], load: () => import("./mixing.ts") },
  // Counts right answers itself: before the metrics.
  {
    ops: ["batchRows", "gatherRows", "softmaxCrossEntropyGradient"],
    load: () => import("./training.ts"),
  },
  {
    ops: [...["batchNorm", "batchMean", "batchNormGammaGradient", "batchNormInputGradient"], "movingAverage"],
    load: () => import("./normalization.ts"),
  },
  { ops: ["optimizerUpdate"], wants: isSpecial, load: () => import("./updates.ts") },
  { ops: ["normConstraint"], load: () => import("./updates.ts") },
  // Takes no node: offers to divide gradients.
  {
    ops: ["finishStep"],
    wants: (node) => isOp(node, "finishStep") && node.attributes.scaling !== undefined,
    load: () => import("../loss_scaling.ts"),
  },
  { ops: ["finishStep", "optimizerUpdate"], load: () => import("./training.ts"), list: "endRules" },
  // No fusion takes them.
  {
    ops: pointwiseFunctions.flatMap((name) => [name, `${name}Gradient`]),
    load: () => import("./pointwise.ts"),
  },
  {
    ops: ["gatherPart"],
    load: () => import("./gather_part.ts"),
  },
  {
    ops: ["cumsum"],
    load: () => import("./cumsum.ts"),
  },
  {
    ops: ["dropout", "gaussianNoise"],
    load: () => withPass(import("./noise.ts")),
  },
  {
    ops: ["slice", "place", "concat", "transpose", "resampleAxis", "cast", "oneHot"],
    load: () => import("./layout.ts"),
  },
];

/** Single ops that the fusions above take in most networks: fetched for those nodes alone that these leave. */
export const leftovers: readonly Family[] = [
  {
    ops: ["maxPool2d", "maxPool2dGradient", "avgPool2d", "avgPool2dGradient"],
    load: () => import("./pooling.ts"),
  },
  // Looks through an arena as a whole, where no fetch does.
  { ops: ["nonFinite"], load: () => import("../non_finite.ts") },
  // What a classifier ends in.
  {
    ops: ["argmax", "logSoftmax", "softmax"],
    load: () => import("./softmax.ts"),
  },
  {
    ops: [
      ...["batchRows", "gatherRows", "gatherRowsGradient", "recordStep", "countCorrect", "confusionMatrix"],
      ...["softmaxCrossEntropy", "softmaxCrossEntropyGradient"],
    ],
    load: () => import("./rows.ts"),
  },
  {
    ops: ["sum", "max", "min", "product", "maxGradient"],
    load: () => import("./reduce.ts"),
  },
];

/** For what of the rest no other family has: element by element, as sums with biases and activations, which are parts of fusions. */
export const elementwise: Family = { ops: [], load: () => withPass(import("./elementwise.ts")) };
