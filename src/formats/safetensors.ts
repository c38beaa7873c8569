/** The safetensors format: an 8-byte length, a JSON header, then the bytes of the tensors. Source: huggingface/safetensors, README, "Format". */
import { FormatError } from "../core/errors.ts";
import { fileHint, firstBytes } from "../core/foreign_file.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";
import { entriesOf, parseStrictJson } from "./strict_json.ts";

/** The reference implementation's own limit (`MAX_HEADER_SIZE` in safetensors/src/tensor.rs). */
const MOST_HEADER_BYTES = 100_000_000;
export const MOST_AXES = 8;
/** Every tensor takes some hundred bytes of memory beside its values, however few of the file's it takes. */
const MOST_TENSORS = 50_000;
/** Header → tensor or metadata → shape, offsets: an honest header is three deep. */
const MOST_DEPTH = 4;

/** What to do about a file whose parts contradict each other. */
const REWRITE = "its writer is at fault or it was damaged: save or download it again";

interface StoredType {
  /** Bytes of one element in the file. */
  readonly bytes: number;
  /** `count` elements from the start of `view`, little-endian; `name` is for messages. */
  read(view: DataView, count: number, name: string): TypedArray;
}

/** Types that a typed array holds as they are. Typed arrays are little-endian wherever there is WebGPU. */
function typed<T extends TypedArray>(make: (buffer: ArrayBuffer) => T, bytes: number): StoredType {
  return {
    bytes,
    // A copy: the file's bytes need not be aligned, and the caller may throw the file away.
    read: (view, count) => make(new Uint8Array(view.buffer, view.byteOffset, count * bytes).slice().buffer),
  };
}

/** Types that become floats, one element at a time. */
function converted<T extends Float32Array | Float64Array>(
  make: (count: number) => T,
  bytes: number,
  convert: (view: DataView, offset: number, name: string) => number,
): StoredType {
  return {
    bytes,
    read: (view, count, name) => {
      const values = make(count);
      for (let index = 0; index < count; index++) values[index] = convert(view, index * bytes, name);
      return values;
    },
  };
}

/** A 64-bit whole number as a float, or an error where a float would change it. */
function exactNumber(value: bigint, name: string): number {
  const rounded = Number(value);
  if (!Number.isSafeInteger(rounded)) {
    throw new FormatError(
      `safetensors: tensor ${shown(name)} holds ${value}, which a float64 cannot hold exactly; save it as I32 or F64.`,
    );
  }
  return rounded;
}

/** IEEE half precision to f32. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const STORED_TYPES: Readonly<Record<string, StoredType>> = {
  F64: typed((buffer) => new Float64Array(buffer), 8),
  F32: typed((buffer) => new Float32Array(buffer), 4),
  I32: typed((buffer) => new Int32Array(buffer), 4),
  U32: typed((buffer) => new Uint32Array(buffer), 4),
  I16: typed((buffer) => new Int16Array(buffer), 2),
  U16: typed((buffer) => new Uint16Array(buffer), 2),
  I8: typed((buffer) => new Int8Array(buffer), 1),
  U8: typed((buffer) => new Uint8Array(buffer), 1),
  BOOL: typed((buffer) => new Uint8Array(buffer), 1),
  F16: converted(
    (count) => new Float32Array(count),
    2,
    (view, offset) => fromHalf(view.getUint16(offset, true)),
  ),
  BF16: {
    bytes: 2,
    read: (view, count) => {
      // A bfloat16 is the upper half of an f32.
      const bits = new Uint32Array(count);
      for (let index = 0; index < count; index++) bits[index] = view.getUint16(2 * index, true) << 16;
      return new Float32Array(bits.buffer);
    },
  },
  // PyTorch saves every batch norm's num_batches_tracked as I64, so these load as floats rather than fail.
  I64: converted(
    (count) => new Float64Array(count),
    8,
    (view, at, name) => exactNumber(view.getBigInt64(at, true), name),
  ),
  U64: converted(
    (count) => new Float64Array(count),
    8,
    (view, at, name) => exactNumber(view.getBigUint64(at, true), name),
  ),
};

interface Entry {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: number[];
  readonly count: number;
  /** Where its bytes begin and end, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** What a file says of itself before its tensors. */
export interface Header {
  /** In the order of their bytes. */
  readonly entries: readonly Entry[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the tensors' bytes start in the file. */
  readonly dataStart: number;
}

/** A name in a message: as JSON writes it, and no longer than a line. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

/** Whole numbers from 0 to 2⁵³ − 1, or `undefined` when the value is anything else. */
function asCounts(value: unknown): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const counts: number[] = [];
  for (const item of value) {
    if (typeof item !== "number" || !Number.isSafeInteger(item) || item < 0 || Object.is(item, -0)) return undefined;
    counts.push(item);
  }
  return counts;
}

/** The product, or `undefined` as soon as it passes 2⁵³ − 1: a later zero does not excuse an overflow. */
function checkedProduct(factors: readonly number[]): number | undefined {
  let product = 1;
  for (const factor of factors) {
    product *= factor;
    if (!Number.isSafeInteger(product)) return undefined;
  }
  return product;
}

function parseEntry(name: string, value: unknown): Entry {
  const fields = entriesOf(value) ?? new Map<string, unknown>();
  const dtype = fields.get("dtype");
  const type = typeof dtype === "string" && Object.hasOwn(STORED_TYPES, dtype) ? STORED_TYPES[dtype] : undefined;
  if (type === undefined) {
    const found = typeof dtype === "string" ? shown(dtype) : dtype === undefined ? "missing" : "no text";
    throw new FormatError(
      `safetensors: tensor ${shown(name)}: its dtype is ${found}; supported are ${Object.keys(STORED_TYPES).join(", ")}.`,
    );
  }
  const shape = asCounts(fields.get("shape"));
  if (shape === undefined || shape.length > MOST_AXES) {
    throw new FormatError(`safetensors: tensor ${shown(name)}: its shape must be at most ${MOST_AXES} whole numbers.`);
  }
  const [begin, end, ...rest] = asCounts(fields.get("data_offsets")) ?? [];
  if (begin === undefined || end === undefined || rest.length > 0 || end < begin) {
    throw new FormatError(
      `safetensors: tensor ${shown(name)}: its data_offsets must be whole numbers [begin, end] with begin ≤ end.`,
    );
  }
  const count = checkedProduct(shape);
  const bytes = checkedProduct([...shape, type.bytes]);
  if (count === undefined || bytes !== end - begin) {
    throw new FormatError(
      `safetensors: tensor ${shown(name)} ${formatShape(shape)} of ${dtype} takes ${bytes ?? "too many"} bytes, its ` +
        `data_offsets give ${end - begin}; ${REWRITE}.`,
    );
  }
  return { name, type, shape, count, begin, end };
}

function parseMetadata(value: unknown): Map<string, string> {
  const entries = entriesOf(value);
  if (entries === undefined) throw new FormatError("safetensors: __metadata__ must be an object of texts.");
  const metadata = new Map<string, string>();
  for (const [key, text] of entries) {
    if (typeof text !== "string") {
      throw new FormatError(`safetensors: __metadata__ ${shown(key)} is not a text; write it as one, numbers too.`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

/** The header's text. Its length is compared with the bytes present before anything is read or allocated. */
function headerText(bytes: Uint8Array): { text: string; dataStart: number } {
  const start = firstBytes(bytes);
  if (bytes.length < 8) {
    throw new FormatError(
      `safetensors: ${bytes.length} bytes are too few; ${fileHint(start, "the file is cut off or foreign")}.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const claimed = view.getBigUint64(0, true);
  if (claimed > MOST_HEADER_BYTES) {
    throw new FormatError(
      `safetensors: the header claims ${claimed} bytes, more than ${MOST_HEADER_BYTES}; ${fileHint(start, "this is another format")}.`,
    );
  }
  const length = Number(claimed);
  if (8 + length > bytes.length) {
    throw new FormatError(
      `safetensors: the header claims ${length} bytes, the file has ${bytes.length}; ${fileHint(start, "it is cut off or foreign")}.`,
    );
  }
  try {
    // A copy, because a TextDecoder takes no view of shared memory.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.slice(8, 8 + length));
    return { text, dataStart: 8 + length };
  } catch (cause) {
    throw new FormatError(
      `safetensors: the header is not UTF-8; ${fileHint(start, "the file is damaged or of another format")}.`,
      { cause },
    );
  }
}

/** Reads a file's header, and holds it against the bytes that are there. */
export function parseHeader(bytes: Uint8Array): Header {
  const { text, dataStart } = headerText(bytes);
  const header = entriesOf(parseStrictJson(text, "safetensors: the header", MOST_DEPTH));
  if (header === undefined) {
    throw new FormatError("safetensors: the header is no JSON object; this is another format.");
  }
  let metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of header) {
    // The reference reader takes `null` for "no metadata".
    if (name === "__metadata__") metadata = value === null ? metadata : parseMetadata(value);
    else entries.push(parseEntry(name, value));
  }
  if (entries.length > MOST_TENSORS) {
    throw new FormatError(`safetensors: ${entries.length} tensors; at most ${MOST_TENSORS} are read.`);
  }
  // Stable, so that empty tensors, which share an offset, keep the header's order.
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      const problem = entry.begin < end ? "overlaps the one before" : "leaves a hole before it";
      throw new FormatError(
        `safetensors: tensor ${shown(entry.name)} ${problem}: it begins at byte ${entry.begin}, the last one ends at ` +
          `${end}; ${REWRITE}.`,
      );
    }
    end = entry.end;
  }
  if (dataStart + end !== bytes.length) {
    throw new FormatError(
      `safetensors: the tensors take ${end} bytes, the file has ${bytes.length - dataStart} for them; it is cut off or has bytes left over.`,
    );
  }
  return { entries, metadata, dataStart };
}

/** Name of the metadata entry that keeps the order of a map's entries (a JSON array), where the bytes lie in another. */
export const ORDER = "corteza.order";

function toBytes(bytes: ArrayBuffer | Uint8Array): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
}

/** The names that `ORDER` lists. It only sorts: unknown names are skipped, and whatever it forgets comes last. */
function storedOrder(metadata: ReadonlyMap<string, string>): string[] {
  const text = metadata.get(ORDER);
  const names = text === undefined ? [] : parseStrictJson(text, `safetensors: metadata "${ORDER}"`, 1);
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

/**
 * The tensors of a safetensors file by name, in the order they were saved (for files by others: the order of their
 * bytes). F16 and BF16 become `Float32Array`, I64 and U64 `Float64Array`, BOOL `Uint8Array`; the rest keeps its type.
 * The arrays are copies.
 *
 * Throws `FormatError` for anything that the format forbids, for a type that is not supported, and for 64-bit whole
 * numbers beyond 2⁵³. No size that the file declares is believed before it was compared with the bytes present.
 *
 * Source: huggingface/safetensors, README, "Format", and the checks in safetensors/src/tensor.rs.
 */
export function loadSafetensors(bytes: ArrayBuffer | Uint8Array): Map<string, Tensor> {
  const data = toBytes(bytes);
  return tensorsOf(data, parseHeader(data));
}

/** The tensors of a file whose header was read. */
export function tensorsOf(data: Uint8Array, { entries, metadata, dataStart }: Header): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { name, type, shape, count, begin, end } of entries) {
    const view = new DataView(data.buffer, data.byteOffset + dataStart + begin, end - begin);
    tensors.set(name, { shape, data: type.read(view, count, name) });
  }
  const ordered = new Map<string, Tensor>();
  for (const name of [...storedOrder(metadata), ...tensors.keys()]) {
    const tensor = tensors.get(name);
    if (tensor) ordered.set(name, tensor);
  }
  return ordered;
}

/** The texts that a safetensors file carries beside its tensors. Throws `FormatError` as `loadSafetensors` does. */
export function safetensorsMetadata(bytes: ArrayBuffer | Uint8Array): Map<string, string> {
  const metadata = new Map(parseHeader(toBytes(bytes)).metadata);
  metadata.delete(ORDER);
  return metadata;
}
