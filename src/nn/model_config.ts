import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { functionalWiring } from "./functional_of_config.ts";
import { initialValues } from "./initial_values.ts";
import type { LayerConfig } from "./layer.ts";
import { ALL_LAYERS } from "./layers/index.ts";
import type { Model } from "./model.ts";
import { builtModel, checkExtent } from "./model_of_config.ts";
import type { LayerMakers } from "./own_layers.ts";

/** A chain of layers as plain JSON: enough to build it again, without its weights. */
export interface SequentialConfig {
  readonly kind: "sequential";
  readonly inputShape: readonly number[];
  readonly seed: number;
  readonly layers: readonly LayerConfig[];
}

/** Any other model as plain JSON. Tensors are numbered: the inputs first, then what each call makes, all of its outputs. */
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

/**
 * A model from its JSON, which may come from anywhere: it is looked at before anything is made of it. With `weights` the
 * parameters are those, which must be all and have the right shapes, and no initial value is ever computed. `layers` are makers
 * of layers that it does not bring with it: `{ layers: { constant, operation } }`. Throws `FormatError`, `ShapeError` or
 * `ArgumentError` when it is not one. It brings every kind of layer with it; `openModel` fetches those alone that the model has.
 */
export function modelFromConfig(
  config: ModelConfig,
  options: { weights?: ReadonlyMap<string, Tensor>; layers?: LayerMakers } = {},
): Model {
  checkOptions("modelFromConfig", options, { weights: "any", layers: "any" });
  const { weights, layers: makers } = options;
  checkExtent(config);
  const from = { builders: ALL_LAYERS, known: Object.keys(ALL_LAYERS), makers };
  return builtModel(config, from, { weights, initialize: initialValues, functionalWiring });
}
