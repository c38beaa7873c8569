import { isDepthwise } from "../kernels/conv2d_tiles.ts";
import { depthwiseForward, depthwiseInputGradient } from "../kernels/depthwise_conv2d.ts";
import { OWN_FORWARD } from "./convolve.ts";
import { ownInputGradient } from "./input_gradient_of_kind.ts";
import { type Rule, rule } from "./rule.ts";

/** Takes no node: offers the kernel to the rule of convolutions, which knows what follows. */
const forward = rule("conv2d", (node, context) => {
  if (isDepthwise(node.attributes.geometry)) context.leave(OWN_FORWARD, node, depthwiseForward);
  return undefined;
});

/** Convolutions whose channels are groups of their own. */
export const rules: readonly Rule[] = [forward];
export const gradientRules: readonly Rule[] = [ownInputGradient(depthwiseInputGradient)];
