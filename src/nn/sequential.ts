import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { type AnyLayer, isLayer, type Layer } from "./layer.ts";
import { Model } from "./model.ts";
import { checkTensorShape, connect, describeLayer, input, type SymbolicTensor } from "./symbolic_tensor.ts";
import { layerNames, traceWiring } from "./wiring.ts";

/** Options of `sequential`. */
interface SequentialOptions {
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

/** A chain of layers, each fed by the one before. `inputShape` is one image's [height, width, channels]. */
export function sequential(options: SequentialOptions, layers: readonly Layer[]): Model {
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
  return new Model("sequential", traceWiring([start], [tensor]), options.seed);
}

/**
 * A model whose layers hang together in any way without circles: branches, sums of branches, a layer used twice with
 * one set of weights, several inputs and outputs.
 *
 *     const x = input([28, 28, 1]);
 *     const stem = conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "relu" })(x);
 *     const branch = conv2d({ filters: 16, kernelSize: 3, padding: "same" })(stem);
 *     const y = dense({ units: 10 })(flatten()(add()([stem, branch])));
 *     const network = model({ inputs: x, outputs: y, seed: 1 });
 *
 * Throws `ArgumentError` where an output depends on an input that is not listed, where an input leads nowhere, or where
 * two layers have one name; `ShapeError` where a layer used twice would need other weights.
 */
export function model(options: {
  inputs: SymbolicTensor | readonly SymbolicTensor[];
  outputs: SymbolicTensor | readonly SymbolicTensor[];
  /** Fixes the initial weights; default 0. */
  seed?: number;
}): Model {
  checkOptions("model", options, { inputs: "any", outputs: "any", seed: "number" });
  const list = (tensors: SymbolicTensor | readonly SymbolicTensor[]) => (isTensorList(tensors) ? tensors : [tensors]);
  return new Model("functional", traceWiring(list(options.inputs), list(options.outputs)), options.seed);
}

function isTensorList(tensors: SymbolicTensor | readonly SymbolicTensor[]): tensors is readonly SymbolicTensor[] {
  return Array.isArray(tensors);
}
