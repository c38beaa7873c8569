import type { OptionKinds } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import type { Constraint } from "../constraints.ts";
import type { Fans, Initializer } from "../initializers.ts";
import type { ParameterSpec } from "../layer.ts";
import type { Regularizer } from "../regularizers.ts";
import type { Activation } from "../usual_activations.ts";

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

/**
 * What layers ask about options that few networks have: `everyOption` (`every_option.ts`) knows all, `usualOptions`
 * (`usual/options.ts`) what a page has at once that opens a model.
 */
export interface OptionRules {
  /** An activation by its name; "linear" where it is left out. Throws `ArgumentError`. */
  activation(what: string, name: string | undefined): Activation;
  /** Throws `ArgumentError` for an initializer, a regularizer or a constraint that is none. */
  checkWeights(what: string, options: WeightOptions): void;
  /** What a regularizer and a constraint do with a parameter. */
  held(
    regularizer: Regularizer | undefined,
    constraint: Constraint | undefined,
  ): Pick<ParameterSpec, "penalty" | "constrain">;
}

/**
 * What a kernel starts from when nobody says. A ReLU halves the variance of what passes; He et al. 2015 make up for it.
 * Keras takes Glorot's everywhere: on the reference network that costs 0.2 points of accuracy after an epoch of MNIST.
 */
export function defaultInitializer(activation: string | undefined): Initializer {
  return activation === "relu" || activation === "relu6" ? "heNormal" : "glorotUniform";
}

/** The kernel as a parameter. */
export function kernelSpec(options: WeightOptions, rules: OptionRules, shape: Shape, fans: Fans): ParameterSpec {
  return {
    name: "kernel",
    shape,
    initializer: options.kernelInitializer ?? defaultInitializer(options.activation),
    fans,
    ...rules.held(options.kernelRegularizer, options.kernelConstraint),
  };
}

/** The bias as a parameter, unless the layer has none. */
export function biasSpecs(options: WeightOptions, rules: OptionRules, units: number, fans: Fans): ParameterSpec[] {
  if (options.useBias === false) return [];
  return [
    {
      name: "bias",
      shape: [units],
      initializer: options.biasInitializer ?? "zeros",
      fans,
      ...rules.held(options.biasRegularizer, options.biasConstraint),
    },
  ];
}
