import siluText from "../../../shaders/silu.wgsl?raw";
import { sizeOf } from "../../core/shape.ts";
import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import type { DeviceTraits } from "../kernel.ts";
import { winogradPays } from "../kernels/winograd_plan.ts";
import type { PlannedValue } from "../plan.ts";
import { forwardKernel } from "./convolve.ts";
import { biasAdd } from "./patterns.ts";
import { Annotation, type RuleEmitter, rule } from "./rule.ts";
import { isLoadedByConvolution, UPSTREAM_LOAD } from "./upstream.ts";

/** Left at a SiLU whose gradient is wanted: its derivative at each element. */
const DERIVATIVE = new Annotation<PlannedValue>();

/**
 * Convolution, bias and SiLU. Where a gradient flows back, the kernel leaves the derivative in place of the sum, and the
 * kernels of the convolution's gradients multiply by it in their loads: neither the sum nor its gradient reaches memory.
 */
const convolutionSilu = rule("conv2d", (conv, context) => {
  const { geometry } = conv.attributes;
  const biased = biasAdd(conv, context);
  const sum = biased?.add ?? conv;
  const uses = context.usesOf(sum);
  const silu = uses.find((use) => isOp(use, "silu"));
  const gradient = uses.find((use) => isOp(use, "siluGradient") && use.operand("x") === sum);
  if (silu === undefined || uses.length !== (gradient ? 2 : 1) || context.isOutput(sum)) return undefined;
  if (!hasKernels(geometry, context.traits)) return undefined;
  if (gradient) {
    const upstream = gradient.operand("upstream");
    if (upstream === sum || !isLoadedByConvolution(gradient, context)) return undefined;
    const values = (emit: RuleEmitter) => ({
      upstream: emit.value(upstream),
      derivative: emit.find(DERIVATIVE, silu),
    });
    context.leave(UPSTREAM_LOAD, gradient, { unpool: false, scaled: true, values });
  }
  return {
    covers: [sum, ...(gradient ? [gradient] : [])],
    turn: silu,
    lower(emit) {
      emit.begin("conv2d + silu", conv.layer);
      const derivative = gradient && derivativeOf(silu, emit);
      const options = {
        geometry,
        bias: biased !== undefined,
        relu: false,
        silu: siluText,
        derivative: derivative !== undefined,
      };
      emit.dispatch(forwardKernel(conv, options, emit), {
        input: emit.value(conv.operand("x")),
        filters: emit.value(conv.operand("filter")),
        bias: biased && emit.value(biased.bias),
        output: emit.result(silu),
        derivative,
      });
    },
  };
});

export const rules = [convolutionSilu];

/** Whether the kernels of the convolution and its gradients know the activation: those of whole vectors, without strides. */
function hasKernels(g: ConvGeometry, traits: DeviceTraits): boolean {
  const plain = g.groups === 1 && g.strideHeight === 1 && g.strideWidth === 1 && g.outChannels % 4 === 0;
  return plain && !winogradPays(g, "forward", traits) && !winogradPays(g, "inputGradient", traits);
}

function derivativeOf(silu: Node, emit: RuleEmitter): PlannedValue {
  const derivative = emit.scratch(`${silu.layer ?? "silu"}/derivative`, sizeOf(silu.shape));
  emit.leave(DERIVATIVE, silu, derivative);
  return derivative;
}
