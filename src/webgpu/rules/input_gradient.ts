import { conv2dInputGradientOp } from "../../graph/ops/conv2d.ts";
import { conv2dInputGradient } from "../kernels/conv2d_input_gradient.ts";
import { rule } from "./rule.ts";
import { upstreamOf } from "./unpooled_gradient.ts";
import { convolve } from "./winograd.ts";

/** A convolution's gradient for its input, which reads a pooled gradient through the winners of the pool. */
export const inputGradient = rule(conv2dInputGradientOp, (node) => ({
  lower(emit) {
    const { geometry } = node.attributes;
    const { gradient, winners } = upstreamOf(node.operand("upstream"), emit);
    const [filters, inputGradient] = [emit.value(node.operand("filter")), emit.result(node)];
    const spec = conv2dInputGradient({ geometry, unpool: winners !== undefined }, emit.traits);
    if (winners) {
      emit.dispatch(spec, { upstream: gradient, winners, filters, inputGradient });
    } else {
      const options = { geometry, bias: false, relu: false };
      const directly = () => emit.dispatch(spec, { upstream: gradient, filters, inputGradient });
      convolve("inputGradient", options, directly, { source: gradient, filters, result: inputGradient }, emit);
    }
  },
}));
