/** ONNX files for tests, in the wire format of Protocol Buffers, written independently of what reads them in src. */

export interface FileTensorOf {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  /** TensorProto.DataType: 1 f32 (default), 2 u8, 3 i8, 6 i32, 7 i64, 9 bool, 11 f64; 10 f16 and 16 bf16, whose data are their bits. */
  readonly type?: number;
  /** Values in the field of their type, float_data and so on, instead of raw_data. */
  readonly inField?: boolean;
}

type AttributeOf = number | string | readonly number[] | { readonly float: number } | { readonly tensor: FileTensorOf };

export interface NodeOf {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** A number is an int; `{ float }` is one. */
  readonly attributes?: Readonly<Record<string, AttributeOf>>;
  readonly name?: string;
  readonly domain?: string;
}

/** Name → extents; a text is an open one. */
export type ValuesOf = Readonly<Record<string, readonly (number | string)[]>>;

export interface FileOf {
  readonly nodes: readonly NodeOf[];
  readonly inputs: ValuesOf;
  /** Undefined: nothing is said of the shape. */
  readonly outputs: Readonly<Record<string, readonly (number | string)[] | undefined>>;
  readonly initializers?: Readonly<Record<string, FileTensorOf>>;
  /** Default 17. */
  readonly opset?: number;
  /** TensorProto.DataType of inputs; default 1, f32. */
  readonly inputType?: number;
}

type Bytes = number[];

function varint(value: bigint): Bytes {
  const bytes: Bytes = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}

const whole = (field: number, value: number): Bytes => [...varint(BigInt(field << 3)), ...varint(BigInt(value))];
const block = (field: number, bytes: ArrayLike<number>): Bytes => [
  ...varint(BigInt((field << 3) | 2)),
  ...varint(BigInt(bytes.length)),
  ...Array.from(bytes),
];
const text = (field: number, value: string): Bytes => block(field, new TextEncoder().encode(value));
const f32 = (field: number, value: number): Bytes => [
  ...varint(BigInt((field << 3) | 5)),
  ...new Uint8Array(Float32Array.of(value).buffer),
];

const ARRAYS: Readonly<Record<number, (data: readonly number[]) => ArrayBufferView<ArrayBuffer>>> = {
  1: (data) => Float32Array.from(data),
  3: (data) => Int8Array.from(data),
  6: (data) => Int32Array.from(data),
  7: (data) => BigInt64Array.from(data, BigInt),
  10: (data) => Uint16Array.from(data),
  11: (data) => Float64Array.from(data),
  16: (data) => Uint16Array.from(data),
};

function rawOf({ data, type = 1 }: FileTensorOf): Uint8Array {
  return new Uint8Array((ARRAYS[type]?.(data) ?? Uint8Array.from(data)).buffer);
}

/** Numbers of the fields that have values by type: float_data, double_data, int64_data, int32_data for all others. */
const FIELDS: Readonly<Record<number, number>> = { 1: 4, 11: 10, 7: 7 };

function valuesOf(tensor: FileTensorOf): Bytes {
  const { data, type = 1, inField = false } = tensor;
  if (!inField) return block(9, rawOf(tensor));
  if (type === 1 || type === 11) return block(FIELDS[type] ?? 0, rawOf(tensor));
  return block(
    FIELDS[type] ?? 5,
    data.flatMap((one) => varint(BigInt(one))),
  );
}

/** A TensorProto with its values in raw_data. */
export function tensorBytes(tensor: FileTensorOf, name = ""): Bytes {
  return [
    ...tensor.shape.flatMap((extent) => whole(1, extent)),
    ...whole(2, tensor.type ?? 1),
    ...text(8, name),
    ...valuesOf(tensor),
  ];
}

function attributeBytes(name: string, value: AttributeOf): Bytes {
  const start = text(1, name);
  if (typeof value === "number") return [...start, ...whole(3, value), ...whole(20, 2)];
  if (typeof value === "string") return [...start, ...text(4, value), ...whole(20, 3)];
  if ("float" in value) return [...start, ...f32(2, value.float), ...whole(20, 1)];
  if ("tensor" in value) return [...start, ...block(5, tensorBytes(value.tensor)), ...whole(20, 4)];
  return [...start, ...value.flatMap((one) => whole(8, one)), ...whole(20, 7)];
}

const nodeBytes = ({ op, inputs, outputs, attributes = {}, name = "", domain = "" }: NodeOf): Bytes => [
  ...inputs.flatMap((one) => text(1, one)),
  ...outputs.flatMap((one) => text(2, one)),
  ...text(3, name),
  ...text(4, op),
  ...Object.entries(attributes).flatMap(([key, value]) => block(5, attributeBytes(key, value))),
  ...text(7, domain),
];

function valueBytes(name: string, shape: readonly (number | string)[] | undefined, type: number): Bytes {
  const dimensions = shape?.flatMap((one) => block(1, typeof one === "number" ? whole(1, one) : text(2, one)));
  const tensor = [...whole(1, type), ...(dimensions ? block(2, dimensions) : [])];
  return [...text(1, name), ...block(2, block(1, tensor))];
}

/** A whole file. */
export function onnxFile({ nodes, inputs, outputs, initializers = {}, opset = 17, inputType = 1 }: FileOf): Uint8Array {
  const graph = [
    ...nodes.flatMap((node) => block(1, nodeBytes(node))),
    ...text(2, "graph"),
    ...Object.entries(initializers).flatMap(([name, tensor]) => block(5, tensorBytes(tensor, name))),
    ...Object.entries(inputs).flatMap(([name, shape]) => block(11, valueBytes(name, shape, inputType))),
    ...Object.entries(outputs).flatMap(([name, shape]) => block(12, valueBytes(name, shape, 1))),
  ];
  return Uint8Array.from([...whole(1, 8), ...block(7, graph), ...block(8, [...text(1, ""), ...whole(2, opset)])]);
}
