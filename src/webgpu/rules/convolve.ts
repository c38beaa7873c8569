import type { Node } from "../../graph/node.ts";
import type { DeviceTraits, KernelSpec } from "../kernel.ts";
import { conv2dForward, type ForwardOptions } from "../kernels/conv2d_forward.ts";
import type { InputGradientOptions } from "../kernels/conv2d_input_gradient.ts";
import type { WinogradValues } from "../kernels/winograd.ts";
import { Annotation, type RuleEmitter } from "./rule.ts";

/** Left at a convolution or an input gradient that may run as Winograd's, whose kernels are a module of their own. */
export const WINOGRAD = new Annotation<{
  /** Whether it does by rule; otherwise the autotuner may try it. */
  readonly isPreferred: boolean;
  readonly lower: (options: ForwardOptions, values: WinogradValues, emit: RuleEmitter) => void;
}>();

/**
 * Left at a convolution of a kind that has a kernel of its own, which is a module of its own; it gives none where the kernel
 * of all kinds is the better one.
 */
export const OWN_FORWARD = new Annotation<(options: ForwardOptions, traits: DeviceTraits) => KernelSpec | undefined>();

/** The same of an input gradient. */
export const OWN_INPUT_GRADIENT = new Annotation<
  (options: InputGradientOptions, traits: DeviceTraits) => KernelSpec | undefined
>();

/** The kernel of a convolution and what follows it. */
export function forwardKernel(conv: Node, options: ForwardOptions, emit: RuleEmitter): KernelSpec {
  return emit.find(OWN_FORWARD, conv)?.(options, emit.traits) ?? conv2dForward(options, emit.traits);
}

/** Appends a convolution or its input gradient, as the direct kernel or as Winograd's; the autotuner may try the other. */
export function convolve(
  node: Node,
  options: ForwardOptions,
  directly: () => void,
  values: WinogradValues,
  emit: RuleEmitter,
): void {
  const winograd = emit.find(WINOGRAD, node);
  if (winograd === undefined) {
    directly();
    return;
  }
  const asWinograd = () => winograd.lower(options, values, emit);
  if (winograd.isPreferred) emit.either(asWinograd, directly);
  else emit.either(directly, asWinograd);
}
