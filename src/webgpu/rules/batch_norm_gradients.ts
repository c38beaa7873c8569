import { sizeOf } from "../../core/shape.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { axesOfStatistics } from "../../graph/ops/batch_norm.ts";
import {
  emitBatchNormSums,
  batchNormInputGradient as inputGradientKernel,
  type UpstreamValues,
} from "../kernels/batch_norm.ts";
import type { PlannedValue } from "../plan.ts";
import { isSumOver } from "./patterns.ts";
import { Annotation, type MatchContext, type RuleEmitter, rule, UNREAD } from "./rule.ts";

/** Left at gamma's gradient: what the kernel of the input's gradient reads beside x. */
const SUMS = new Annotation<{ readonly upstream: UpstreamValues; readonly coefficients: PlannedValue }>();

/** The sums over a batch that all of a batch normalisation's gradients are made of. */
interface Sums {
  readonly gammaGradient: Node<{ epsilon: number }>;
  /** Undefined where nothing reads it, or another kernel makes it. */
  readonly betaGradient: Node | undefined;
  readonly inputGradient: Node | undefined;
  /** A ReLU's gradient that is folded into the loads of these kernels. */
  readonly relu: Node | undefined;
}

/** The gradients of gamma and beta, and the coefficients of the input's gradient. */
export const batchNormSums = rule("batchNormGammaGradient", (gammaGradient, context) => {
  const upstream = gammaGradient.operand("upstream");
  const inputGradient = context.usesOf(gammaGradient).find((use) => isOp(use, "batchNormInputGradient"));
  const betaGradient = sumOfUpstream(gammaGradient, inputGradient, context);
  if (inputGradient) {
    const sums = ["gammaGradient", "betaGradient"].map((name) => inputGradient.operand(name));
    context.leave(UNREAD, inputGradient, new Set(sums));
  }
  const readers = new Set<Node | undefined>([gammaGradient, betaGradient, inputGradient]);
  const foldable =
    isOp(upstream, "reluGradient") &&
    !context.isOutput(upstream) &&
    !context.isCovered(upstream) &&
    gammaGradient.operand("x") !== upstream &&
    context.usesOf(upstream).every((use) => readers.has(use));
  const relu = foldable ? upstream : undefined;
  return {
    covers: [betaGradient, relu].filter((node) => node !== undefined),
    lower: (emit) => lowerSums({ gammaGradient, betaGradient, inputGradient, relu }, emit),
  };
});

/** Beta's gradient. Any sum of the gradient that arrives is the same value; another than the input gradient's own costs a kernel. */
function sumOfUpstream(gammaGradient: Node, inputGradient: Node | undefined, context: MatchContext): Node | undefined {
  const axes = axesOfStatistics(gammaGradient.operand("x"));
  const uses = context.usesOf(gammaGradient.operand("upstream"));
  const sums = uses.filter((use) => isSumOver(use, axes) && !context.isCovered(use));
  const own = inputGradient?.operand("betaGradient");
  return sums.find((node) => node === own) ?? sums[0];
}

function lowerSums({ gammaGradient, betaGradient, inputGradient, relu }: Sums, emit: RuleEmitter): void {
  emit.begin("batchNorm gradients", gammaGradient.layer);
  const x = gammaGradient.operand("x");
  const upstream = {
    gradient: emit.value(relu ? relu.operand("upstream") : gammaGradient.operand("upstream")),
    activated: relu && emit.value(relu.operand("y")),
  };
  const channels = sizeOf(gammaGradient.shape);
  const labels = inputGradient?.optionalOperand("labels");
  const input = inputGradient && {
    gamma: emit.value(inputGradient.operand("gamma")),
    coefficients: emit.scratch("batchNorm gradient coefficients", 4 * channels),
    labels: labels && emit.value(labels),
  };
  if (input) emit.leave(SUMS, gammaGradient, { upstream, coefficients: input.coefficients });
  emitBatchNormSums(
    x.shape,
    gammaGradient.attributes.epsilon,
    {
      x: emit.value(x),
      upstream,
      mean: emit.value(gammaGradient.operand("mean")),
      variance: emit.value(gammaGradient.operand("variance")),
      gammaGradient: emit.result(gammaGradient),
      betaGradient: betaGradient ? emit.result(betaGradient) : emit.scratch("unused sum", channels),
      input,
    },
    emit,
  );
}

/** The gradient of a batch normalisation's input, from the coefficients that were made with those sums. */
export const batchNormInputGradient = rule("batchNormInputGradient", (node) => ({
  lower(emit) {
    const sums = emit.find(SUMS, node.operand("gammaGradient"));
    if (sums === undefined) throw new Error("a batch normalisation's gradient was lowered before its sums");
    const { gradient, activated } = sums.upstream;
    const labels = node.optionalOperand("labels");
    const options = { relu: activated !== undefined, masked: labels !== undefined };
    emit.dispatch(inputGradientKernel(node.shape, options, emit.traits), {
      x: emit.value(node.operand("x")),
      upstream: gradient,
      coefficients: sums.coefficients,
      activated,
      labels: labels && emit.value(labels),
      output: emit.result(node),
    });
  },
}));
