import { otherFormula } from "../kernels/other_updates.ts";
import { FORMULA } from "./gradients.ts";
import { rule } from "./rule.ts";

/** Takes no node: leaves its formula at an update by another rule than SGD and Adam. */
export const otherUpdate = rule("optimizerUpdate", (update, context) => {
  const { rule: formula } = update.attributes;
  if (formula.kind !== "sgd" && formula.kind !== "adam") context.leave(FORMULA, update, otherFormula(formula));
  return undefined;
});
