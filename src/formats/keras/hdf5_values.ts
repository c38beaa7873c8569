/** What HDF5 objects hold: texts and numbers (HDF5 File Format Specification 3.0, section IV.A.2). */
import { sizeOf } from "../../core/shape.ts";
import { decode, type Hdf5Bytes, type Message } from "./hdf5_bytes.ts";
import { inflate } from "./inflate.ts";

/** An attribute's value: texts, or numbers. */
export type Value = { readonly texts: readonly string[] } | { readonly numbers: readonly number[] };

/** What a dataset holds. */
export interface Dataset {
  readonly shape: readonly number[];
  /** Its values as f32. */
  read(): Float32Array;
}

/** Axes of an array at most. */
const MOST_AXES = 32;

/** Section IV.A.2.b. [] is a single value; an empty space has an extent of 0. */
function shapeAt(file: Hdf5Bytes, at: number): number[] {
  const [version, rank] = [file.u8(at), file.u8(at + 1)];
  if (rank > MOST_AXES || version < 1 || version > 2) file.fail("an array has a shape of an unknown kind");
  if (version === 2 && file.u8(at + 3) === 2) return [0];
  const begin = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, axis) => file.u64(begin + 8 * axis));
}

/** Section IV.A.2.d, as far as it is needed. */
interface Type {
  readonly kind: "float" | "int" | "uint" | "text" | "texts" | "other";
  readonly size: number;
}

function typeAt(file: Hdf5Bytes, at: number): Type {
  const [kind, bits, size] = [file.u8(at) & 15, file.u8(at + 1), file.u32(at + 4)];
  if (kind <= 1 && bits & 1) file.fail("its numbers are big-endian");
  if (kind === 0 && [1, 2, 4, 8].includes(size)) return { kind: bits & 8 ? "int" : "uint", size };
  // An f16 has five bits of exponent; a bf16 has eight.
  const isFloat = kind === 1 && ((size === 2 && file.u8(at + 13) === 5) || size === 4 || size === 8);
  if (isFloat) return { kind: "float", size };
  if (kind === 3) return { kind: "text", size };
  if (kind === 9 && (bits & 15) === 1) return { kind: "texts", size };
  return { kind: "other", size };
}

/** A text of variable length lies in a heap of them (section III.E). */
function heapText(file: Hdf5Bytes, at: number): string {
  const [length, collection, index] = [file.u32(at), file.u64(at + 4), file.u32(at + 12)];
  if (length === 0 || collection <= 0) return "";
  file.expect(file.visit(collection, 16), "GCOL");
  const end = collection + file.u64(collection + 8);
  for (let entry = collection + 16; entry + 16 <= end; ) {
    const [own, size] = [file.u16(entry), file.u64(entry + 8)];
    if (own === index) return decode(file.slice(entry + 16, Math.min(length, size)));
    if (own === 0 || size < 0) break;
    entry += 16 + Math.ceil(size / 8) * 8;
  }
  return file.fail("a text is not where it is said to be");
}

/** A text of fixed length ends at its first zero. */
function fixedText(file: Hdf5Bytes, at: number, size: number): string {
  const bytes = file.slice(at, size);
  const end = bytes.indexOf(0);
  return decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function numberIn(view: DataView, at: number, { kind, size }: Type): number {
  if (kind === "float")
    return size === 4
      ? view.getFloat32(at, true)
      : size === 8
        ? view.getFloat64(at, true)
        : half(view.getUint16(at, true));
  if (kind === "int") {
    if (size === 8) return Number(view.getBigInt64(at, true));
    return size === 4 ? view.getInt32(at, true) : size === 2 ? view.getInt16(at, true) : view.getInt8(at);
  }
  if (size === 8) return Number(view.getBigUint64(at, true));
  return size === 4 ? view.getUint32(at, true) : size === 2 ? view.getUint16(at, true) : view.getUint8(at);
}

const NUMBERS: readonly string[] = ["float", "int", "uint"];

const aligned = (size: number): number => Math.ceil(size / 8) * 8;

/** Section IV.A.2.m: an attribute's value, if it has this name. */
export function attributeOf(file: Hdf5Bytes, at: number, wanted: string): Value | undefined {
  const version = file.u8(at);
  if (version < 1 || version > 3) file.fail("an attribute is of an unknown version");
  const sizes = [file.u16(at + 2), file.u16(at + 4), file.u16(at + 6)].map((size) =>
    version === 1 ? aligned(size) : size,
  );
  const [nameSize = 0, typeSize = 0, shapeSize = 0] = sizes;
  const name = at + (version === 3 ? 9 : 8);
  if (fixedText(file, name, nameSize) !== wanted) return undefined;
  if (version > 1 && file.u8(at + 1) !== 0) file.fail(`the attribute ${wanted} shares its type with others`);
  const type = typeAt(file, name + nameSize);
  const count = sizeOf(shapeAt(file, name + nameSize + typeSize));
  const data = name + nameSize + typeSize + shapeSize;
  // Sizes are held against the file before anything is made of that many.
  file.checked(data, count * type.size);
  const each = <T>(read: (place: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => read(data + index * type.size));
  if (type.kind === "text") return { texts: each((place) => fixedText(file, place, type.size)) };
  if (type.kind === "texts") return { texts: each((place) => heapText(file, place)) };
  if (!NUMBERS.includes(type.kind)) return undefined;
  const view = new DataView(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength);
  return { numbers: each((place) => numberIn(view, place, type)) };
}

/** How a dataset's chunks are packed: the numbers of the filters, in the order in which they were applied (section IV.A.2.l). */
function filtersOf(file: Hdf5Bytes, messages: readonly Message[]): number[] {
  const message = messages.find(({ type }) => type === 0x0b);
  if (message === undefined) return [];
  const { at } = message;
  const [version, count] = [file.u8(at), file.u8(at + 1)];
  let next = at + (version === 1 ? 8 : 2);
  return Array.from({ length: Math.min(count, 32) }, () => {
    const filter = file.u16(next);
    const hasName = version === 1 || filter >= 256;
    const nameSize = hasName ? file.u16(next + 2) : 0;
    next += hasName ? 4 : 2;
    const values = file.u16(next + 2);
    next +=
      4 + (version === 1 ? aligned(nameSize) : nameSize) + 4 * values + (version === 1 && values % 2 === 1 ? 4 : 0);
    return filter;
  });
}

/** A dataset's bytes, as one array. */
function storedBytes(
  file: Hdf5Bytes,
  messages: readonly Message[],
  shape: readonly number[],
  size: number,
): Uint8Array {
  const layout = messages.find(({ type }) => type === 8);
  if (layout === undefined) file.fail("a dataset has no bytes");
  const { at } = layout;
  const [version, kind] = [file.u8(at), file.u8(at + 1)];
  const bytes = sizeOf(shape) * size;
  if (version !== 3 && !(version === 4 && kind < 2)) file.fail("a dataset lies in the file in a way that is not read");
  if (kind === 0) return file.slice(at + 4, bytes);
  const address = file.u64(at + 2);
  if (kind === 1) {
    if (address < 0 && bytes > 0) file.fail("a dataset was never written");
    return bytes === 0 ? new Uint8Array() : file.slice(address, bytes);
  }
  if (kind !== 2) file.fail("a dataset lies in the file in a way that is not read");
  return chunkedBytes(file, messages, { at, shape, size });
}

/** Section III.A.1: chunks, each at its place, found through a tree. */
function chunkedBytes(
  file: Hdf5Bytes,
  messages: readonly Message[],
  { at, shape, size }: { at: number; shape: readonly number[]; size: number },
): Uint8Array {
  const rank = file.u8(at + 2) - 1;
  if (rank !== shape.length) file.fail("a dataset's chunks have other axes than it has");
  const chunk = shape.map((_, axis) => file.u32(at + 11 + 4 * axis));
  const whole = sizeOf(shape) * size;
  const chunkSize = sizeOf(chunk) * size;
  // What is compressed shrinks by no more than 1,032.
  if (
    !(whole <= 1032 * file.bytes.length && chunkSize > 0 && chunkSize <= 1032 * file.bytes.length) ||
    whole > 8 * file.bytes.length + 2 ** 24
  ) {
    file.fail("a dataset is said to be larger than the file can hold");
  }
  const filters = filtersOf(file, messages);
  const other = filters.find((filter) => filter !== 1 && filter !== 2);
  if (other !== undefined) file.fail(`a dataset is packed by filter ${other}`);
  const result = new Uint8Array(whole);
  const open = [file.u64(at + 3)];
  let unpacked = 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node < 0) continue;
    file.expect(file.visit(node, 24), "TREE");
    const [level, count] = [file.u8(node + 5), file.u16(node + 6)];
    const keySize = 8 + 8 * (rank + 1);
    for (let place = 0; place < count; place++) {
      const key = node + 24 + place * (keySize + 8);
      const child = file.u64(key + keySize);
      if (level > 0) {
        open.push(child);
        continue;
      }
      unpacked += chunkSize;
      if (unpacked > 4 * whole + 2 ** 24) file.fail("a dataset has more chunks than it has room for");
      const packed = file.slice(child, file.u32(key));
      const offsets = shape.map((_, axis) => file.u64(key + 8 + 8 * axis));
      putChunk(result, unpackedChunk(packed, chunkSize, filters, size), { shape, chunk, offsets, size });
    }
  }
  return result;
}

function unpackedChunk(packed: Uint8Array, chunkSize: number, filters: readonly number[], size: number): Uint8Array {
  let bytes = packed;
  for (const filter of [...filters].reverse()) {
    // Two bytes of zlib's before deflate, four of its checksum behind.
    if (filter === 1) bytes = inflate(bytes.subarray(2), chunkSize, "HDF5");
    else bytes = unshuffled(bytes, size);
  }
  return bytes;
}

/** First all first bytes of the values, then all second ones … */
function unshuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const result = new Uint8Array(bytes.length);
  for (let value = 0; value < count; value++) {
    for (let byte = 0; byte < size; byte++) result[value * size + byte] = bytes[byte * count + value] ?? 0;
  }
  return result;
}

/** Puts a chunk where it belongs; what of it lies beyond the array is left out. */
function putChunk(
  result: Uint8Array,
  bytes: Uint8Array,
  {
    shape,
    chunk,
    offsets,
    size,
  }: { shape: readonly number[]; chunk: readonly number[]; offsets: readonly number[]; size: number },
): void {
  const count = sizeOf(chunk);
  for (let value = 0; value < count; value++) {
    let [rest, target, stride, isInside] = [value, 0, 1, true];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = chunk[axis] ?? 1;
      const place = (rest % extent) + (offsets[axis] ?? 0);
      rest = Math.floor(rest / extent);
      if (place >= (shape[axis] ?? 0)) isInside = false;
      target += place * stride;
      stride *= shape[axis] ?? 1;
    }
    if (isInside) result.set(bytes.subarray(value * size, (value + 1) * size), target * size);
  }
}

/** A dataset of numbers. */
export function datasetOf(file: Hdf5Bytes, messages: readonly Message[]): Dataset | undefined {
  const [space, typed] = [1, 3].map((wanted) => messages.find(({ type }) => type === wanted));
  if (space === undefined || typed === undefined) file.fail("a dataset has no shape or no type");
  const shape = shapeAt(file, space.at);
  const type = typeAt(file, typed.at);
  if (!NUMBERS.includes(type.kind)) return undefined;
  return {
    shape,
    read() {
      const bytes = storedBytes(file, messages, shape, type.size);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const count = sizeOf(shape);
      if (bytes.length < count * type.size) file.fail("a dataset has fewer bytes than values");
      const values = new Float32Array(count);
      for (let place = 0; place < count; place++) values[place] = numberIn(view, place * type.size, type);
      return values;
    },
  };
}
