/** The safetensors format: an 8-byte length, a JSON header, then the bytes of the tensors. Source: huggingface/safetensors, README, "Format". */
import { FormatError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";

const MOST_HEADER_BYTES = 100_000_000;
const MOST_AXES = 8;

interface StoredType {
  readonly bytes: number;
  read(view: DataView, count: number): TypedArray;
}

function typed<T extends TypedArray>(make: (buffer: ArrayBuffer) => T, bytes: number): StoredType {
  return {
    bytes,
    // A copy: the file's bytes need not be aligned, and the caller may throw the file away.
    read: (view, count) => make(new Uint8Array(view.buffer, view.byteOffset, count * bytes).slice().buffer),
  };
}

/** IEEE half precision to f32. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const TYPES: Readonly<Record<string, StoredType>> = {
  F64: typed((buffer) => new Float64Array(buffer), 8),
  F32: typed((buffer) => new Float32Array(buffer), 4),
  I32: typed((buffer) => new Int32Array(buffer), 4),
  U32: typed((buffer) => new Uint32Array(buffer), 4),
  I16: typed((buffer) => new Int16Array(buffer), 2),
  U16: typed((buffer) => new Uint16Array(buffer), 2),
  I8: typed((buffer) => new Int8Array(buffer), 1),
  U8: typed((buffer) => new Uint8Array(buffer), 1),
  BOOL: typed((buffer) => new Uint8Array(buffer), 1),
  F16: { bytes: 2, read: (view, count) => Float32Array.from({ length: count }, (_, i) => fromHalf(view.getUint16(2 * i, true))) },
  BF16: {
    bytes: 2,
    read: (view, count) =>
      new Float32Array(Uint32Array.from({ length: count }, (_, i) => view.getUint16(2 * i, true) << 16).buffer),
  },
  // Whole numbers of 64 bits become f64, which holds them exactly up to 2⁵³.
  I64: { bytes: 8, read: (view, count) => Float64Array.from({ length: count }, (_, i) => Number(view.getBigInt64(8 * i, true))) },
  U64: { bytes: 8, read: (view, count) => Float64Array.from({ length: count }, (_, i) => Number(view.getBigUint64(8 * i, true))) },
};

function typeName(data: TypedArray): string {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Uint32Array) return "U32";
  if (data instanceof Int16Array) return "I16";
  if (data instanceof Uint16Array) return "U16";
  return data instanceof Int8Array ? "I8" : "U8";
}

interface Entry {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the tensors' bytes start. */
  readonly dataStart: number;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function parseEntry(name: string, value: unknown): Entry {
  const record = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const { dtype, shape, data_offsets: offsets } = record;
  const type = typeof dtype === "string" && Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  if (type === undefined) throw new FormatError(`safetensors: tensor "${name}" has the type ${JSON.stringify(dtype)}, which is not supported.`);
  if (!Array.isArray(shape) || shape.length > MOST_AXES || !shape.every(isCount)) {
    throw new FormatError(`safetensors: tensor "${name}" has no valid shape (at most ${MOST_AXES} whole numbers).`);
  }
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isCount(begin) || !isCount(end) || end < begin) throw new FormatError(`safetensors: tensor "${name}" has no valid data_offsets.`);
  const bytes = shape.reduce((product: number, extent: number) => product * extent, type.bytes);
  if (!Number.isSafeInteger(bytes) || bytes !== end - begin) {
    throw new FormatError(`safetensors: tensor "${name}" ${formatShape(shape)} wants ${bytes} bytes, its offsets give ${end - begin}.`);
  }
  return { name, type, shape: [...(shape as number[])], begin, end };
}

/** Whether a JSON text repeats a key of its outermost object, which `JSON.parse` would silently swallow. */
function hasDuplicateKeys(text: string, keys: number): boolean {
  let depth = 0;
  let found = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && token.endsWith(":")) found++;
  }
  return found !== keys;
}

function parseHeader(bytes: Uint8Array): Header {
  if (bytes.length < 8) throw new FormatError(`safetensors: ${bytes.length} bytes are too few for a header.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MOST_HEADER_BYTES || 8 + length > bytes.length) {
    throw new FormatError(`safetensors: the header claims ${length} bytes, the file has ${bytes.length}; it is truncated or foreign.`);
  }
  let parsed: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + length));
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new FormatError("safetensors: the header is not JSON.", { cause });
  }
  if (!text.startsWith("{") || typeof parsed !== "object" || parsed === null) {
    throw new FormatError("safetensors: the header is not a JSON object.");
  }
  const fields = Object.entries(parsed);
  if (hasDuplicateKeys(text, fields.length)) throw new FormatError("safetensors: the header names a tensor twice.");
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of fields) {
    if (name !== "__metadata__") entries.push(parseEntry(name, value));
    else {
      for (const [key, text] of Object.entries((value ?? {}) as object)) {
        if (typeof text !== "string") throw new FormatError(`safetensors: metadata "${key}" is not a text.`);
        metadata.set(key, text);
      }
    }
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const dataStart = 8 + length;
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      throw new FormatError(`safetensors: tensor "${entry.name}" starts at byte ${entry.begin}, the one before ends at ${end}.`);
    }
    end = entry.end;
  }
  if (dataStart + end !== bytes.length) {
    throw new FormatError(`safetensors: the tensors take ${end} bytes, the file has ${bytes.length - dataStart} for them.`);
  }
  return { entries, metadata, dataStart };
}

/** Name of the metadata entry that keeps the order of a map's entries. */
const ORDER = "corteza.order";

function toBytes(bytes: ArrayBuffer | Uint8Array): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
}

/**
 * The tensors of a safetensors file by name, in the order they were saved. Half precision becomes f32, 64-bit integers
 * f64. Throws `FormatError` for anything that the format forbids; nothing is allocated from a size that was not checked.
 */
export function loadSafetensors(bytes: ArrayBuffer | Uint8Array): Map<string, Tensor> {
  const data = toBytes(bytes);
  const { entries, metadata, dataStart } = parseHeader(data);
  const tensors = new Map<string, Tensor>();
  for (const { name, type, shape, begin } of entries) {
    const view = new DataView(data.buffer, data.byteOffset + dataStart + begin);
    tensors.set(name, { shape, data: type.read(view, shape.reduce((product, extent) => product * extent, 1)) });
  }
  const order = metadata.get(ORDER)?.split("\n") ?? [];
  const ordered = new Map<string, Tensor>();
  for (const name of [...order, ...tensors.keys()]) {
    const tensor = tensors.get(name);
    if (tensor) ordered.set(name, tensor);
  }
  return ordered;
}

/** The texts that a safetensors file carries beside its tensors. */
export function safetensorsMetadata(bytes: ArrayBuffer | Uint8Array): Map<string, string> {
  const metadata = new Map(parseHeader(toBytes(bytes)).metadata);
  metadata.delete(ORDER);
  return metadata;
}

/** A safetensors file of these tensors, readable by any implementation; `metadata` are texts kept beside them. */
export function toSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  // Wider types first keeps every tensor aligned, as the reference writer does; names order equals.
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (nameA < nameB ? -1 : 1),
  );
  const fields: [string, unknown][] = [["__metadata__", { ...metadata, [ORDER]: [...tensors.keys()].join("\n") }]];
  let end = 0;
  for (const [name, { shape, data }] of sorted) {
    fields.push([name, { dtype: typeName(data), shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  const json = `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  const header = new TextEncoder().encode(json);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, 8);
  let offset = 8 + headerBytes;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}
