import { ArgumentError } from "../../core/errors.ts";
import { checkAbove0, checkNumber } from "../../core/numbers.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import type { UpdateFormula } from "../../graph/update_rule.ts";
import {
  ADAMAX,
  type AdadeltaOptions,
  type AdafactorOptions,
  type AdagradOptions,
  type AdamaxOptions,
  COMMON,
  type FtrlOptions,
  type LionOptions,
  MOMENTS,
  type MomentsOptions,
  type NadamOptions,
  type RmspropOptions,
} from "../optimizer_options.ts";
import { checkEpsilonPlace, moments, type Optimizer, optimizer } from "./optimizer.ts";

/** The options of `nadam`. */
const NADAM: OptionKinds<NadamOptions> = { ...MOMENTS, momentumDecay: "number" };

/** The options of `rmsprop`. */
const RMSPROP: OptionKinds<RmspropOptions> = {
  ...COMMON,
  rho: "number",
  momentum: "number",
  epsilon: "number",
  epsilonAs: "string",
  centered: "boolean",
};

/** The options of `adagrad`. */
const ADAGRAD: OptionKinds<AdagradOptions> = {
  ...COMMON,
  initialAccumulatorValue: "number",
  epsilon: "number",
  epsilonAs: "string",
};

/** The options of `adadelta`. */
const ADADELTA: OptionKinds<AdadeltaOptions> = { ...COMMON, rho: "number", epsilon: "number" };

/** The options of `lion`. */
const LION: OptionKinds<LionOptions> = { ...COMMON, beta1: "number", beta2: "number" };

/** The options of `adafactor`. */
const ADAFACTOR: OptionKinds<AdafactorOptions> = {
  ...COMMON,
  beta2Decay: "number",
  epsilon1: "number",
  epsilon2: "number",
  clipThreshold: "number",
  relativeStep: "boolean",
};

/** The options of `ftrl`. */
const FTRL: OptionKinds<FtrlOptions> = {
  ...COMMON,
  learningRatePower: "number",
  initialAccumulatorValue: "number",
  l1RegularizationStrength: "number",
  l2RegularizationStrength: "number",
  l2ShrinkageRegularizationStrength: "number",
  beta: "number",
};

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
