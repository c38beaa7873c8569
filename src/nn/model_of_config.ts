import { FormatError } from "../core/errors.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { chainWiring } from "./chain.ts";
import type { functionalWiring } from "./functional_of_config.ts";
import type { Layer } from "./layer.ts";
import { type LayerBuilders, layerFromConfig } from "./layer_config.ts";
import { type Initialize, Model } from "./model.ts";
import type { ModelConfig, SequentialConfig } from "./model_config.ts";
import type { Wiring } from "./wiring.ts";

/** Layers, calls and tensors of a configuration at most: more than the deepest networks have, and built in a moment. */
export const MOST_LAYERS = 4096;
/** An honest configuration is five deep: model → layers → layer → options → initializer → its numbers. */
const MOST_DEPTH = 8;
const MOST_VALUES = 1_000_000;

/** The error of what is no configuration. */
export const wrong = (what: string) => new FormatError(`This is not the configuration of a Corteza model: ${what}.`);

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

/** Throws where a list is longer than a model's can be. */
export function checkCount(what: string, list: readonly unknown[]): void {
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

/** How the layers of a functional configuration hang together: a page that opens a model fetches it where there is one. */
export type FunctionalWiring = typeof functionalWiring;

/**
 * A model from its JSON, whose extent was looked at. With `weights` the parameters are those, and `initialize`, which draws
 * initial values, is not needed; nor is `functionalWiring` for a configuration that is not functional.
 */
export function builtModel(
  config: ModelConfig,
  from: LayerBuilders,
  {
    weights,
    initialize,
    functionalWiring,
  }: {
    weights?: ReadonlyMap<string, Tensor> | undefined;
    initialize?: Initialize | undefined;
    functionalWiring: FunctionalWiring | undefined;
  },
): Model {
  const wiring =
    config?.kind === "functional" && functionalWiring
      ? functionalWiring(config, from)
      : sequentialWiring(config as SequentialConfig, from);
  const made = new Model(config.kind, wiring, { seed: config.seed, initialize });
  if (weights) setWeights(made, weights);
  return made;
}

/** Gives a model that was just made the weights of its file, before anybody has asked for initial values. */
function setWeights(made: Model, weights: ReadonlyMap<string, Tensor>): void {
  const values = new Map(
    made.variables.map(({ name, shape }) => {
      const found = weights.get(name);
      if (found === undefined || !sameShape(found.shape, shape) || found.data.length !== sizeOf(shape)) {
        throw new FormatError(
          `Tensor "${name}" ${found === undefined ? "is missing" : `is ${formatShape(found.shape)}`}; the model wants ` +
            `${formatShape(shape)}.`,
        );
      }
      return [name, found] as const;
    }),
  );
  made.setParameters(values);
}
