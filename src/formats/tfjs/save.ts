import { at } from "../../core/at.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Model } from "../../nn/model.ts";
import { type Call, NotWritable, wiringOf } from "../keras_layers/written.ts";
import { lowered } from "./lower.ts";
import type { Part, Parts, WrittenWeight } from "./parts.ts";

/** A weight's entry in a manifest. */
interface ManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32";
}

/** What a folder of a layers model holds. */
export interface LayersModelFiles {
  /** model.json, for `JSON.stringify`. */
  readonly json: {
    readonly format: "layers-model";
    readonly generatedBy: string;
    readonly convertedBy: null;
    readonly modelTopology: object;
    readonly weightsManifest: readonly {
      readonly paths: readonly string[];
      readonly weights: readonly ManifestEntry[];
    }[];
  };
  /** weights.bin, the one shard: f32, little-endian. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

/** Names that TensorFlow.js takes: letters, digits and a few signs, each once. */
class Names {
  readonly #taken = new Set<string>();

  unique(wanted: string): string {
    const plain = wanted.replaceAll(/[^A-Za-z0-9._/-]/g, "_").replace(/^[^A-Za-z0-9]+/, "") || "layer";
    let name = plain;
    for (let number = 1; this.#taken.has(name); number++) name = `${plain}_${number}`;
    this.#taken.add(name);
    return name;
  }
}

/** Every layer of the model as layers of TensorFlow.js; throws one `ArgumentError` that lists those that cannot be. */
function partsOf(model: Model, calls: readonly Call[]): Parts[] {
  const parameters = model.parameters;
  const problems: string[] = [];
  const parts = model.layers.map(({ name, layer, inputShape, outputShape, parameterNames }, place) => {
    const weights: Record<string, WrittenWeight> = {};
    for (const parameter of parameterNames) {
      const tensor = parameters.get(parameter);
      if (tensor) weights[parameter.slice(name.length + 1)] = tensor;
    }
    const { kind, options } = layer.config;
    const inputs = calls.find((call) => call.layer === place)?.inputs.length ?? 1;
    try {
      return lowered({ kind, options, inputShape, outputShape, weights, inputs });
    } catch (error) {
      if (!(error instanceof NotWritable)) throw error;
      problems.push(`${error.message} (${JSON.stringify(name)})`);
      return undefined;
    }
  });
  if (problems.length > 0) {
    throw new ArgumentError(
      `toLayersModel: TensorFlow.js has no layers that compute what these do: ${problems.join("; ")}. Save the model with saveModel, or ` +
        "leave them out.",
    );
  }
  return parts.filter((one) => one !== undefined);
}

/** What a part is called: the layer's name, and its class behind it where the layer is several. */
function namesOf(parts: readonly Parts[], model: Model, names: Names): string[][] {
  const own = model.layers.map(({ name }, place) => {
    const { list } = at(parts, place);
    const holder = Math.max(
      list.findIndex(({ isLayer }) => isLayer),
      list.length === 1 ? 0 : -1,
    );
    // Reserved before any other part can take it.
    return { holder, name: holder >= 0 ? names.unique(name) : "" };
  });
  return parts.map(({ list }, place) =>
    list.map(({ className }, index) => {
      const { holder, name } = at(own, place);
      return index === holder ? name : names.unique(`${at(model.layers, place).name}_${className.toLowerCase()}`);
    }),
  );
}

/** All weights one behind the other. */
function joined(weights: readonly WrittenWeight[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(weights.reduce((sum, { data }) => sum + 4 * data.length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { data } of weights) {
    for (const value of data) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  return bytes;
}

/** A chain of layers: the first names the shape of what comes in. */
function chainTopology(parts: readonly Part[], names: readonly string[], inputShape: readonly number[]): object {
  const layers = parts.map(({ className, config }, place) => ({
    class_name: className,
    config: { ...config, name: names[place], ...(place === 0 && { batch_input_shape: [null, ...inputShape] }) },
  }));
  return { class_name: "Sequential", config: { name: "sequential", layers } };
}

/** A layer's result in one of its calls. */
type Node = readonly [layer: string, call: number, tensor: 0];

/** What a layer reads, each once: TensorFlow.js frees a tensor after the first time where a layer reads it twice. */
function apart(sources: readonly Node[], copies: object[], names: Names): Node[] {
  return sources.map((source, place) => {
    const isAgain = sources.slice(0, place).some(([layer, call]) => layer === source[0] && call === source[1]);
    if (!isAgain) return source;
    const name = names.unique(`${source[0]}_again`);
    const config = { name, trainable: true, dtype: "float32", scale: 1, offset: 0 };
    copies.push({ name, class_name: "Rescaling", config, inbound_nodes: [[[...source, {}]]] });
    return [name, 0, 0];
  });
}

function graphTopology(
  model: Model,
  parts: readonly Parts[],
  names: readonly (readonly string[])[],
  ends: Names,
): object {
  const { inputs, calls, outputs } = wiringOf(model);
  const inputNames = inputs.map(({ name }) => ends.unique(name));
  const tensors: Node[] = inputNames.map((name) => [name, 0, 0]);
  const nodes = names.map((own) => own.map((): (readonly unknown[])[][] => []));
  const counts = parts.map(() => 0);
  const copies: object[] = [];
  for (const { layer, inputs: read } of calls) {
    const call = counts[layer] ?? 0;
    counts[layer] = call + 1;
    const { list } = at(parts, layer);
    list.forEach(({ from }, place) => {
      const sources = from.map((one): Node => {
        return one < 0 ? at(tensors, at(read, ~one)) : [at(at(names, layer), one), call, 0];
      });
      at(at(nodes, layer), place).push(apart(sources, copies, ends).map((source) => [...source, {}]));
    });
    tensors.push([at(at(names, layer), list.length - 1), call, 0]);
  }
  const entries = [
    ...inputs.map(({ shape }, place) => ({
      name: at(inputNames, place),
      class_name: "InputLayer",
      config: { batch_input_shape: [null, ...shape], dtype: "float32", sparse: false, name: at(inputNames, place) },
      inbound_nodes: [],
    })),
    ...parts.flatMap(({ list }, layer) =>
      list.map(({ className, config }, place) => {
        const name = at(at(names, layer), place);
        return { name, class_name: className, config: { ...config, name }, inbound_nodes: at(at(nodes, layer), place) };
      }),
    ),
    ...copies,
  ];
  const config = {
    ...{ name: "model", layers: entries },
    input_layers: inputNames.map((name) => [name, 0, 0]),
    output_layers: outputs.map((tensor) => at(tensors, tensor)),
  };
  return { class_name: "Model", config };
}

/**
 * A model as a layers model of TensorFlow.js 4: `json` is its model.json, `weights` the bytes of weights.bin, which lies beside it.
 * `tf.loadLayersModel` reads both and gives the same predictions. Layers keep their names, and come back from `loadLayersModel` as they
 * were. A layer that TensorFlow.js does not have is written as several that compute the same, where that is possible: those come
 * back as what they were written as (docs/keras.md).
 *
 *     const { json, weights } = toLayersModel(model);
 *     download("model.json", JSON.stringify(json));
 *     download("weights.bin", weights);
 *
 * After training `trainer.syncModel()` first. Throws `ArgumentError`, which lists the layers that TensorFlow.js cannot compute.
 */
export function toLayersModel(model: Model): LayersModelFiles {
  const parts = partsOf(model, wiringOf(model).calls);
  const names = new Names();
  const called = namesOf(parts, model, names);
  const list = parts.flatMap((one) => one.list);
  const flat = called.flat();
  const isChain = list.every(({ from }, place) => from.length === 1 && chained(list, place, parts));
  const topology =
    model.isSequential && isChain
      ? chainTopology(list, flat, model.inputShape)
      : graphTopology(model, parts, called, names);
  const held = list.flatMap(({ weights }, place) =>
    Object.entries(weights).map(([name, weight]) => ({ name: `${at(flat, place)}/${name}`, weight })),
  );
  const entries = held.map(({ name, weight }) => ({ name, shape: [...weight.shape], dtype: "float32" as const }));
  return {
    json: {
      format: "layers-model",
      generatedBy: "Corteza",
      convertedBy: null,
      modelTopology: { ...topology, keras_version: "tfjs-layers 4.22.0", backend: "tensor_flow.js" },
      weightsManifest: [{ paths: ["weights.bin"], weights: entries }],
    },
    weights: joined(held.map(({ weight }) => weight)),
  };
}

/** Whether a part reads what the part before it gives, in the list of all. */
function chained(list: readonly Part[], place: number, parts: readonly Parts[]): boolean {
  let begin = 0;
  for (const { list: own } of parts) {
    if (place < begin + own.length) {
      const from = list[place]?.from[0];
      return from === place - begin - 1 || (from === ~0 && place === begin);
    }
    begin += own.length;
  }
  return false;
}
