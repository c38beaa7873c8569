import { activationOf } from "../activation_of.ts";
import { checkConstraint } from "../constraints.ts";
import { checkInitializer } from "../initializers.ts";
import { checkRegularizer } from "../regularizers.ts";
import { held } from "./held.ts";
import type { OptionRules, WeightOptions } from "./weights.ts";

/** Throws `ArgumentError` for an initializer, a regularizer or a constraint that is none. */
function checkWeightOptions(what: string, options: WeightOptions): void {
  checkInitializer(`${what}: kernelInitializer`, options.kernelInitializer);
  checkInitializer(`${what}: biasInitializer`, options.biasInitializer);
  checkRegularizer(`${what}: kernelRegularizer`, options.kernelRegularizer);
  checkRegularizer(`${what}: biasRegularizer`, options.biasRegularizer);
  checkConstraint(`${what}: kernelConstraint`, options.kernelConstraint);
  checkConstraint(`${what}: biasConstraint`, options.biasConstraint);
}

/** All activations, initializers, regularizers and constraints: what every layer has that a page makes itself. */
export const everyOption: OptionRules = { activation: activationOf, checkWeights: checkWeightOptions, held };
