import { stridedInputGradient } from "../kernels/strided_input_gradient.ts";
import { ownInputGradient } from "./input_gradient_of_kind.ts";

/** The input gradients of convolutions with strides. */
const stridedGradient = ownInputGradient(({ geometry: g, ...options }, traits) =>
  g.strideHeight === 1 && g.strideWidth === 1 ? undefined : stridedInputGradient({ geometry: g, ...options }, traits),
);

export const rules = [stridedGradient];
