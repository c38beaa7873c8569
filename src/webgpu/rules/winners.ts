import shader from "../../../shaders/conv2d_winners_filter_gradient.wgsl?raw";
import { WINNERS_SHADER } from "./filter_gradient.ts";
import { rule } from "./rule.ts";

/** Takes no node: offers the filter gradient's kernel that multiplies by the gradients of a pool's winners alone. */
const winners = rule("conv2dFilterGradient", (node, context) => {
  context.leave(WINNERS_SHADER, node, shader);
  return undefined;
});

export const rules = [winners];
