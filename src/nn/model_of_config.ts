import { FormatError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { chainWiring } from "./chain.ts";
import type { Layer } from "./layer.ts";
import { type LayerBuilders, layerFromConfig } from "./layer_config.ts";
import { type Initialize, Model } from "./model.ts";
import type { FunctionalConfig, ModelConfig, SequentialConfig } from "./model_config.ts";
import { connect, input, type SymbolicTensor } from "./symbolic_tensor.ts";
import { traceWiring, type Wiring } from "./wiring.ts";

/** Layers, calls and tensors of a configuration at most: more than the deepest networks have, and built in a moment. */
const MOST_LAYERS = 4096;
/** An honest configuration is five deep: model → layers → layer → options → initializer → its numbers. */
const MOST_DEPTH = 8;
const MOST_VALUES = 1_000_000;

const wrong = (what: string) => new FormatError(`This is not the configuration of a Corteza model: ${what}.`);

/** Throws unless the JSON is no deeper and no larger than a configuration can be: what reads it may then recurse. */
export function checkExtent(config: unknown): void {
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

function sequentialWiring(config: SequentialConfig, from: LayerBuilders): Wiring {
  if (config?.kind !== "sequential" || !Array.isArray(config.layers) || !Array.isArray(config.inputShape)) {
    throw new FormatError("This is not the configuration of a Corteza model.");
  }
  checkCount("layers", config.layers);
  // One that gives several tensors is refused there.
  const layers = config.layers.map((layer) => layerFromConfig(layer, from)) as Layer[];
  return chainWiring({ inputShape: config.inputShape, seed: config.seed }, layers);
}

function functionalWiring(config: FunctionalConfig, from: LayerBuilders): Wiring {
  for (const part of ["inputs", "layers", "calls", "outputs"] as const) {
    const list: readonly unknown[] = config[part];
    if (!Array.isArray(list)) throw wrong(`its "${part}" are no list`);
    checkCount(part, list);
    if (part !== "outputs" && !list.every((entry) => typeof entry === "object" && entry !== null)) {
      throw wrong(`one of its "${part}" is no object`);
    }
  }
  const layers = new Map(config.layers.map((layer) => [layer.name, layerFromConfig(layer, from)]));
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
  return traceWiring(
    tensors.slice(0, config.inputs.length),
    config.outputs.map((number) => tensor(number, "an output")),
  );
}

/**
 * A model from its JSON, whose extent was looked at. With `weights` the parameters are those, and `initialize`, which draws
 * initial values, is not needed.
 */
export function builtModel(
  config: ModelConfig,
  from: LayerBuilders,
  parameters: { weights?: ReadonlyMap<string, Tensor> | undefined; initialize?: Initialize | undefined },
): Model {
  const { weights, initialize } = parameters;
  const isFunctional = config?.kind === "functional";
  const wiring = isFunctional ? functionalWiring(config, from) : sequentialWiring(config, from);
  const made = new Model(isFunctional ? "functional" : "sequential", wiring, { seed: config.seed, initialize });
  if (weights) setWeights(made, weights);
  return made;
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
