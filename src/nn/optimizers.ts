import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { checkSchedule, type Schedule } from "../core/schedule.ts";
import {
  type EpsilonPlace,
  momentumOf,
  type UpdateFormula,
  type UpdateRule,
  type UpdateTreatment,
} from "../graph/update_rule.ts";

import {
  ADADELTA,
  ADAFACTOR,
  ADAGRAD,
  ADAM,
  ADAMAX,
  type AdadeltaOptions,
  type AdafactorOptions,
  type AdagradOptions,
  type AdamaxOptions,
  type AdamOptions,
  FTRL,
  type FtrlOptions,
  LION,
  type LionOptions,
  MOMENTS,
  type MomentsOptions,
  NADAM,
  type NadamOptions,
  type OptimizerOptions,
  RMSPROP,
  type RmspropOptions,
  SGD,
  type SgdOptions,
} from "./optimizer_options.ts";

export type * from "./optimizer_options.ts";

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

function checkNumber(
  what: string,
  name: string,
  value: number,
  least: number,
  below = Number.POSITIVE_INFINITY,
): number {
  if (!Number.isFinite(value) || value < least || value >= below) {
    const range = below === Number.POSITIVE_INFINITY ? `at least ${least}` : `in [${least}, ${below})`;
    throw new ArgumentError(`${what}: ${name} must be a number ${range}, got ${describeValue(value)}.`);
  }
  return value;
}

function checkAbove0(what: string, name: string, value: number): number {
  if (!Number.isFinite(value) || value <= 0) {
    throw new ArgumentError(`${what}: ${name} must be a number above 0, got ${describeValue(value)}.`);
  }
  return value;
}

/** A learning rate as a number of at least 0, or a schedule: plain data, which may come from anywhere. */
export function checkLearningRate(what: string, value: number | Schedule): number | Schedule {
  if (typeof value === "object" && value !== null && "segments" in value) return checkSchedule(what, value);
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new ArgumentError(
    `${what}: learningRate must be a number of at least 0 or a schedule such as cosineDecay(), got ${describeValue(value)}.`,
  );
}

function checkEpsilonPlace(what: string, value: EpsilonPlace): EpsilonPlace {
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

/** Puts an optimizer together: its formula, and the treatment that the options ask for. */
function optimizer(
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
  return { learningRate: rate, rule };
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

/**
 * Gradient descent; with `momentum` the heavy ball, or Nesterov's form. `dampening` lessens what a gradient adds to the
 * velocity, from the second step on. Defaults: learningRate 0.01, the rest off. The velocity does not hold the learning
 * rate, as in PyTorch; Keras' does, which differs once the rate changes.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions("sgd", options, SGD);
  const momentum = checkNumber("sgd", "momentum", options.momentum ?? 0, 0, 1);
  const dampening = checkNumber("sgd", "dampening", options.dampening ?? 0, 0);
  const nesterov = options.nesterov ?? false;
  if (nesterov && momentum === 0) throw new ArgumentError("sgd: nesterov needs a momentum above 0.");
  if (nesterov && dampening !== 0) throw new ArgumentError("sgd: nesterov goes without dampening.");
  return optimizer("sgd", options, 0.01, { kind: "sgd", momentum, dampening, nesterov });
}

function moments(what: string, options: MomentsOptions) {
  return {
    beta1: checkNumber(what, "beta1", options.beta1 ?? 0.9, 0, 1),
    beta2: checkNumber(what, "beta2", options.beta2 ?? 0.999, 0, 1),
    epsilon: checkNumber(what, "epsilon", options.epsilon ?? 1e-7, 0),
  };
}

function adamFormula(what: string, options: AdamOptions): UpdateFormula {
  const epsilonAs = checkEpsilonPlace(what, options.epsilonAs ?? "pytorch");
  return { kind: "adam", ...moments(what, options), epsilonAs, amsgrad: options.amsgrad ?? false };
}

/**
 * Adam (Kingma and Ba 2015), with `amsgrad` that of Reddi et al. 2018. Defaults are Keras': learningRate 1e-3,
 * beta1 0.9, beta2 0.999, epsilon 1e-7 (PyTorch: 1e-8).
 */
export function adam(options: AdamOptions = {}): Optimizer {
  checkOptions("adam", options, ADAM);
  return optimizer("adam", options, 1e-3, adamFormula("adam", options));
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019); weightDecay is 0.004 by default (PyTorch: 0.01). */
export function adamw(options: AdamOptions = {}): Optimizer {
  checkOptions("adamw", options, ADAM);
  return optimizer("adamw", options, 1e-3, adamFormula("adamw", options), { weightDecay: 0.004, decoupled: true });
}

/** The products of its momenta are a table, which ends where they vanish: after 37 / (1 − β₁) steps. */
const NADAM_MOST_BETA1 = 0.9999;

/**
 * Adam with Nesterov's momentum (Dozat 2016), whose momentum grows to beta1 as 1 − 0.96^(t · momentumDecay) / 2.
 * Defaults are Keras': learningRate 1e-3, beta1 0.9, beta2 0.999, epsilon 1e-7, momentumDecay 1 (PyTorch: 0.004).
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  checkOptions("nadam", options, NADAM);
  const momentumDecay = checkNumber("nadam", "momentumDecay", options.momentumDecay ?? 1, 0);
  const own = moments("nadam", options);
  if (own.beta1 > NADAM_MOST_BETA1) {
    throw new ArgumentError(`nadam: beta1 must be at most ${NADAM_MOST_BETA1}, got ${describeValue(own.beta1)}.`);
  }
  return optimizer("nadam", options, 1e-3, { kind: "nadam", ...own, momentumDecay });
}

/** Adamax, Adam by the infinity norm (Kingma and Ba 2015, section 7). Defaults as `adam` (PyTorch: learningRate 2e-3). */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  checkOptions("adamax", options, ADAMAX);
  const epsilonAs = checkEpsilonPlace("adamax", options.epsilonAs ?? "pytorch");
  return optimizer("adamax", options, 1e-3, { kind: "adamax", ...moments("adamax", options), epsilonAs });
}

/**
 * RMSprop (Hinton 2012); `centered` divides by the deviation instead of the root mean square. Defaults are Keras':
 * learningRate 1e-3, rho 0.9 (PyTorch: 0.01 and alpha 0.99), momentum 0, epsilon 1e-7.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkOptions("rmsprop", options, RMSPROP);
  return optimizer("rmsprop", options, 1e-3, {
    kind: "rmsprop",
    rho: checkNumber("rmsprop", "rho", options.rho ?? 0.9, 0, 1),
    momentum: checkNumber("rmsprop", "momentum", options.momentum ?? 0, 0, 1),
    epsilon: checkNumber("rmsprop", "epsilon", options.epsilon ?? 1e-7, 0),
    epsilonAs: checkEpsilonPlace("rmsprop", options.epsilonAs ?? "pytorch"),
    centered: options.centered ?? false,
  });
}

/**
 * Adagrad (Duchi, Hazan and Singer 2011). Defaults are Keras': learningRate 1e-3, initialAccumulatorValue 0.1,
 * epsilon 1e-7 (PyTorch: 0.01, 0 and 1e-10).
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  checkOptions("adagrad", options, ADAGRAD);
  const initial = options.initialAccumulatorValue ?? 0.1;
  return optimizer("adagrad", options, 1e-3, {
    kind: "adagrad",
    initialAccumulatorValue: checkNumber("adagrad", "initialAccumulatorValue", initial, 0),
    epsilon: checkNumber("adagrad", "epsilon", options.epsilon ?? 1e-7, 0),
    epsilonAs: checkEpsilonPlace("adagrad", options.epsilonAs ?? "pytorch"),
  });
}

/** Adadelta (Zeiler 2012). Defaults are Keras': learningRate 1e-3 (paper and PyTorch: 1), rho 0.95, epsilon 1e-7. */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  checkOptions("adadelta", options, ADADELTA);
  return optimizer("adadelta", options, 1e-3, {
    kind: "adadelta",
    rho: checkNumber("adadelta", "rho", options.rho ?? 0.95, 0, 1),
    epsilon: checkNumber("adadelta", "epsilon", options.epsilon ?? 1e-7, 0),
  });
}

/**
 * LAMB (You et al. 2020): Adam's direction, as long for each parameter tensor as the tensor itself; for large batches.
 * `weightDecay` adds λ · p to that direction, as in the paper; decoupled, as Keras does. Defaults as `adam`.
 */
export function lamb(options: MomentsOptions = {}): Optimizer {
  checkOptions("lamb", options, MOMENTS);
  return optimizer("lamb", options, 1e-3, { kind: "lamb", ...moments("lamb", options) });
}

/** Lion (Chen et al. 2023): moves by the sign alone. Defaults are Keras': learningRate 1e-3, beta1 0.9, beta2 0.99. */
export function lion(options: LionOptions = {}): Optimizer {
  checkOptions("lion", options, LION);
  const formula: UpdateFormula = {
    kind: "lion",
    beta1: checkNumber("lion", "beta1", options.beta1 ?? 0.9, 0, 1),
    beta2: checkNumber("lion", "beta2", options.beta2 ?? 0.99, 0, 1),
  };
  return optimizer("lion", options, 1e-3, formula, { weightDecay: 0, decoupled: true });
}

/**
 * Adafactor (Shazeer and Stern 2018): keeps of a matrix' second moments only those of its rows and columns, so that its
 * state is small. A matrix is the last two axes; vectors keep a moment an element. The step is at most
 * min(learningRate, 1/√t), times the size of the tensor (`epsilon2` at least), and shorter where the direction's root
 * mean square is above `clipThreshold`. Defaults are Keras': learningRate 1e-3, beta2Decay −0.8, epsilon1 1e-30,
 * epsilon2 1e-3, clipThreshold 1. `relativeStep` is taken so that Keras' settings carry over: there too, 1/√t bounds the
 * step whatever it says. Four small dispatches come before the update's.
 */
export function adafactor(options: AdafactorOptions = {}): Optimizer {
  checkOptions("adafactor", options, ADAFACTOR);
  const beta2Decay = options.beta2Decay ?? -0.8;
  if (!(Number.isFinite(beta2Decay) && beta2Decay <= 0)) {
    throw new ArgumentError(`adafactor: beta2Decay must be a number of at most 0, got ${describeValue(beta2Decay)}.`);
  }
  return optimizer("adafactor", options, 1e-3, {
    kind: "adafactor",
    beta2Decay,
    // A row without gradients is divided by its root: it must not vanish in f32.
    epsilon1: checkNumber("adafactor", "epsilon1", options.epsilon1 ?? 1e-30, 1e-36),
    epsilon2: checkNumber("adafactor", "epsilon2", options.epsilon2 ?? 1e-3, 0),
    clipThreshold: checkAbove0("adafactor", "clipThreshold", options.clipThreshold ?? 1),
  });
}

/**
 * FTRL-proximal (McMahan et al. 2013). Defaults are Keras': learningRate 1e-3, learningRatePower −0.5,
 * initialAccumulatorValue 0.1, all regularisation 0. For linear models: its first step begins at zero, whatever the
 * weights were.
 */
export function ftrl(options: FtrlOptions = {}): Optimizer {
  checkOptions("ftrl", options, FTRL);
  const power = options.learningRatePower ?? -0.5;
  if (!(Number.isFinite(power) && power <= 0)) {
    throw new ArgumentError(`ftrl: learningRatePower must be a number of at most 0, got ${describeValue(power)}.`);
  }
  const initial = options.initialAccumulatorValue ?? 0.1;
  const shrinkage = options.l2ShrinkageRegularizationStrength ?? 0;
  return optimizer("ftrl", options, 1e-3, {
    kind: "ftrl",
    learningRatePower: power,
    initialAccumulatorValue: checkNumber("ftrl", "initialAccumulatorValue", initial, 0),
    l1: checkNumber("ftrl", "l1RegularizationStrength", options.l1RegularizationStrength ?? 0, 0),
    l2: checkNumber("ftrl", "l2RegularizationStrength", options.l2RegularizationStrength ?? 0, 0),
    l2Shrinkage: checkNumber("ftrl", "l2ShrinkageRegularizationStrength", shrinkage, 0),
    beta: checkNumber("ftrl", "beta", options.beta ?? 0, 0),
  });
}
