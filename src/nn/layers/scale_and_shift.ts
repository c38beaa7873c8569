import type { OptionKinds } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import { sizeOf } from "../../core/shape.ts";
import { type Constraint, checkConstraint } from "../constraints.ts";
import { checkInitializer, type Initializer } from "../initializers.ts";
import type { ParameterSpec } from "../layer.ts";
import { checkRegularizer, type Regularizer } from "../regularizers.ts";
import { held } from "./held.ts";

/** Options of the learned `gamma` and `beta` that normalisations end in. */
export interface ScaleAndShiftOptions {
  /** Add a learned `beta`; default true. */
  center?: boolean;
  /** Multiply by a learned `gamma`; default true. */
  scale?: boolean;
  /** Default "ones". */
  gammaInitializer?: Initializer;
  /** Default "zeros". */
  betaInitializer?: Initializer;
  /** Added to the loss in training; default none. */
  gammaRegularizer?: Regularizer;
  /** Added to the loss in training; default none. */
  betaRegularizer?: Regularizer;
  /** Applied after each update; default none. */
  gammaConstraint?: Constraint;
  /** Applied after each update; default none. */
  betaConstraint?: Constraint;
  /** False: training leaves the layer as it is. Default true. */
  trainable?: boolean;
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}

/** These options. */
export const SCALE_AND_SHIFT: OptionKinds<ScaleAndShiftOptions> = {
  center: "boolean",
  scale: "boolean",
  gammaInitializer: "any",
  betaInitializer: "any",
  gammaRegularizer: "any",
  betaRegularizer: "any",
  gammaConstraint: "any",
  betaConstraint: "any",
  trainable: "boolean",
  name: "string",
};

/** Throws `ArgumentError` for an initializer, a regularizer or a constraint that is none. */
export function checkScaleAndShift(what: string, options: ScaleAndShiftOptions): void {
  checkInitializer(`${what}: gammaInitializer`, options.gammaInitializer);
  checkInitializer(`${what}: betaInitializer`, options.betaInitializer);
  checkRegularizer(`${what}: gammaRegularizer`, options.gammaRegularizer);
  checkRegularizer(`${what}: betaRegularizer`, options.betaRegularizer);
  checkConstraint(`${what}: gammaConstraint`, options.gammaConstraint);
  checkConstraint(`${what}: betaConstraint`, options.betaConstraint);
}

/** `gamma` and `beta` as parameters, those that the options ask for. */
export function scaleAndShiftSpecs(options: ScaleAndShiftOptions, shape: Shape): ParameterSpec[] {
  const common = { shape, fans: { fanIn: sizeOf(shape), fanOut: sizeOf(shape) } };
  const gamma: ParameterSpec = {
    ...common,
    name: "gamma",
    initializer: options.gammaInitializer ?? "ones",
    ...held(options.gammaRegularizer, options.gammaConstraint),
  };
  const beta: ParameterSpec = {
    ...common,
    name: "beta",
    initializer: options.betaInitializer ?? "zeros",
    ...held(options.betaRegularizer, options.betaConstraint),
  };
  return [...(options.scale === false ? [] : [gamma]), ...(options.center === false ? [] : [beta])];
}
