import { convolution } from "../convolution.ts";
import { convolutionSilu } from "../convolution_silu.ts";
import type { Rule } from "../rule.ts";

/** Convolutions and what follows them. */
export const rules: readonly Rule[] = [
  // The sum before the activation never reaches memory; before the rule below, which would take the sum alone.
  convolutionSilu,
  // The full-size activation never reaches memory.
  convolution,
];
