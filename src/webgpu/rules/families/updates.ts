import { normConstraintLowerings } from "../../kernels/norm_constraint.ts";
import { adafactor } from "../adafactor.ts";
import { lamb } from "../lamb.ts";
import type { Rule } from "../rule.ts";
import { singleOps } from "../single_op.ts";

/** What measures parameters or gradients beside an update. */
export const rules: readonly Rule[] = [
  // Measures its step before it moves: before the update that all share.
  lamb,
  // Moves by directions that it makes of gradients: likewise.
  adafactor,
  ...singleOps(normConstraintLowerings),
];
