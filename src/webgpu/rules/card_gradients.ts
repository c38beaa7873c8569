import { fewChannelsFilterGradient, fewChannelsSlices } from "../kernels/conv2d_few_channels.ts";
import {
  stagedFilterGradient,
  stagedFilterGradientSlices,
  stagedInputGradient,
} from "../kernels/conv2d_staged_gradients.ts";
import { OWN_INPUT_GRADIENT } from "./convolve.ts";
import { OWN_FILTER_GRADIENT } from "./filter_gradient.ts";
import { rule } from "./rule.ts";
import { upstreamOf } from "./upstream.ts";

/** Take no node: offer the kernels for graphics cards to the rules of a convolution's gradients. */
const inputGradient = rule("conv2dInputGradient", (node, context) => {
  context.leave(OWN_INPUT_GRADIENT, node, stagedInputGradient);
  return undefined;
});
const filterGradient = rule("conv2dFilterGradient", (node, context) => {
  const { geometry } = node.attributes;
  const { unpool, scaled } = upstreamOf(node.operand("upstream"), context);
  const few = scaled ? undefined : fewChannelsSlices(geometry, unpool, context.traits);
  const slices = few ?? stagedFilterGradientSlices(geometry, unpool, context.traits);
  const kernel = few === undefined ? stagedFilterGradient : fewChannelsFilterGradient;
  if (slices !== undefined) context.leave(OWN_FILTER_GRADIENT, node, { slices, kernel });
  return undefined;
});

export const rules = [inputGradient, filterGradient];
