import { filterGradient } from "../filter_gradient.ts";
import { inputGradient } from "../input_gradient.ts";
import type { Rule } from "../rule.ts";

/** What flows back through convolutions. */
export const rules: readonly Rule[] = [
  // The bias gradient reads what the filter gradient reads.
  filterGradient,
  // Reads a pooled gradient in its loads.
  inputGradient,
];
