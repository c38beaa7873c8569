import { convolution } from "../convolution.ts";
import type { Rule } from "../rule.ts";

/** Convolutions and what follows them. */
export const rules: readonly Rule[] = [
  // The full-size activation never reaches memory.
  convolution,
];
