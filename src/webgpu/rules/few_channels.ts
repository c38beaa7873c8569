import { fewChannelsFilterGradient, fewChannelsSlices } from "../kernels/conv2d_few_channels.ts";
import { OWN_FILTER_GRADIENT } from "./filter_gradient.ts";
import { rule } from "./rule.ts";
import { upstreamOf } from "./upstream.ts";

/** Takes no node: offers the kernel for images of few channels on graphics cards to the rule of filter gradients. */
const filterGradient = rule("conv2dFilterGradient", (node, context) => {
  const { unpool, scaled } = upstreamOf(node.operand("upstream"), context);
  const slices = fewChannelsSlices(node.attributes.geometry, unpool, context.traits);
  if (slices !== undefined && !scaled)
    context.leave(OWN_FILTER_GRADIENT, node, { slices, kernel: fewChannelsFilterGradient });
  return undefined;
});

export const rules = [filterGradient];
