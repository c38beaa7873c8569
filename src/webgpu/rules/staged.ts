import { isStaged, stagedForward } from "../kernels/conv2d_staged.ts";
import { OWN_FORWARD } from "./convolve.ts";
import { rule } from "./rule.ts";

/** Takes no node: offers the kernel for graphics cards to the rule of convolutions. */
const forward = rule("conv2d", (node, context) => {
  if (isStaged(node.attributes.geometry, context.traits)) context.leave(OWN_FORWARD, node, stagedForward);
  return undefined;
});

export const rules = [forward];
