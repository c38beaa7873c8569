import type { Node } from "../../graph/node.ts";
import type { ForwardOptions } from "../kernels/conv2d_forward.ts";
import type { WinogradValues } from "../kernels/winograd.ts";
import { Annotation, type RuleEmitter } from "./rule.ts";

/** Left at a convolution or an input gradient that may run as Winograd's, whose kernels are a module of their own. */
export const WINOGRAD = new Annotation<{
  /** Whether it does by rule; otherwise the autotuner may try it. */
  readonly isPreferred: boolean;
  readonly lower: (options: ForwardOptions, values: WinogradValues, emit: RuleEmitter) => void;
}>();

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
