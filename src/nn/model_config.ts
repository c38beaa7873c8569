import { FormatError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Layer, LayerConfig } from "./layer.ts";
import { layerFromConfig } from "./layers/index.ts";
import type { Model } from "./model.ts";
import type { LayerMakers } from "./own_layers.ts";
import { model, sequential } from "./sequential.ts";
import { connect, input, type SymbolicTensor } from "./symbolic_tensor.ts";

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

/** Layers, calls and tensors of a configuration at most: more than the deepest networks have, and built in a moment. */
const MOST_LAYERS = 4096;
/** An honest configuration is five deep: model → layers → layer → options → initializer → its numbers. */
const MOST_DEPTH = 8;
const MOST_VALUES = 1_000_000;

const wrong = (what: string) => new FormatError(`This is not the configuration of a Corteza model: ${what}.`);

/**
 * A model from its JSON, which may come from anywhere: it is looked at before anything is made of it. With `weights` the
 * parameters are those, which must be all and have the right shapes, and no initial value is ever computed. `layers` are makers
 * of layers that it does not bring with it: `{ layers: { constant, operation } }`. Throws `FormatError`, `ShapeError` or
 * `ArgumentError` when it is not one.
 */
export function modelFromConfig(
  config: ModelConfig,
  options: { weights?: ReadonlyMap<string, Tensor>; layers?: LayerMakers } = {},
): Model {
  checkOptions("modelFromConfig", options, { weights: "any", layers: "any" });
  checkExtent(config);
  const made =
    config?.kind === "functional"
      ? functionalFromConfig(config, options.layers)
      : sequentialFromConfig(config, options.layers);
  if (options.weights) setWeights(made, options.weights);
  return made;
}

/** Throws unless the JSON is no deeper and no larger than a configuration can be: what reads it may then recurse. */
function checkExtent(config: unknown): void {
  const visit: { value: unknown; depth: number }[] = [{ value: config, depth: 0 }];
  let values = 0;
  for (let next = visit.pop(); next !== undefined; next = visit.pop()) {
    const { value, depth } = next;
    if (typeof value !== "object" || value === null) continue;
    if (depth > MOST_DEPTH) throw wrong(`it is nested more than ${MOST_DEPTH} deep`);
    for (const inner of Object.values(value)) {
      if (++values > MOST_VALUES) throw wrong(`it has more than ${MOST_VALUES} values`);
      visit.push({ value: inner, depth: depth + 1 });
    }
  }
}

function checkCount(what: string, list: readonly unknown[]): void {
  if (list.length > MOST_LAYERS) throw wrong(`it has ${list.length} ${what}; at most ${MOST_LAYERS} are read`);
}

function sequentialFromConfig(config: SequentialConfig, makers?: LayerMakers): Model {
  if (config?.kind !== "sequential" || !Array.isArray(config.layers) || !Array.isArray(config.inputShape)) {
    throw new FormatError("This is not the configuration of a Corteza model.");
  }
  checkCount("layers", config.layers);
  // One that gives several tensors is refused there.
  const layers = config.layers.map((layer) => layerFromConfig(layer, makers)) as Layer[];
  return sequential({ inputShape: config.inputShape, seed: config.seed }, layers);
}

function functionalFromConfig(config: FunctionalConfig, makers?: LayerMakers): Model {
  for (const part of ["inputs", "layers", "calls", "outputs"] as const) {
    const list: readonly unknown[] = config[part];
    if (!Array.isArray(list)) throw wrong(`its "${part}" are no list`);
    checkCount(part, list);
    if (part !== "outputs" && !list.every((entry) => typeof entry === "object" && entry !== null)) {
      throw wrong(`one of its "${part}" is no object`);
    }
  }
  const layers = new Map(config.layers.map((layer) => [layer.name, layerFromConfig(layer, makers)]));
  if (layers.size !== config.layers.length) throw wrong("two of its layers have the same name, or none");
  const tensors = config.inputs.map(({ name, shape }) => input(shape, { name }));
  const tensor = (number: number, reader: string): SymbolicTensor => {
    const found = Number.isInteger(number) ? tensors[number] : undefined;
    if (found !== undefined) return found;
    throw wrong(`${reader} reads tensor ${describeValue(number)}, which is not made before it`);
  };
  let reads = 0;
  for (const { layer: name, inputs } of config.calls) {
    const layer = layers.get(name);
    if (layer === undefined) throw wrong(`it calls a layer ${describeValue(name)}, which it does not have`);
    if (!Array.isArray(inputs)) throw wrong(`the inputs of layer ${describeValue(name)} are no list`);
    reads += inputs.length;
    if (reads > 4 * MOST_LAYERS) throw wrong(`its layers read more than ${4 * MOST_LAYERS} tensors`);
    tensors.push(
      ...connect(
        layer,
        inputs.map((number) => tensor(number, `layer ${describeValue(name)}`)),
      ),
    );
    if (tensors.length > 4 * MOST_LAYERS) throw wrong(`its layers make more than ${4 * MOST_LAYERS} tensors`);
  }
  return model({
    inputs: tensors.slice(0, config.inputs.length),
    outputs: config.outputs.map((number) => tensor(number, "an output")),
    seed: config.seed,
  });
}

/** Gives a model that was just made the weights of its file, before anybody has asked for initial values. */
function setWeights(made: Model, weights: ReadonlyMap<string, Tensor>): void {
  const values = new Map(
    made.variables.map(({ name, shape }) => {
      const found = weights.get(name);
      if (found === undefined || !sameShape(found.shape, shape) || found.data.length !== sizeOf(shape)) {
        const there = found === undefined ? "is missing" : `is ${formatShape(found.shape)}`;
        throw new FormatError(`Tensor "${name}" ${there}; the model wants ${formatShape(shape)}.`);
      }
      return [name, found] as const;
    }),
  );
  made.setParameters(values);
}
