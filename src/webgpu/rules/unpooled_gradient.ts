import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { conv2dFilterGradientOp, conv2dInputGradientOp } from "../../graph/ops/conv2d.ts";
import { maxPool2dGradientOp } from "../../graph/ops/max_pool2d.ts";
import { reluGradientOp } from "../../graph/ops/relu.ts";
import type { PlannedValue } from "../plan.ts";
import { isChannelSum } from "./patterns.ts";
import { Annotation, type MatchContext, type RuleEmitter } from "./rule.ts";

/**
 * A gradient before a ReLU and a 2×2 pool, which is never materialised: three of its four elements are zero. Left at the
 * node that it would be; the kernels that read it spread the pooled gradient by the winners in their loads.
 */
export const UNPOOLED = new Annotation<{ readonly pool: Node; readonly upstream: Node }>();

/** Left at a pool: a byte an element that says which of its window won (`conv2dPoolForward`). */
export const WINNERS = new Annotation<PlannedValue>();

/** The gradients of a pool and of the ReLU before it. */
export interface PoolGradients {
  /** Of the pool, in the places of the winners. */
  readonly scattered: Node;
  /** Of the ReLU. */
  readonly before: Node;
}

/**
 * Those gradients among what reads the ReLU's result beside the pool, where every kernel that wants them can load them
 * through the winners. The bias gradient is then computed beside the filter gradient, so there must be one.
 */
export function poolGradients(relu: Node, readers: readonly Node[], context: MatchContext): PoolGradients | undefined {
  const scattered = readers.find((use) => isOp(use, maxPool2dGradientOp));
  const before = readers.find((use) => isOp(use, reluGradientOp));
  if (readers.length !== 2 || scattered === undefined || before === undefined) return undefined;
  const uses = context.usesOf(before);
  const onlyEachOther =
    context.soleUse(scattered) === before && before.operand("y") === relu && before.operand("upstream") === scattered;
  const canLoad = uses.every(
    (use) =>
      (isOp(use, conv2dInputGradientOp) && use.operand("upstream") === before) ||
      (isOp(use, conv2dFilterGradientOp) && use.operand("upstream") === before && use.operand("x") !== before) ||
      isChannelSum(use),
  );
  const filterGradients = uses.filter((use) => isOp(use, conv2dFilterGradientOp)).length;
  const channelSums = uses.filter(isChannelSum).length;
  const together = filterGradients <= 1 && channelSums <= filterGradients;
  return onlyEachOther && canLoad && together && !context.isOutput(before) ? { scattered, before } : undefined;
}

/** The gradient that flows into a convolution: as it is, or pooled with the winners that say where it goes. */
export interface Upstream {
  readonly gradient: PlannedValue;
  readonly winners: PlannedValue | undefined;
}

/** The values by which a kernel loads the gradient that flows into a convolution. */
export function upstreamOf(node: Node, emit: RuleEmitter): Upstream {
  const unpooled = emit.find(UNPOOLED, node);
  if (unpooled === undefined) return { gradient: emit.value(node), winners: undefined };
  const winners = emit.find(WINNERS, unpooled.pool);
  if (winners === undefined) throw new Error("a fused pool was lowered without its winners");
  return { gradient: emit.value(unpooled.upstream), winners };
}
