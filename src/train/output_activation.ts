import type { Model } from "../nn/model.ts";
import type { PlacedLayer } from "../nn/placed_layer.ts";
import type { PredictionKind } from "./programs.ts";

/** How the outputs of a model with one output become probabilities. */
export interface OutputActivation {
  /** "softmax": one class of all is true; "sigmoid": each output for itself. */
  readonly kind: "softmax" | "sigmoid";
  /** Whether the model's outputs are probabilities as they are; else they are built as logits and `kind` is applied. */
  readonly applied: boolean;
}

/** Layers that give the numbers that they get, in inference. */
const KEEPING_VALUES: ReadonlySet<string> = new Set([
  "flatten",
  "reshape",
  "dropout",
  "spatialDropout2d",
  "gaussianNoise",
]);

/** What a layer turns its values into, "linear" where it leaves them. */
function activationOf({ layer, inputShape }: PlacedLayer): string {
  // Of a row, every axis is the last one, however `softmax({ axis })` counts it.
  return layer.config.kind === "softmax" && inputShape.length === 1 ? "softmax" : layer.activation;
}

/**
 * The activation that an output of a model ends in, also where it is only reshaped afterwards, and the layer that applies it.
 * `output` is the layer that makes the output; default that of the only one.
 */
export function finalActivation(
  model: Model,
  output: PlacedLayer = model.outputLayer,
): { readonly activation: string; readonly layer: PlacedLayer } {
  let layer = output;
  for (;;) {
    const activation = activationOf(layer);
    const { kind } = layer.layer.config;
    const passes = activation === "linear" && (KEEPING_VALUES.has(kind) || kind === "activation");
    const [source = ""] = layer.connectedTo;
    const name = source.replace(/ \(use \d+\)$/, "");
    const before = passes ? model.layers.find((one) => one.name === name) : undefined;
    if (before === undefined) return { activation, layer };
    layer = before;
  }
}

/**
 * How a model's outputs become probabilities: by the activation that it ends in; else, being logits, by the one that is
 * `wanted`; else by a softmax over several and a sigmoid of one, of which a softmax would be 1 whatever it is.
 */
export function outputActivation(model: Model, wanted?: PredictionKind): OutputActivation {
  const { activation, layer } = finalActivation(model);
  if (activation === "hardSigmoid") return { kind: "sigmoid", applied: true };
  if (activation === "softmax" || activation === "sigmoid") {
    return { kind: activation, applied: layer !== model.outputLayer || layer.layer.activation !== activation };
  }
  return { kind: wanted ?? (model.classes === 1 ? "sigmoid" : "softmax"), applied: false };
}
