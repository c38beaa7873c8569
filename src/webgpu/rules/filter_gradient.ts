import { alignTo } from "../../core/align_to.ts";
import { sizeOf } from "../../core/shape.ts";
import { Arena, type Node } from "../../graph/node.ts";
import type { ConvAttributes } from "../../graph/ops/conv2d.ts";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import {
  conv2dFilterGradient,
  type FilterGradientOptions,
  filterGradientSlices,
} from "../kernels/conv2d_filter_gradient.ts";
import { sumSlices } from "../kernels/sum_slices.ts";
import type { PlannedValue } from "../plan.ts";
import { earlier, isChannelSum } from "./patterns.ts";
import { Annotation, PARTIAL_SUMS, type RuleEmitter, rule } from "./rule.ts";
import { upstreamOf } from "./upstream.ts";

/** Left at a filter gradient that may pick winners: the text of that kernel, which is a module of its own. */
export const WINNERS_SHADER = new Annotation<string>();

/** Left at the filter gradient of a convolution of a kind that has a kernel of its own, which is a module of its own. */
export const OWN_FILTER_GRADIENT = new Annotation<{
  readonly slices: number;
  readonly kernel: (options: FilterGradientOptions, traits: DeviceTraits) => KernelSpec | undefined;
}>();

/** A convolution's gradient for its filter, with that for its bias. */
export const filterGradient = rule("conv2dFilterGradient", (node, context) => {
  const upstream = node.operand("upstream");
  const channelSum = context.usesOf(upstream).find(isChannelSum);
  const bias = channelSum && !context.isCovered(channelSum) ? channelSum : undefined;
  const { unpool } = upstreamOf(upstream, context);
  const own = context.find(OWN_FILTER_GRADIENT, node);
  const slices = own?.slices ?? filterGradientSlices(node.attributes.geometry, unpool, context.traits);
  for (const gradient of bias ? [node, bias] : [node]) context.leave(PARTIAL_SUMS, gradient, slices);
  return {
    covers: bias ? [bias] : [],
    turn: bias ? earlier(node, bias) : node,
    lower: (emit) => lower(node, bias, slices, emit),
  };
});

function lower(node: Node<ConvAttributes>, bias: Node | undefined, slices: number, emit: RuleEmitter): void {
  emit.begin(bias ? "conv2dFilterGradient + bias" : "conv2dFilterGradient", node.layer);
  const { unpool, scaled, values } = upstreamOf(node.operand("upstream"), emit);
  const { geometry } = node.attributes;
  const winnersShader = emit.find(WINNERS_SHADER, node);
  const options = { geometry, unpool, scaled, bias: bias !== undefined, slices, winnersShader };
  const gradients = bias ? [node, bias] : [node];
  const places = gradients.map((gradient) => emit.reserved(gradient) ?? partialSums(gradient, slices, emit));
  const own = emit.find(OWN_FILTER_GRADIENT, node)?.kernel(options, emit.traits);
  emit.dispatch(own ?? conv2dFilterGradient(options, emit.traits), {
    input: emit.value(node.operand("x")),
    ...values(emit),
    filterPartials: places[0],
    biasPartials: places[1],
  });
  gradients.forEach((gradient, index) => {
    const place = places[index];
    if (place) finish(gradient, place, slices, emit);
  });
}

function partialSums(gradient: Node, slices: number, emit: RuleEmitter): PlannedValue {
  const size = slices * alignTo(sizeOf(gradient.shape), Arena.ALIGNMENT);
  return emit.scratch(`${gradient.op.name} partial sums`, size);
}

/** Makes the gradient of its partial sums, unless whoever reserved their place does. */
function finish(gradient: Node, place: PlannedValue, slices: number, emit: RuleEmitter): void {
  const size = sizeOf(gradient.shape);
  if (emit.reserved(gradient)) {
    emit.define(gradient, place);
  } else if (slices === 1) {
    emit.define(gradient, emit.view(place, { offset: 0, size, label: place.label }));
  } else {
    const options = { size, slices, sliceStride: alignTo(size, Arena.ALIGNMENT) };
    emit.dispatch(sumSlices(options, emit.traits), { partials: place, output: emit.result(gradient) });
  }
}
