import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import type { InputGradientOptions } from "../kernels/conv2d_input_gradient.ts";
import { type Rule, rule } from "./rule.ts";
import { upstreamOf } from "./upstream.ts";

/** A rule for the input gradients of one kind of convolutions: `kernel` gives none for the others. */
export function ownInputGradient(
  kernel: (options: InputGradientOptions, traits: DeviceTraits) => KernelSpec | undefined,
): Rule {
  return rule("conv2dInputGradient", (node, context) => {
    const upstream = node.operand("upstream");
    const { geometry } = node.attributes;
    const spec = kernel({ geometry, unpool: upstreamOf(upstream, context).unpool }, context.traits);
    return (
      spec && {
        lower(emit) {
          const { values } = upstreamOf(upstream, emit);
          const filters = emit.value(node.operand("filter"));
          emit.dispatch(spec, { ...values(emit), filters, inputGradient: emit.result(node) });
        },
      }
    );
  });
}
