import { checkOptions } from "../core/options.ts";
import { chainWiring, type SequentialOptions } from "./chain.ts";
import { initialValues } from "./initial_values.ts";
import type { Layer } from "./layer.ts";
import { Model } from "./model.ts";
import type { SymbolicTensor } from "./symbolic_tensor.ts";
import { traceWiring } from "./wiring.ts";

/** A chain of layers, each fed by the one before. `inputShape` is one image's [height, width, channels]. */
export function sequential(options: SequentialOptions, layers: readonly Layer[]): Model {
  const wiring = chainWiring(options, layers);
  return new Model("sequential", wiring, { seed: options.seed, initialize: initialValues });
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
  const wiring = traceWiring(list(options.inputs), list(options.outputs));
  return new Model("functional", wiring, { seed: options.seed, initialize: initialValues });
}

function isTensorList(tensors: SymbolicTensor | readonly SymbolicTensor[]): tensors is readonly SymbolicTensor[] {
  return Array.isArray(tensors);
}
