import type { OptionKinds } from "../core/options.ts";
import type { Schedule } from "../core/schedule.ts";
import type { EpsilonPlace } from "../graph/update_rule.ts";

/** What every optimizer takes. */
export interface OptimizerOptions {
  /** A number, or a schedule such as `cosineDecay()`. */
  learningRate?: number | Schedule;
  /**
   * λ, default 0. Adds λ · p to the gradient (L2), as PyTorch; with `decoupledWeightDecay` takes learningRate · λ · p
   * from the parameter instead (Loshchilov and Hutter 2019), as Keras does in all its optimizers.
   */
  weightDecay?: number;
  /** Default false; `adamw` and `lion` always decouple. */
  decoupledWeightDecay?: boolean;
  /** Every element of a gradient into [−clipValue, clipValue]. Only one of the three clips. */
  clipValue?: number;
  /** Shortens the gradient of each parameter tensor whose Euclidean norm is larger, as Keras' `clipnorm`. */
  clipNorm?: number;
  /** Shortens all gradients by one factor where the norm of all of them together is larger. */
  globalClipNorm?: number;
  /**
   * Keeps a moving average of the trained parameters (Polyak and Juditsky 1992), which `trainer.swapEma()` puts in their
   * place. Default false.
   */
  useEma?: boolean;
  /** Share of the old average that each step keeps; default 0.99. */
  emaMomentum?: number;
  /** Put the average into the parameters after every so many steps; default never. */
  emaOverwriteFrequency?: number;
}

/** The options of every optimizer. */
export const COMMON: OptionKinds<OptimizerOptions> = {
  learningRate: "any",
  weightDecay: "number",
  decoupledWeightDecay: "boolean",
  clipValue: "number",
  clipNorm: "number",
  globalClipNorm: "number",
  useEma: "boolean",
  emaMomentum: "number",
  emaOverwriteFrequency: "number",
};

/** Options of `sgd`. */
export interface SgdOptions extends OptimizerOptions {
  /** How much of the velocity a step keeps; default 0. */
  momentum?: number;
  /** Nesterov's form; default false. */
  nesterov?: boolean;
  /** Lessens what a gradient adds to the velocity; default 0. */
  dampening?: number;
}

/** The options of `sgd`. */
export const SGD: OptionKinds<SgdOptions> = {
  ...COMMON,
  momentum: "number",
  nesterov: "boolean",
  dampening: "number",
};

/** Options of the optimizers that keep two moments of the gradient. */
export interface MomentsOptions extends OptimizerOptions {
  /** How much of the mean gradient a step keeps; default 0.9. */
  beta1?: number;
  /** How much of the mean square a step keeps; default 0.999. */
  beta2?: number;
  /** Keeps the divisor from 0; default 1e-7. */
  epsilon?: number;
}

/** The options of `lamb`. */
export const MOMENTS: OptionKinds<MomentsOptions> = {
  ...COMMON,
  beta1: "number",
  beta2: "number",
  epsilon: "number",
};

/** Options of `adamax`. */
export interface AdamaxOptions extends MomentsOptions {
  /** Where ε stands; default "pytorch". */
  epsilonAs?: EpsilonPlace;
}

/** The options of `adamax`. */
export const ADAMAX: OptionKinds<AdamaxOptions> = { ...MOMENTS, epsilonAs: "string" };

/** Options of `adam` and `adamw`. */
export interface AdamOptions extends AdamaxOptions {
  /** Divide by the largest mean square so far (Reddi et al. 2018); default false. */
  amsgrad?: boolean;
}

/** The options of `adam` and `adamw`. */
export const ADAM: OptionKinds<AdamOptions> = { ...ADAMAX, amsgrad: "boolean" };

/** Options of `nadam`. */
export interface NadamOptions extends MomentsOptions {
  /** How fast the momentum grows; default 1. */
  momentumDecay?: number;
}

/** Options of `rmsprop`. */
export interface RmspropOptions extends OptimizerOptions {
  /** How much of the mean square a step keeps; default 0.9. */
  rho?: number;
  /** How much of the velocity a step keeps; default 0. */
  momentum?: number;
  /** Keeps the divisor from 0; default 1e-7. */
  epsilon?: number;
  /** Where ε stands; default "pytorch". */
  epsilonAs?: EpsilonPlace;
  /** Divide by the deviation instead of the root mean square; default false. */
  centered?: boolean;
}

/** Options of `adagrad`. */
export interface AdagradOptions extends OptimizerOptions {
  /** What the sums of squares begin with; default 0.1. */
  initialAccumulatorValue?: number;
  /** Keeps the divisor from 0; default 1e-7. */
  epsilon?: number;
  /** Where ε stands; default "pytorch". */
  epsilonAs?: EpsilonPlace;
}

/** Options of `adadelta`. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** How much of the mean squares a step keeps; default 0.95. */
  rho?: number;
  /** Keeps the divisor from 0; default 1e-7. */
  epsilon?: number;
}

/** Options of `lion`. */
export interface LionOptions extends OptimizerOptions {
  /** How much of the mean gradient the direction keeps; default 0.9. */
  beta1?: number;
  /** How much of the mean gradient a step keeps; default 0.99. */
  beta2?: number;
}

/** Options of `adafactor`. */
export interface AdafactorOptions extends OptimizerOptions {
  /** At most 0; default −0.8. */
  beta2Decay?: number;
  /** Added to squares of gradients; default 1e-30. */
  epsilon1?: number;
  /** The least size of a tensor that the step is multiplied by; default 1e-3. */
  epsilon2?: number;
  /** Root mean square from which on a direction is shortened; default 1. */
  clipThreshold?: number;
  /** Taken so that Keras' settings carry over; changes nothing. */
  relativeStep?: boolean;
}

/** Options of `ftrl`. */
export interface FtrlOptions extends OptimizerOptions {
  /** At most 0; default −0.5. */
  learningRatePower?: number;
  /** What the sums of squares begin with; default 0.1. */
  initialAccumulatorValue?: number;
  /** Default 0. */
  l1RegularizationStrength?: number;
  /** Default 0. */
  l2RegularizationStrength?: number;
  /** Default 0. */
  l2ShrinkageRegularizationStrength?: number;
  /** Default 0. */
  beta?: number;
}
