/** How much optimizers keep: they say it themselves when they are made, so that a page which only uses a model has none of it. */
import { ArgumentError } from "../core/errors.ts";
import type { Arena } from "../graph/node.ts";
import type { UpdateRule } from "../graph/update_rule.ts";

type StateSize = (rule: UpdateRule, parameters: Arena) => number;

let known: StateSize | undefined;

/** To be called by what makes optimizers. */
export function provideStateSize(stateSize: StateSize): void {
  known = stateSize;
}

/** Numbers that an optimizer of this rule keeps for the parameters. Throws `ArgumentError` where none has been made yet. */
export function stateSizeOf(rule: UpdateRule, parameters: Arena): number {
  if (known !== undefined) return known(rule, parameters);
  throw new ArgumentError("summary: optimizer must be what adam(), sgd() or one of their kin gives.");
}
