import { at } from "../../core/at.ts";
import { ArgumentError } from "../../core/errors.ts";
import type { Padding } from "../../core/window_geometry.ts";
import { toPair } from "../../nn/layer.ts";
import type { Model } from "../../nn/model.ts";
import { isRecord, own } from "../keras_layers/records.ts";
import { kernelBegins, type OptionRow, TABLE } from "../keras_layers/table.ts";
import { KINDS, toSnake } from "../keras_layers/values.ts";
import { NotWritable, type Options, wiringOf } from "../keras_layers/written.ts";
import { call, literal, Source } from "./python.ts";

/** Modules of the classes that options may name. */
const MODULES: Readonly<Record<string, string>> = {
  initializer: "keras.initializers",
  regularizer: "keras.regularizers",
  constraint: "keras.constraints",
};
/** Classes that TensorFlow.js spells in another way. */
const CLASSES: Readonly<Record<string, string>> = { LeCunNormal: "LecunNormal", LeCunUniform: "LecunUniform" };

/** An option's value as source. */
function argument(row: OptionRow, value: unknown): unknown {
  if (row.kind === "activation" && value === "geluTanh") return new Source("gelu_tanh");
  const written = KINDS[row.kind].write(value);
  const module = own(MODULES, row.kind);
  if (module === undefined || !isRecord(written)) return written;
  const { class_name: className, config } = written;
  const name = own(CLASSES, String(className)) ?? String(className);
  const numbers = Object.entries(isRecord(config) ? config : {}).filter(([, number]) => number !== null);
  return call(`${module}.${name}`, Object.fromEntries(numbers));
}

/** Keras' layer of this kind, with the options that were given: the others are Keras' defaults too, but for how kernels begin. */
function layerSource(kind: string, options: Options, name: string): Source {
  const row = own(TABLE, kind);
  if (row === undefined) throw new NotWritable(`a layer ${kind}`);
  const named: Record<string, unknown> = {};
  for (const [option, spelled] of Object.entries(row.options)) {
    const begins =
      spelled.kind === "initializer" && spelled.otherwise === undefined ? kernelBegins(options) : undefined;
    const value = options[option] ?? (begins === "glorotUniform" ? undefined : begins);
    if (value !== undefined) named[spelled.spelled?.[0] ?? toSnake(option)] = argument(spelled, value);
  }
  if (options["trainable"] === false) named["trainable"] = false;
  return call(`layers.${row.className}`, { ...named, name });
}

/** How a layer becomes source: the layers that it is made of, and what is done with the tensors that come in. */
interface Written {
  /** Behind one another; each a layer that is made once. */
  readonly layers: readonly Source[];
  /** Which of them has the weights. */
  readonly holder: number;
  /** In place of layers: an expression of `x`. */
  readonly expression?: string;
}

const sidesOf = (options: Options): readonly (readonly [number, number])[] | undefined => {
  const padding = options["padding"] as Padding | undefined;
  return padding === undefined || typeof padding === "string" ? undefined : padding;
};

function convolution(kind: string, options: Options, name: string): Written {
  const pair = (option: string) => toPair("toKeras", option, (options[option] ?? 1) as number);
  const [strides, dilations] = [pair("strides"), pair("dilationRate")];
  if (strides.some((one) => one > 1) && dilations.some((one) => one > 1)) {
    throw new NotWritable("a convolution with strides and dilationRate");
  }
  const sides = sidesOf(options);
  if (sides === undefined) return { layers: [layerSource(kind, options, name)], holder: 0 };
  const { padding: _, ...rest } = options;
  const layer = layerSource(kind, rest, name);
  if (kind !== "conv2dTranspose")
    return { layers: [call("layers.ZeroPadding2D", { padding: sides }), layer], holder: 1 };
  if (options["outputPadding"] !== undefined || dilations.some((one) => one > 1)) {
    throw new NotWritable("a conv2dTranspose with padding in pixels, and outputPadding or dilationRate");
  }
  // Where a stride is larger than the kernel, Keras' result ends in what no window covers.
  const kernel = toPair("toKeras", "kernelSize", options["kernelSize"] as number);
  const cropping = sides.map(([before, after], axis) => [
    before,
    after + Math.max(0, (strides[axis] ?? 1) - (kernel[axis] ?? 1)),
  ]);
  return { layers: [layer, call("layers.Cropping2D", { cropping })], holder: 0 };
}

/** A number for each channel: Keras wants mean and variance of one shape. */
function eachChannel(options: Options, channels: number): Options {
  const list = (value: unknown) => (Array.isArray(value) ? value : Array.from({ length: channels }, () => value));
  return { ...options, mean: list(options["mean"]), variance: list(options["variance"]) };
}

function written(kind: string, options: Options, name: string): Written {
  const plain = (): Written => ({ layers: [layerSource(kind, options, name)], holder: 0 });
  const sides = sidesOf(options);
  switch (kind) {
    case "conv2d":
    case "depthwiseConv2d":
    case "separableConv2d":
    case "conv2dTranspose":
      return convolution(kind, options, name);
    case "maxPooling2d": {
      if (sides === undefined) return plain();
      // What lies beside the image never wins.
      const { padding: _, ...rest } = options;
      const pads = literal([[0, 0], ...sides, [0, 0]]);
      const expression = `POOL(keras.ops.pad(x, ${pads}, constant_values=float("-inf")))`;
      return { layers: [layerSource(kind, rest, name)], holder: 0, expression };
    }
    case "averagePooling2d":
      if (sides?.flat().some((side) => side > 0)) throw new NotWritable("an averagePooling2d with padding in pixels");
      return sides ? written(kind, { ...options, padding: "valid" }, name) : plain();
    case "splitTensor": {
      const { parts, axis = -1 } = options;
      const places = Array.isArray(parts)
        ? parts.slice(0, -1).map((_, end) => parts.slice(0, end + 1).reduce((a, b) => a + b, 0))
        : parts;
      return { layers: [], holder: -1, expression: `keras.ops.split(x, ${literal(places)}, axis=${literal(axis)})` };
    }
    default:
      return plain();
  }
}

/** Names that Keras takes: without slashes, each once. */
function kerasNames(model: Model): string[] {
  const taken = new Set<string>();
  return model.layers.map(({ name }) => {
    const plain = name.replaceAll("/", "_");
    let free = plain;
    for (let number = 1; taken.has(free); number++) free = `${plain}_${number}`;
    taken.add(free);
    return free;
  });
}

/** The lines of `build_model`, and the weights of each layer by its name there. */
function body(model: Model): { lines: string[]; weights: Record<string, readonly string[]> } {
  const { inputs, calls, outputs } = wiringOf(model);
  const names = kerasNames(model);
  const problems: string[] = [];
  const weights: Record<string, readonly string[]> = Object.create(null);
  const made = model.layers.map(({ name, layer, inputShape, parameterNames }, place): Written | undefined => {
    try {
      const own = at(names, place);
      if (parameterNames.length > 0) weights[own] = parameterNames;
      const { kind, options } = layer.config;
      const channels = inputShape[inputShape.length - 1] ?? 1;
      return written(kind, kind === "normalization" ? eachChannel(options, channels) : options, own);
    } catch (error) {
      if (!(error instanceof NotWritable)) throw error;
      problems.push(`${error.message} (${JSON.stringify(name)})`);
      return undefined;
    }
  });
  if (problems.length > 0) {
    throw new ArgumentError(
      `toKeras: Keras has no layers that compute what these do: ${problems.join("; ")}. Leave them out.`,
    );
  }
  const lines = inputs.map(
    ({ name, shape }, place) =>
      `t${place} = keras.Input(${literal([...shape])}, name=${literal(name.replaceAll("/", "_"))})`,
  );
  made.forEach((one, layer) => {
    one?.layers.forEach((source, part) => {
      lines.push(`l${layer}_${part} = ${source.text}`);
    });
  });
  let tensors = inputs.length;
  for (const { layer, inputs: read } of calls) {
    const { layers, expression } = made[layer] ?? { layers: [] };
    const list = read.map((one) => `t${one}`);
    let x = list.length === 1 ? at(list, 0) : `[${list.join(", ")}]`;
    if (expression) x = expression.replace("POOL", `l${layer}_0`).replace("(x,", `(${x},`);
    else x = layers.reduce((inner, _, part) => `l${layer}_${part}(${inner})`, x);
    const { outputShapes } = at(model.layers, layer);
    const results = outputShapes.map((_, place) => `t${tensors + place}`);
    lines.push(
      results.length === 1 && !Array.isArray(outputShapes[1]) && layers.length > 0
        ? `${results[0]} = ${x}`
        : `${results.join(", ")}, = ${x}`,
    );
    tensors += results.length;
  }
  const listed = (numbers: readonly number[]) => `[${numbers.map((one) => `t${one}`).join(", ")}]`;
  lines.push(`return keras.Model(${listed(inputs.map((_, place) => place))}, ${listed(outputs)})`);
  return { lines, weights };
}

/**
 * A model as Python source for Keras 3. Its weights are a file of their own, as `toSafetensors` writes it, which the source reads, and
 * writes back:
 *
 *     download("network.py", toKeras(model));
 *     download("network.safetensors", toSafetensors(model.parameters));
 *
 * In Python `build_model()` makes the network, `load_weights(model, "network.safetensors")` gives it the weights, `save_weights` writes
 * them as `model.setParameters(loadSafetensors(bytes))` takes them. It needs `keras` and `numpy` alone. After training
 * `trainer.syncModel()` first. Texts of the model, its names, are literals there and nothing else. Throws `ArgumentError`, which lists
 * the layers that Keras cannot compute.
 */
export function toKeras(model: Model): string {
  const { lines, weights } = body(model);
  const listed = Object.entries(weights).map(([name, names]) => `    ${literal(name)}: ${literal(names)},`);
  return `${HEAD}
# Of each layer with weights their names in the file, in Keras' order.
WEIGHTS = {
${listed.join("\n")}
}


def build_model():
${lines.map((line) => `    ${line}`).join("\n")}

${TAIL}`;
}

const HEAD = `"""A network of Corteza for Keras 3. Weights: python3 this_file.py network.safetensors"""

import json
import struct
import sys

import keras
import numpy
from keras import layers


def gelu_tanh(x):
    return keras.activations.gelu(x, approximate=True)

`;

const TAIL = `
def load_weights(model, path):
    """Gives the model the weights of a safetensors file."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    for layer, names in WEIGHTS.items():
        values = []
        for name in names:
            entry = header[name]
            if entry["dtype"] != "F32":
                raise ValueError(f"{name} is {entry['dtype']}; F32 is read")
            begin, end = entry["data_offsets"]
            values.append(numpy.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]))
        model.get_layer(layer).set_weights(values)


def save_weights(model, path):
    """Writes the weights as a safetensors file, under the names that Corteza has for them."""
    header, data = {}, b""
    for layer, names in WEIGHTS.items():
        for name, value in zip(names, model.get_layer(layer).get_weights()):
            bytes_of_value = numpy.ascontiguousarray(value, "<f4").tobytes()
            offsets = [len(data), len(data) + len(bytes_of_value)]
            header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": offsets}
            data += bytes_of_value
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    network = build_model()
    if len(sys.argv) > 1:
        load_weights(network, sys.argv[1])
    network.summary()
`;
