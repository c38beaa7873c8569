import type { ForwardOptions } from "../kernels/conv2d_forward.ts";
import { emitWinograd, type WinogradValues, winogradMayPay, winogradPays, winogradPlan } from "../kernels/winograd.ts";
import type { RuleEmitter } from "./rule.ts";

/**
 * Appends a convolution or its input gradient, as the direct kernel or as Winograd's by rule; the autotuner may try the
 * other.
 */
export function convolve(
  direction: "forward" | "inputGradient",
  options: ForwardOptions,
  directly: () => void,
  values: WinogradValues,
  emit: RuleEmitter,
): void {
  const asWinograd = () => emitWinograd(winogradPlan(options.geometry, direction), options, values, emit);
  if (winogradPays(options.geometry, direction, emit.traits)) emit.either(asWinograd, directly);
  else if (winogradMayPay(options.geometry, direction, emit.traits)) emit.either(directly, asWinograd);
  else directly();
}
