import { ArgumentError } from "../../core/errors.ts";
import { checkAbove0, checkNumber } from "../../core/numbers.ts";
import { describeValue } from "../../core/options.ts";
import type { Schedule } from "../../core/schedule.ts";
import { scheduleRates } from "../../core/schedule_part.ts";
import {
  type EpsilonPlace,
  momentumOf,
  stateSize,
  type UpdateFormula,
  type UpdateRule,
  type UpdateTreatment,
} from "../../graph/update_rule.ts";
import type { MomentsOptions, OptimizerOptions } from "../optimizer_options.ts";
import { provideStateSize } from "../state_size.ts";

/*
 * Names and default numbers are Keras'. Formulas are the papers', as PyTorch writes them; where Keras writes one
 * otherwise, an option takes its form: `epsilonAs: "keras"` and `decoupledWeightDecay: true`. Each optimizer's whole
 * update is one dispatch on the GPU, whatever its options; clipping by a norm adds two small ones.
 */

/** How a trainer moves the parameters: plain data, made by `adam()`, `sgd()` and their kin. */
export interface Optimizer {
  /** The formula and what happens around it. */
  readonly rule: UpdateRule;
  /** What a trainer begins with. */
  readonly learningRate: number | Schedule;
}

/** A learning rate as a number of at least 0, or a schedule: plain data, which may come from anywhere. */
export function checkLearningRate(what: string, value: number | Schedule): number | Schedule {
  if (typeof value === "object" && value !== null && "segments" in value) {
    scheduleRates.want();
    // Plain data where no schedule was made: a trainer waits, and looks at it.
    return scheduleRates.atHand?.checkSchedule(what, value) ?? value;
  }
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new ArgumentError(
    `${what}: learningRate must be a number of at least 0 or a schedule such as cosineDecay(), got ${describeValue(value)}.`,
  );
}

/** Where ε stands. Throws `ArgumentError`. */
export function checkEpsilonPlace(what: string, value: EpsilonPlace): EpsilonPlace {
  if (value === "pytorch" || value === "keras") return value;
  throw new ArgumentError(`${what}: epsilonAs must be "pytorch" or "keras", got ${describeValue(value)}.`);
}

function clipOf(what: string, options: OptimizerOptions): Pick<UpdateTreatment, "clip"> {
  const clips = (
    [
      ["value", "clipValue", options.clipValue],
      ["norm", "clipNorm", options.clipNorm],
      ["globalNorm", "globalClipNorm", options.globalClipNorm],
    ] as const
  ).flatMap(([by, name, limit]) => (limit === undefined ? [] : [{ by, limit: checkAbove0(what, name, limit) }]));
  if (clips.length > 1) {
    throw new ArgumentError(`${what}: give only one of clipValue, clipNorm and globalClipNorm.`);
  }
  return clips[0] === undefined ? {} : { clip: clips[0] };
}

function emaOf(what: string, options: OptimizerOptions): Pick<UpdateTreatment, "ema"> {
  const { useEma = false, emaMomentum = 0.99, emaOverwriteFrequency } = options;
  if (!useEma) {
    if (options.emaMomentum === undefined && emaOverwriteFrequency === undefined) return {};
    throw new ArgumentError(`${what}: emaMomentum and emaOverwriteFrequency want useEma: true.`);
  }
  if (emaOverwriteFrequency !== undefined && !(Number.isInteger(emaOverwriteFrequency) && emaOverwriteFrequency >= 1)) {
    throw new ArgumentError(
      `${what}: emaOverwriteFrequency must be a whole number of at least 1, got ${describeValue(emaOverwriteFrequency)}.`,
    );
  }
  const momentum = checkNumber(what, "emaMomentum", emaMomentum, 0, 1);
  return { ema: { momentum, overwriteFrequency: emaOverwriteFrequency ?? 0 } };
}

/** Throws `ArgumentError` where a schedule moves a momentum that the rule does not have. */
export function checkMomentumSchedule(what: string, rule: UpdateRule, learningRate: number | Schedule): void {
  if (typeof learningRate === "number" || learningRate.momentum === undefined || momentumOf(rule) !== undefined) return;
  throw new ArgumentError(
    `${what}: the schedule moves the momentum, which ${rule.kind} does not have here; make it with ` +
      `cycleMomentum: false, or take adam, or sgd or rmsprop with a momentum above 0.`,
  );
}

/** What was made here, as it was then: its numbers need no second look. */
const made = new WeakMap<object, string>();

/** Whether `adam()` or one of its kin made this, and nobody has changed it since. */
export function isChecked(given: unknown): given is Optimizer {
  return typeof given === "object" && given !== null && made.get(given) === JSON.stringify(given);
}

/** Puts an optimizer together: its formula, and the treatment that the options ask for. */
export function optimizer(
  what: string,
  options: OptimizerOptions,
  learningRate: number,
  formula: UpdateFormula,
  decay: { weightDecay: number; decoupled: boolean } = { weightDecay: 0, decoupled: false },
): Optimizer {
  const rule: UpdateRule = {
    ...formula,
    weightDecay: checkNumber(what, "weightDecay", options.weightDecay ?? decay.weightDecay, 0),
    decoupledWeightDecay: decay.decoupled || (options.decoupledWeightDecay ?? false),
    ...clipOf(what, options),
    ...emaOf(what, options),
  };
  const rate = checkLearningRate(what, options.learningRate ?? learningRate);
  checkMomentumSchedule(what, rule, rate);
  const checked = { learningRate: rate, rule };
  made.set(checked, JSON.stringify(checked));
  provideStateSize(stateSize);
  return checked;
}

/**
 * The optimizer with all gradients shortened by the one factor that brings their common norm to at most `limit`: what
 * the trainer's option `clipNorm` means. Throws `ArgumentError` where the optimizer clips already.
 */
export function withGlobalClipNorm(what: string, optimizer: Optimizer, limit: number): Optimizer {
  if (optimizer.rule.clip) {
    throw new ArgumentError(`${what}: clipNorm is given, and the optimizer clips too; leave one of them out.`);
  }
  const clip = { by: "globalNorm", limit: checkAbove0(what, "clipNorm", limit) } as const;
  return { ...optimizer, rule: { ...optimizer.rule, clip } };
}

/** What the optimizers that keep two moments of the gradient share. */
export function moments(what: string, options: MomentsOptions) {
  return {
    beta1: checkNumber(what, "beta1", options.beta1 ?? 0.9, 0, 1),
    beta2: checkNumber(what, "beta2", options.beta2 ?? 0.999, 0, 1),
    epsilon: checkNumber(what, "epsilon", options.epsilon ?? 1e-7, 0),
  };
}
