import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { BoundValues } from "../lowering.ts";
import { isChannelSum } from "./patterns.ts";
import { Annotation, type MatchContext, type RuleEmitter } from "./rule.ts";

/** How the kernels of a convolution's gradients load the gradient that flows into it, and by which values. */
export interface UpstreamLoad {
  /** It is the gradient behind a 2×2 pool: `winners` says where it goes. */
  readonly unpool: boolean;
  /** It is the gradient behind an activation: `derivative` multiplies it. */
  readonly scaled: boolean;
  /** `upstream`, and what goes with it. */
  readonly values: (emit: RuleEmitter) => BoundValues;
}

/** Left at a gradient before an activation that is never materialised: how kernels make it in their loads. */
export const UPSTREAM_LOAD = new Annotation<UpstreamLoad>();

/** How the gradient that flows into a convolution is loaded: by default as it is. */
export function upstreamOf(node: Node, context: MatchContext): UpstreamLoad {
  const plain = { unpool: false, scaled: false, values: (emit: RuleEmitter) => ({ upstream: emit.value(node) }) };
  return context.find(UPSTREAM_LOAD, node) ?? plain;
}

/**
 * Whether only gradients of one convolution read a gradient. The sum that is the bias gradient is then computed beside the
 * filter gradient, so there must be one.
 */
export function isLoadedByConvolution(gradient: Node, context: MatchContext): boolean {
  const uses = context.usesOf(gradient);
  const canLoad = uses.every(
    (use) =>
      (isOp(use, "conv2dInputGradient") && use.operand("upstream") === gradient) ||
      (isOp(use, "conv2dFilterGradient") && use.operand("upstream") === gradient && use.operand("x") !== gradient) ||
      isChannelSum(use),
  );
  const filterGradients = uses.filter((use) => isOp(use, "conv2dFilterGradient")).length;
  const channelSums = uses.filter(isChannelSum).length;
  return canLoad && filterGradients <= 1 && channelSums <= filterGradients && !context.isOutput(gradient);
}
