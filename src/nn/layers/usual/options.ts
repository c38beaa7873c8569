import { InternalError } from "../../../core/errors.ts";
import { usualActivations } from "../../usual_activations.ts";
import type { OptionRules } from "../weights.ts";

/** Options of weights that only training looks at, or a model that is made anew. */
const OF_TRAINING = /(Initializer|Regularizer|Constraint)$/;

/** Whether a layer's JSON, whatever it is, has no options but those that `usualOptions` knows. */
export function hasUsualOptions(layer: { options?: unknown } | null | undefined): boolean {
  return Object.entries(layer?.options ?? {}).every(([name, value]) =>
    name === "activation" ? Object.hasOwn(usualActivations, String(value)) : !OF_TRAINING.test(name),
  );
}

/** Of a layer that `hasUsualOptions`. */
export const usualOptions: OptionRules = {
  activation(what, name = "linear") {
    const known = usualActivations[name];
    if (known === undefined) throw new InternalError(`${what}: activation "${name}" was not fetched.`);
    return known;
  },
  checkWeights() {},
  held: () => ({}),
};
