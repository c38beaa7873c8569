import type { KernelSpec } from "../kernel.ts";
import type { ForwardOptions } from "../kernels/conv2d.ts";
import { emitWinograd, winogradMayPay, winogradPays, winogradPlan } from "../kernels/winograd.ts";
import type { PlannedValue } from "../plan.ts";
import type { RuleEmitter } from "./rule.ts";

/** Appends a convolution or its input gradient, directly or as Winograd's by rule; the autotuner may try the other. */
export function convolve(
  direction: "forward" | "inputGradient",
  options: ForwardOptions,
  direct: KernelSpec,
  values: readonly PlannedValue[],
  emit: RuleEmitter,
): void {
  const directly = () => emit.dispatch(direct, values);
  const asWinograd = () => emitWinograd(winogradPlan(options.geometry, direction), options, values, emit);
  if (winogradPays(options.geometry, direction, emit.traits)) emit.either(asWinograd, directly);
  else if (winogradMayPay(options.geometry, direction, emit.traits)) emit.either(directly, asWinograd);
  else directly();
}
