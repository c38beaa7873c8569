import { conv2dInputGradient } from "../kernels/conv2d_input_gradient.ts";
import { convolve, OWN_INPUT_GRADIENT } from "./convolve.ts";
import { rule } from "./rule.ts";
import { upstreamOf } from "./upstream.ts";

/** A convolution's gradient for its input; a gradient before a pool or an activation is made in its loads. */
export const inputGradient = rule("conv2dInputGradient", (node) => ({
  lower(emit) {
    const { geometry } = node.attributes;
    const { unpool, scaled, values } = upstreamOf(node.operand("upstream"), emit);
    const [filters, inputGradient] = [emit.value(node.operand("filter")), emit.result(node)];
    const own = emit.find(OWN_INPUT_GRADIENT, node)?.({ geometry, unpool, scaled }, emit.traits);
    const spec = own ?? conv2dInputGradient({ geometry, unpool, scaled }, emit.traits);
    const directly = () => emit.dispatch(spec, { ...values(emit), filters, inputGradient });
    if (unpool || scaled) {
      directly();
    } else {
      const source = emit.value(node.operand("upstream"));
      const options = { geometry, bias: false, relu: false };
      convolve(node, options, directly, { source, filters, result: inputGradient }, emit);
    }
  },
}));
