import { ArgumentError } from "../../core/errors.ts";
import { checkOptions, describeValue } from "../../core/options.ts";
import { activationName } from "../activations.ts";
import { type Layer, layerOfOne } from "../layer.ts";

/** Applies an activation by its name: "relu", "gelu", "softmax" (over the last axis) …; all shapes. Throws `ArgumentError` for an unknown one. */
export function activation(name: string, options: { name?: string } = {}): Layer {
  const given: unknown = name;
  if (typeof given !== "string") {
    throw new ArgumentError(`activation: wants a name, as in activation("relu"), got ${describeValue(given)}.`);
  }
  checkOptions("activation", options, { name: "string" });
  return layerOfOne({
    config: { kind: "activation", ...options, options: { activation: name } },
    keyword: "activation",
    activation: activationName("layer activation", name),
    outputShape: (input) => input,
    build: (x) => x,
  });
}
