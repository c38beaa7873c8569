import { FormatError } from "../../core/errors.ts";
import { bytesOf, type Field, fieldsOf, floatsOf, numberOf, numbersOf, textOf } from "./wire.ts";

/** What a tensor of a file holds, as this library computes with it. */
export type ElementType = "float" | "int" | "bool";

/** A tensor of a file, in the file's own layout. */
export interface FileTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly data: ArrayLike<number>;
}

/** Axes at most: as many as a tensor of a graph that files can hold. */
const MOST_AXES = 8;

interface Stored {
  readonly type: ElementType;
  /** Bytes an element takes in raw_data. */
  readonly bytes: number;
  read(view: DataView, offset: number): number;
  /** The field that holds them where raw_data does not, and what its words stand for. */
  readonly field: number;
  fromWord?(word: number): number;
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** A bfloat16 is the upper half of an f32. */
function fromBrain(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits * 65_536);
  return view.getFloat32(0);
}

const FLOATS = 4;
const INT32 = 5;
const INT64 = 7;
const DOUBLES = 10;
const UINT64 = 11;

/** By the numbers of TensorProto.DataType. Source: onnx/onnx.proto. */
const STORED: Readonly<Record<number, Stored>> = {
  1: { type: "float", bytes: 4, read: (view, at) => view.getFloat32(at, true), field: FLOATS },
  2: { type: "int", bytes: 1, read: (view, at) => view.getUint8(at), field: INT32 },
  3: { type: "int", bytes: 1, read: (view, at) => view.getInt8(at), field: INT32 },
  4: { type: "int", bytes: 2, read: (view, at) => view.getUint16(at, true), field: INT32 },
  5: { type: "int", bytes: 2, read: (view, at) => view.getInt16(at, true), field: INT32 },
  6: { type: "int", bytes: 4, read: (view, at) => view.getInt32(at, true), field: INT32 },
  7: { type: "int", bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)), field: INT64 },
  9: { type: "bool", bytes: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1), field: INT32 },
  10: {
    ...{ type: "float", bytes: 2, read: (view, at) => fromHalf(view.getUint16(at, true)) },
    ...{ field: INT32, fromWord: fromHalf },
  },
  11: { type: "float", bytes: 8, read: (view, at) => view.getFloat64(at, true), field: DOUBLES },
  12: { type: "int", bytes: 4, read: (view, at) => view.getUint32(at, true), field: UINT64 },
  13: { type: "int", bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)), field: UINT64 },
  16: {
    ...{ type: "float", bytes: 2, read: (view, at) => fromBrain(view.getUint16(at, true)) },
    ...{ field: INT32, fromWord: fromBrain },
  },
};

/** The type of an element by its number in a file; undefined where this library has none like it: texts, complex numbers. */
export function elementType(number: number): ElementType | undefined {
  return Object.hasOwn(STORED, number) ? STORED[number]?.type : undefined;
}

/** Extents of a file, held against what a tensor may have; `undefined` where they are none. */
function checkedSize(shape: readonly number[]): number | undefined {
  if (shape.length > MOST_AXES) return undefined;
  let size = 1;
  for (const extent of shape) {
    size *= extent;
    if (!Number.isSafeInteger(extent) || extent < 0 || !Number.isSafeInteger(size)) return undefined;
  }
  return size;
}

/** A TensorProto. Its declared size is compared with the values that are there before anything is allocated. */
export function parseTensor(bytes: Uint8Array, given: string): FileTensor {
  const shape: number[] = [];
  let name = given;
  let dataType = 0;
  let raw: Uint8Array | undefined;
  const lists: Field[] = [];
  for (const field of fieldsOf(bytes, given)) {
    if (field.number === 1) shape.push(...numbersOf(field, given).slice(0, MOST_AXES + 1));
    else if (field.number === 2) dataType = numberOf(field, given);
    else if (field.number === 8) name = textOf(field, given);
    else if (field.number === 9) raw = bytesOf(field, given);
    else if (field.number === 13 || (field.number === 14 && field.value !== 0n)) {
      throw new FormatError(
        `ONNX: ${given} keeps its values in another file; save the model with them inside (onnx.save without external data).`,
      );
    } else lists.push(field);
  }
  const stored = Object.hasOwn(STORED, dataType) ? STORED[dataType] : undefined;
  const what = `tensor ${JSON.stringify(name.slice(0, 60))}`;
  if (stored === undefined) {
    throw new FormatError(`ONNX: ${what} is of data type ${dataType}, which is not supported; save it as float.`);
  }
  const size = checkedSize(shape);
  const differs = (found: number): never => {
    throw new FormatError(`ONNX: ${what} declares the shape [${shape.join(", ")}], but holds ${found} values.`);
  };
  if (size === undefined) return differs(raw === undefined ? 0 : raw.length / stored.bytes);
  if (raw !== undefined) {
    if (raw.length !== size * stored.bytes) return differs(raw.length / stored.bytes);
    const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
    const data = stored.bytes === 8 || stored.type === "int" ? new Float64Array(size) : new Float32Array(size);
    for (let index = 0; index < size; index++) data[index] = stored.read(view, index * stored.bytes);
    return { name, shape, type: stored.type, data };
  }
  const words = lists
    .filter(({ number }) => number === stored.field)
    .flatMap((field) =>
      stored.field === FLOATS
        ? floatsOf(field, 4, what)
        : stored.field === DOUBLES
          ? floatsOf(field, 8, what)
          : numbersOf(field, what),
    );
  if (words.length !== size) return differs(words.length);
  return { name, shape, type: stored.type, data: stored.fromWord ? words.map(stored.fromWord) : words };
}
