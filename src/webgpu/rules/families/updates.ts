import { normConstraintLowerings } from "../../kernels/norm_constraint.ts";
import { adafactor } from "../adafactor.ts";
import { clipByNorm } from "../clip_factors.ts";
import { lamb } from "../lamb.ts";
import { otherUpdate } from "../other_updates.ts";
import type { Rule } from "../rule.ts";
import { singleOps } from "../single_op.ts";

/** Updates by other rules than SGD and Adam, and what measures parameters or gradients beside an update. */
export const rules: readonly Rule[] = [
  // Take no node: offer a formula and factors to the rules behind them.
  otherUpdate,
  clipByNorm,
  // Measures its step before it moves: before the update that all share.
  lamb,
  // Moves by directions that it makes of gradients: likewise.
  adafactor,
  ...singleOps(normConstraintLowerings),
];
