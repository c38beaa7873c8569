import { at } from "../core/at.ts";
import { decisionOf } from "../nn/losses/loss.ts";
import type { Totals } from "./step_record.ts";
import type { StepParts } from "./training_state.ts";

/** The share of right answers among rows, with class labels (`labelled`) or targets; none where there is nothing to be right about. */
export function accuracyOf(
  { heads, model }: Pick<StepParts, "heads" | "model">,
  { correct, rows }: Totals,
  labelled: boolean,
): { accuracy?: number } {
  const known = heads.length === 1 && decisionOf(at(heads, 0).loss, model.outputShape, labelled);
  return known ? { accuracy: correct / rows } : {};
}
