/** The messages of an ONNX file, written. Field numbers: onnx/onnx.proto. */
import { ArgumentError } from "../../../core/errors.ts";
import { Message } from "./message.ts";

/** TensorProto.DataType. */
export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
export const BOOL = 9;
export type FileType = typeof FLOAT | typeof INT32 | typeof INT64 | typeof BOOL;

export interface WrittenTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: FileType;
  readonly data: ArrayLike<number>;
}

/** A number alone is a whole one. */
export type WrittenAttribute = number | { readonly float: number } | string | readonly number[];

export interface WrittenNode {
  readonly op: string;
  readonly name: string;
  /** Names of values; "" is one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, WrittenAttribute>>;
}

/** An input or an output; a text is an open extent. */
export interface WrittenValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

export interface WrittenGraph {
  readonly nodes: readonly WrittenNode[];
  readonly initializers: readonly WrittenTensor[];
  readonly inputs: readonly WrittenValue[];
  readonly outputs: readonly WrittenValue[];
}

const BYTES: Readonly<Record<FileType, number>> = { [FLOAT]: 4, [INT32]: 4, [INT64]: 8, [BOOL]: 1 };

/** The values as raw_data has them: little-endian, whatever this machine is. */
function rawData({ type, data }: WrittenTensor): Uint8Array {
  const size = BYTES[type];
  const view = new DataView(new ArrayBuffer(size * data.length));
  for (let index = 0; index < data.length; index++) {
    const value = data[index] ?? 0;
    if (type === FLOAT) view.setFloat32(4 * index, value, true);
    else if (type === INT32) view.setInt32(4 * index, value, true);
    else if (type === INT64) view.setBigInt64(8 * index, BigInt(value), true);
    else view.setUint8(index, value === 0 ? 0 : 1);
  }
  return new Uint8Array(view.buffer);
}

function tensorMessage(tensor: WrittenTensor): Message {
  const message = new Message();
  for (const extent of tensor.shape) message.whole(1, extent);
  return message.whole(2, tensor.type).text(8, tensor.name).bytes(9, rawData(tensor));
}

function attributeMessage(name: string, value: WrittenAttribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === "number") return message.whole(3, value).whole(20, 2);
  if (typeof value === "string") return message.text(4, value).whole(20, 3);
  if ("float" in value) return message.float(2, value.float).whole(20, 1);
  for (const one of value) message.whole(8, one);
  return message.whole(20, 7);
}

function nodeMessage({ op, name, inputs, outputs, attributes }: WrittenNode): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  for (const output of outputs) message.text(2, output);
  message.text(3, name).text(4, op);
  for (const [key, value] of Object.entries(attributes)) message.message(5, attributeMessage(key, value));
  return message;
}

/** A ValueInfoProto of f32. */
function valueMessage({ name, shape }: WrittenValue): Message {
  const extents = new Message();
  for (const extent of shape) {
    extents.message(1, typeof extent === "number" ? new Message().whole(1, extent) : new Message().text(2, extent));
  }
  const tensor = new Message().whole(1, FLOAT).message(2, extents);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/** Version of the format that opset 17 came with. */
const IR_VERSION = 8;
const OPSET = 17;

/** A ModelProto may not be larger than this. */
const MOST_BYTES = 2 ** 31 - 1;

/** A whole file. Throws `ArgumentError` where it would be larger than the format allows. */
export function fileBytes({ nodes, initializers, inputs, outputs }: WrittenGraph): Uint8Array {
  const weights = initializers.reduce((sum, { data, type }) => sum + data.length * BYTES[type], 0);
  if (weights > MOST_BYTES) {
    throw new ArgumentError(
      `toOnnx: the weights take ${weights} bytes, an ONNX file holds 2 GiB at most; use saveModel.`,
    );
  }
  const graph = new Message();
  for (const node of nodes) graph.message(1, nodeMessage(node));
  graph.text(2, "model");
  for (const tensor of initializers) graph.message(5, tensorMessage(tensor));
  for (const value of inputs) graph.message(11, valueMessage(value));
  for (const value of outputs) graph.message(12, valueMessage(value));
  const opset = new Message().text(1, "").whole(2, OPSET);
  return new Message().whole(1, IR_VERSION).text(2, "corteza").message(7, graph).message(8, opset).finish();
}
