import { describeValue } from "../core/options.ts";
import { type LayerBuilders, layerFromConfig } from "./layer_config.ts";
import type { FunctionalConfig } from "./model_config.ts";
import { checkCount, MOST_LAYERS, wrong } from "./model_of_config.ts";
import { connect, input, type SymbolicTensor } from "./symbolic_tensor.ts";
import { traceWiring, type Wiring } from "./wiring.ts";

/** How the layers of a functional configuration hang together. Throws `FormatError` where they do not. */
export function functionalWiring(config: FunctionalConfig, from: LayerBuilders): Wiring {
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
