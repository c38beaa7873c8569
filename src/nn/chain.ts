import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { type AnyLayer, isLayer, type Layer } from "./layer.ts";
import { checkTensorShape, connect, describeLayer, input, type SymbolicTensor } from "./symbolic_tensor.ts";
import { layerNames, traceWiring, type Wiring } from "./wiring.ts";

/** Options of `sequential`. */
export interface SequentialOptions {
  inputShape: readonly number[];
  seed?: number;
}

/** Throws `ArgumentError`, which says what to write, unless these are the options and the layers of a chain. */
function checkChain(options: SequentialOptions, layers: readonly Layer[]): void {
  const write = "write sequential({ inputShape: [28, 28, 1] }, [ …layers ])";
  if (Array.isArray(options)) throw new ArgumentError(`sequential: wants options before the list of layers; ${write}.`);
  checkOptions("sequential", options, { inputShape: "any", seed: "number" });
  if (!Array.isArray(options.inputShape)) {
    throw new ArgumentError(`sequential: inputShape is ${describeValue(options.inputShape)}; ${write}.`);
  }
  checkTensorShape("model: inputShape", options.inputShape);
  if (!Array.isArray(layers)) throw new ArgumentError(`sequential: its layers are ${describeValue(layers)}; ${write}.`);
  if (layers.length === 0) throw new ArgumentError("A model needs at least one layer.");
  const places = new Map<AnyLayer, number>();
  layers.forEach((layer, index) => {
    if (!isLayer(layer)) {
      const call = typeof layer === "function" ? "; call it, as in flatten()" : "";
      throw new ArgumentError(`sequential: layer ${index} is no layer, but ${describeValue(layer)}${call}.`);
    }
    const before = places.get(layer);
    if (before !== undefined) {
      throw new ArgumentError(
        `sequential: layer ${index} is the same object as layer ${before} (${describeLayer(layer)}). Make ` +
          `another one; to share its weights, build the network with model().`,
      );
    }
    places.set(layer, index);
  });
}

/** How the layers of a chain hang together, each fed by the one before. */
export function chainWiring(options: SequentialOptions, layers: readonly Layer[]): Wiring {
  checkChain(options, layers);
  const names = layerNames(layers);
  const start = input(options.inputShape);
  let tensor: SymbolicTensor = start;
  layers.forEach((layer, index) => {
    const what = `layer "${names[index]}"`;
    const [first, ...others] = connect(layer, [tensor], what);
    if (others.length > 0) {
      throw new ArgumentError(
        `sequential: ${what} gives ${others.length + 1} tensors; call it on one and build the network with model().`,
      );
    }
    tensor = first;
  });
  return traceWiring([start], [tensor]);
}
