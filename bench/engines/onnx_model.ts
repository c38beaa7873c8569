/**
 * A network of `jobs.ts` as an ONNX file, for onnxruntime-web: just enough of the protobuf wire format (varints and
 * length-delimited fields) to write Conv, Relu, MaxPool, Flatten, Gemm and Softmax. Field numbers are those of
 * onnx.proto.
 */
import { channelsFirst, type Network, outputsFirst, placeLayers } from "../jobs.ts";

type Bytes = Uint8Array;

const utf8 = new TextEncoder();

function concat(parts: readonly Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.of(...bytes, rest);
}

const integer = (field: number, value: number): Bytes => concat([varint(field * 8), varint(value)]);
const block = (field: number, content: Bytes): Bytes =>
  concat([varint(field * 8 + 2), varint(content.length), content]);
const text = (field: number, value: string): Bytes => block(field, utf8.encode(value));

const FLOAT = 1;
const INTS_ATTRIBUTE = 7;

function tensor(name: string, shape: readonly number[], data: Float32Array): Bytes {
  return concat([
    ...shape.map((extent) => integer(1, extent)),
    integer(2, FLOAT),
    text(8, name),
    block(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
}

function node(op: string, inputs: readonly string[], output: string, attributes: Record<string, number[]> = {}): Bytes {
  return concat([
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(4, op),
    ...Object.entries(attributes).map(([name, values]) =>
      block(5, concat([text(1, name), ...values.map((value) => integer(8, value)), integer(20, INTS_ATTRIBUTE)])),
    ),
  ]);
}

function valueInfo(name: string, shape: readonly number[]): Bytes {
  const dims = concat(shape.map((extent) => block(1, integer(1, extent))));
  return concat([text(1, name), block(2, block(1, concat([integer(1, FLOAT), block(2, dims)])))]);
}

/** Input "images" [batch, channels, height, width], output "probabilities" [batch, 10]. */
export function onnxModel(network: Network, batch: number): Uint8Array {
  const nodes: Bytes[] = [];
  const initializers: Bytes[] = [];
  let value = "images";
  let count = 0;
  const add = (op: string, parameters: readonly string[] = [], attributes: Record<string, number[]> = {}): void => {
    const output = `value${count++}`;
    nodes.push(node(op, [value, ...parameters], output, attributes));
    value = output;
  };
  placeLayers(network).forEach(({ layer, kernel, kernelShape, bias, inputShape }, index) => {
    const [rows = 0, columns = 0, inputs = 0, outputs = 0] = kernelShape;
    const names = [`kernel${index}`, `bias${index}`] as const;
    if (layer.kind !== "pool") initializers.push(tensor(names[1], [bias.length], bias));
    switch (layer.kind) {
      case "conv":
        initializers.push(tensor(names[0], [outputs, inputs, rows, columns], outputsFirst(kernel, kernelShape)));
        add("Conv", names, { kernel_shape: [rows, columns], pads: [1, 1, 1, 1], strides: [1, 1] });
        add("Relu");
        break;
      case "pool":
        add("MaxPool", [], { kernel_shape: [2, 2], strides: [2, 2] });
        break;
      case "dense":
        initializers.push(tensor(names[0], kernelShape, channelsFirst(kernel, inputShape, layer.units)));
        add("Flatten");
        add("Gemm", names);
        break;
    }
  });
  nodes.push(node("Softmax", [value], "probabilities"));
  const [height, width, channels] = network.inputShape;
  const graph = concat([
    ...nodes.map((content) => block(1, content)),
    text(2, "bench"),
    ...initializers.map((content) => block(5, content)),
    block(11, valueInfo("images", [batch, channels, height, width])),
    block(12, valueInfo("probabilities", [batch, 10])),
  ]);
  return concat([integer(1, 8), block(7, graph), block(8, integer(2, 13))]);
}
