import { firstLayerForward, firstLayerTile } from "../kernels/conv2d_first_layer.ts";
import { OWN_FORWARD } from "./convolve.ts";
import { rule } from "./rule.ts";

/** Takes no node: offers the kernel for images of few channels to the rule of convolutions. */
const firstLayer = rule("conv2d", (node, context) => {
  if (firstLayerTile(node.attributes.geometry, context.traits)) context.leave(OWN_FORWARD, node, firstLayerForward);
  return undefined;
});

export const rules = [firstLayer];
