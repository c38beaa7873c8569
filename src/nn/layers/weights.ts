import type { OptionKinds } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import { type Constraint, checkConstraint } from "../constraints.ts";
import { checkInitializer, defaultInitializer, type Fans, type Initializer } from "../initializers.ts";
import type { ParameterSpec } from "../layer.ts";
import { checkRegularizer, type Regularizer } from "../regularizers.ts";

/** Options that layers with a kernel and a bias share. */
export interface WeightOptions {
  /** Default "linear". */
  activation?: string;
  /** Add a bias; default true. */
  useBias?: boolean;
  /** Default "heNormal" before a ReLU, else "glorotUniform". Keras: "glorotUniform" always. */
  kernelInitializer?: Initializer;
  /** Default "zeros". */
  biasInitializer?: Initializer;
  /** Added to the loss in training; default none. */
  kernelRegularizer?: Regularizer;
  /** Added to the loss in training; default none. */
  biasRegularizer?: Regularizer;
  /** Applied after each update; default none. */
  kernelConstraint?: Constraint;
  /** Applied after each update; default none. */
  biasConstraint?: Constraint;
  /** False: training leaves the weights as they are. Default true. */
  trainable?: boolean;
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}

/** The options of these layers. */
export const WEIGHTS: OptionKinds<WeightOptions> = {
  activation: "string",
  useBias: "boolean",
  kernelInitializer: "any",
  biasInitializer: "any",
  kernelRegularizer: "any",
  biasRegularizer: "any",
  kernelConstraint: "any",
  biasConstraint: "any",
  trainable: "boolean",
  name: "string",
};

/** Throws `ArgumentError` for an initializer, a regularizer or a constraint that is none. */
export function checkWeightOptions(what: string, options: WeightOptions): void {
  checkInitializer(`${what}: kernelInitializer`, options.kernelInitializer);
  checkInitializer(`${what}: biasInitializer`, options.biasInitializer);
  checkRegularizer(`${what}: kernelRegularizer`, options.kernelRegularizer);
  checkRegularizer(`${what}: biasRegularizer`, options.biasRegularizer);
  checkConstraint(`${what}: kernelConstraint`, options.kernelConstraint);
  checkConstraint(`${what}: biasConstraint`, options.biasConstraint);
}

/** The kernel as a parameter. */
export function kernelSpec(options: WeightOptions, shape: Shape, fans: Fans): ParameterSpec {
  return {
    name: "kernel",
    shape,
    initializer: options.kernelInitializer ?? defaultInitializer(options.activation),
    fans,
    regularizer: options.kernelRegularizer,
    constraint: options.kernelConstraint,
  };
}

/** The bias as a parameter, unless the layer has none. */
export function biasSpecs(options: WeightOptions, units: number, fans: Fans): ParameterSpec[] {
  if (options.useBias === false) return [];
  return [
    {
      name: "bias",
      shape: [units],
      initializer: options.biasInitializer ?? "zeros",
      fans,
      regularizer: options.biasRegularizer,
      constraint: options.biasConstraint,
    },
  ];
}
