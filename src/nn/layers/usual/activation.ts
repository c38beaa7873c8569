import { ArgumentError } from "../../../core/errors.ts";
import { checkOptions, describeValue } from "../../../core/options.ts";
import { type Layer, layerOfOne } from "../../layer.ts";
import type { OptionRules } from "../weights.ts";

/** `activation`, by these rules. */
export function activationLayer(name: string, options: { name?: string }, rules: OptionRules): Layer {
  const given: unknown = name;
  if (typeof given !== "string") {
    throw new ArgumentError(`activation: wants a name, as in activation("relu"), got ${describeValue(given)}.`);
  }
  checkOptions("activation", options, { name: "string" });
  return layerOfOne({
    config: { kind: "activation", ...options, options: { activation: name } },
    keyword: "activation",
    activation: rules.activation("layer activation", name),
    outputShape: (input) => input,
    build: (x) => x,
  });
}
