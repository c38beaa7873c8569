import { ArgumentError } from "../core/errors.ts";
import type { Schedule } from "../core/schedule.ts";
import { rateTable, scheduleRates } from "../core/schedule_part.ts";
import { momentumOf } from "../graph/update_rule.ts";
import { checkLearningRate, checkMomentumSchedule, type Optimizer } from "../nn/optimizers.ts";

/** A learning rate or its schedule as the device reads it. */
export function learningRateTable(learningRate: number | Schedule): Float32Array {
  return Float32Array.from(rateTable(learningRate));
}

/**
 * The table after the learning rate of a trainer with this optimizer was changed. Throws `ArgumentError` for what is no
 * rate, and for a schedule that moves a momentum which the optimizer does not move.
 */
export function changedRates(
  what: string,
  { rule, learningRate }: Optimizer,
  changed: number | Schedule,
): Float32Array {
  const chosen = checkLearningRate(what, changed);
  if (typeof chosen !== "number" && scheduleRates.atHand === undefined)
    throw new ArgumentError(`${what}: make the schedule with cosineDecay() or its kin on this page.`);
  checkMomentumSchedule(what, rule, chosen);
  const table = learningRateTable(chosen);
  const { length } = learningRateTable(learningRate);
  if (table.length > length) {
    throw new ArgumentError(
      `${what}: the schedule moves the momentum; a trainer takes one only where its optimizer was made with one.`,
    );
  }
  // A rate alone leaves the momentum to the optimizer's own number.
  const momentum = table.length < length ? learningRateTable(momentumOf(rule) ?? 0) : [];
  return Float32Array.of(...table, ...momentum);
}
