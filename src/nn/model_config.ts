import { FormatError } from "../core/errors.ts";
import type { LayerConfig } from "./layer.ts";
import { layerFromConfig } from "./layers/index.ts";
import { type Model, model, sequential } from "./model.ts";
import { input, type SymbolicTensor } from "./symbolic_tensor.ts";

/** A chain of layers as plain JSON: enough to build it again, without its weights. */
export interface SequentialConfig {
  readonly kind: "sequential";
  readonly inputShape: readonly number[];
  readonly seed: number;
  readonly layers: readonly LayerConfig[];
}

/** Any other model as plain JSON. Tensors are numbered: the inputs first, then what each call makes. */
export interface FunctionalConfig {
  readonly kind: "functional";
  readonly seed: number;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Each with a name of its own. */
  readonly layers: readonly LayerConfig[];
  /** Which layer reads which tensors, in an order in which every tensor is made before it is read. */
  readonly calls: readonly { readonly layer: string; readonly inputs: readonly number[] }[];
  readonly outputs: readonly number[];
}

/** Any model as plain JSON. */
export type ModelConfig = SequentialConfig | FunctionalConfig;

/** A model from its JSON. Throws `FormatError`, `ShapeError` or `ArgumentError` when it is not one. */
export function modelFromConfig(config: ModelConfig): Model {
  if (config?.kind === "functional") return functionalFromConfig(config);
  if (config?.kind !== "sequential" || !Array.isArray(config.layers) || !Array.isArray(config.inputShape)) {
    throw new FormatError("This is not the configuration of a Corteza model.");
  }
  return sequential({ inputShape: config.inputShape, seed: config.seed }, config.layers.map(layerFromConfig));
}

function functionalFromConfig(config: FunctionalConfig): Model {
  const wrong = (what: string) => new FormatError(`This is not the configuration of a Corteza model: ${what}.`);
  for (const part of ["inputs", "layers", "calls", "outputs"] as const) {
    if (!Array.isArray(config[part])) throw wrong(`its "${part}" are no list`);
  }
  const layers = new Map(config.layers.map((layer) => [layer.name, layerFromConfig(layer)]));
  if (layers.size !== config.layers.length) throw wrong("two of its layers have the same name, or none");
  const tensors = config.inputs.map(({ name, shape }) => input(shape, { name }));
  const tensor = (number: number, reader: string): SymbolicTensor => {
    const found = tensors[number];
    if (found === undefined) throw wrong(`${reader} reads tensor ${number}, which is not made before it`);
    return found;
  };
  for (const { layer: name, inputs } of config.calls) {
    const layer = layers.get(name);
    if (layer === undefined) throw wrong(`it calls a layer "${name}", which it does not have`);
    if (!Array.isArray(inputs)) throw wrong(`the inputs of layer "${name}" are no list`);
    tensors.push(layer(inputs.map((number) => tensor(number, `layer "${name}"`))));
  }
  return model({
    inputs: tensors.slice(0, config.inputs.length),
    outputs: config.outputs.map((number) => tensor(number, "an output")),
    seed: config.seed,
  });
}
