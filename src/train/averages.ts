import { ArgumentError } from "../core/errors.ts";
import type { Variable } from "../graph/node.ts";
import type { KeptState } from "./kept_state.ts";
import type { StepParts } from "./training_state.ts";

/** The moving averages, in the order of the trained parameters; none where the optimizer keeps none. */
export function averagesOf({ model, optimizer, state }: StepParts): Variable[] {
  const all = state.optimizer.flatMap(({ variables }) => variables);
  return optimizer.rule.ema ? all.slice(-model.arena.variables.length) : [];
}

/** Throws `ArgumentError` where there are no averages, or none yet. */
export function checkAverages({ parts, progress }: KeptState): void {
  if (averagesOf(parts).length === 0) {
    throw new ArgumentError("swapEma: the optimizer keeps no averages; make it with useEma: true.");
  }
  if (progress.steps === 0) throw new ArgumentError("swapEma: there are no averages before the first step.");
}

/** Exchanges weights and averages: the next step, or another call, puts them back in their own places. */
export async function swapAverages(kept: KeptState): Promise<void> {
  const averages = averagesOf(kept.parts);
  const weights = kept.parts.model.arena.variables;
  kept.write([...averages, ...weights], await kept.read([...weights, ...averages]));
  kept.swapBack = kept.swapBack ? undefined : () => swapAverages(kept);
}
