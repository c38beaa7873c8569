import type { Node } from "../../graph/node.ts";
import type { ConvAttributes } from "../../graph/ops/conv2d.ts";
import { emitWinograd } from "../kernels/winograd.ts";
import { winogradMayPay, winogradPays, winogradPlan } from "../kernels/winograd_plan.ts";
import { WINOGRAD } from "./convolve.ts";
import { type MatchContext, type Rule, rule } from "./rule.ts";

type Direction = "forward" | "inputGradient";

/** Offers Winograd's algorithm to the rule that takes the node. */
function offer(node: Node<ConvAttributes>, direction: Direction, context: MatchContext): undefined {
  const { geometry } = node.attributes;
  if (!winogradMayPay(geometry, direction, context.traits)) return;
  context.leave(WINOGRAD, node, {
    isPreferred: winogradPays(geometry, direction, context.traits),
    lower: (options, values, emit) => emitWinograd(winogradPlan(geometry, direction), options, values, emit),
  });
}

const forward = rule("conv2d", (node, context) => offer(node, "forward", context));

const inputGradient = rule("conv2dInputGradient", (node, context) => offer(node, "inputGradient", context));

/** Take no node: offer the algorithm for convolutions and for their input gradients. */
export const rules: readonly Rule[] = [forward, inputGradient];
