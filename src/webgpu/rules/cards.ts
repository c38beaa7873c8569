import { fewChannelsForward } from "../kernels/conv2d_few_channels.ts";
import { stagedForward } from "../kernels/conv2d_staged.ts";
import { sizesOf } from "../kernels/matmul.ts";
import { isNarrowProduct, narrowProduct } from "../kernels/matmul_narrow.ts";
import { isStagedProduct, stagedProduct } from "../kernels/matmul_staged.ts";
import { OWN_FORWARD } from "./convolve.ts";
import { productMatch } from "./matmul.ts";
import { rule } from "./rule.ts";

/** Takes no node: offers the kernels for graphics cards to the rule of convolutions, where those of a kind are not offered already. */
const forward = rule("conv2d", (node, context) => {
  if (context.find(OWN_FORWARD, node) === undefined) {
    context.leave(
      OWN_FORWARD,
      node,
      (options, traits) => fewChannelsForward(options, traits) ?? stagedForward(options, traits),
    );
  }
  return undefined;
});

/** A matrix product on graphics cards, with its bias and its ReLU, where a kernel through workgroup memory is for it. */
const product = rule("matmul", (node, context) => {
  const { traits } = context;
  const sizes = sizesOf(node);
  if (isNarrowProduct(sizes, traits)) return productMatch(node, context, narrowProduct);
  if (isStagedProduct(sizes, traits)) return productMatch(node, context, stagedProduct);
  return undefined;
});

export const rules = [forward, product];
