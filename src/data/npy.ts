/** NumPy's files: one array (.npy), or several in a zip archive (.npz). Nothing in them is trusted. */
import { ArgumentError, FormatError } from "../core/errors.ts";
import { foreignFile } from "../core/foreign_file.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { type Bytes, toUint8Array } from "./gunzip.ts";
import { Skipped } from "./pictures/source.ts";
import { unzip } from "./pictures/unzip.ts";
import { readEntries } from "./pictures/zip.ts";

/** Makes an array of elements that begin at the start of a view. */
interface Element {
  readonly bytes: number;
  make(count: number): TypedArray;
  get(view: DataView, at: number, littleEndian: boolean): number;
}

const element = (bytes: number, make: Element["make"], get: Element["get"]): Element => ({ bytes, make, get });

/** Elements by NumPy's letter and size. 64-bit integers are told apart from each other where they are read. */
const ELEMENTS: Readonly<Record<string, Element>> = {
  b1: element(
    1,
    (count) => new Uint8Array(count),
    (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
  ),
  u1: element(
    1,
    (count) => new Uint8Array(count),
    (view, at) => view.getUint8(at),
  ),
  i1: element(
    1,
    (count) => new Int8Array(count),
    (view, at) => view.getInt8(at),
  ),
  u2: element(
    2,
    (count) => new Uint16Array(count),
    (view, at, little) => view.getUint16(at, little),
  ),
  i2: element(
    2,
    (count) => new Int16Array(count),
    (view, at, little) => view.getInt16(at, little),
  ),
  u4: element(
    4,
    (count) => new Uint32Array(count),
    (view, at, little) => view.getUint32(at, little),
  ),
  i4: element(
    4,
    (count) => new Int32Array(count),
    (view, at, little) => view.getInt32(at, little),
  ),
  u8: element(
    8,
    (count) => new Float64Array(count),
    (view, at, little) => Number(view.getBigUint64(at, little)),
  ),
  i8: element(
    8,
    (count) => new Float64Array(count),
    (view, at, little) => Number(view.getBigInt64(at, little)),
  ),
  f2: element(
    2,
    (count) => new Float32Array(count),
    (view, at, little) => halfOf(view.getUint16(at, little)),
  ),
  f4: element(
    4,
    (count) => new Float32Array(count),
    (view, at, little) => view.getFloat32(at, little),
  ),
  f8: element(
    8,
    (count) => new Float64Array(count),
    (view, at, little) => view.getFloat64(at, little),
  ),
};

/** IEEE 754's binary16. */
function halfOf(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const MOST_AXES = 32;
const MAGIC = "\x93NUMPY";

interface Header {
  readonly element: Element;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: number[];
  /** Where the values begin. */
  readonly start: number;
}

type Fail = (what: string) => FormatError;

/** The header is a Python dictionary with three known keys (numpy.lib.format), which is all that is understood of it. */
function readHeader(data: Uint8Array, fail: Fail): Header {
  const text = (from: number, to: number) => String.fromCharCode(...data.subarray(from, to));
  if (text(0, 6) !== MAGIC) {
    throw fail(`is no NumPy array; ${foreignFile(data) ?? 'those begin with a byte 0x93 and the letters "NUMPY"'}`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const version = data[6] ?? 0;
  if (version < 1 || version > 3) throw fail(`has version ${version} of the format; 1 to 3 are read`);
  const lengthBytes = version === 1 ? 2 : 4;
  if (data.length < 8 + lengthBytes) throw fail("is cut off inside its header");
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = 8 + lengthBytes + length;
  if (data.length < start) throw fail("is cut off inside its header");
  // NumPy itself reads no longer ones.
  if (length > 10_000) throw fail(`has a header of ${length} bytes, as no array of numbers has`);
  const header = text(8 + lengthBytes, start);
  const [, order, kind] = /'descr'\s*:\s*'([<>|=]?)([a-zA-Z]\d+)'/.exec(header) ?? [];
  const [, fortran] = /'fortran_order'\s*:\s*(True|False)/.exec(header) ?? [];
  const [, extents] = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(header) ?? [];
  if (order === undefined || kind === undefined || fortran === undefined || extents === undefined) {
    const told = describeValue(header.trim());
    throw fail(`holds something else than numbers, or a damaged header (${told}); save it as array.astype("float32")`);
  }
  const element = Object.hasOwn(ELEMENTS, kind) ? ELEMENTS[kind] : undefined;
  if (element === undefined)
    throw fail(`holds elements of the type ${describeValue(kind)}; save it as array.astype("float32")`);
  const shape = extents.split(",").flatMap((extent) => (extent.trim() === "" ? [] : [Number(extent)]));
  if (shape.length > MOST_AXES || !shape.every(Number.isSafeInteger)) throw fail("has a shape that no array has");
  return { element, littleEndian: order !== ">", fortranOrder: fortran === "True", shape, start };
}

/**
 * An array from the bytes of a NumPy file (.npy): whole numbers, floats and booleans of any size and byte order, in the order of
 * C or of Fortran, which becomes that of C. 64-bit integers become an `Int32Array` where they fit, else a `Float64Array`; 16-bit
 * floats a `Float32Array`, booleans bytes 0 and 1. Sizes are compared with the bytes that are there before anything is allocated.
 * Throws `FormatError` for a foreign, truncated or overlong file, and for integers that floats do not hold; `what` names the file
 * in its message.
 */
export function parseNpy(bytes: Bytes, what = "NumPy file"): Tensor {
  const data = toUint8Array(bytes);
  const fail: Fail = (text) => new FormatError(`${what}: the file ${text}.`);
  const header = readHeader(data, fail);
  const { element, shape, start } = header;
  const count = sizeOf(shape);
  const expected = start + count * element.bytes;
  if (data.length !== expected) {
    const problem = data.length < expected ? "is cut off" : "has bytes left over";
    throw fail(`${problem}: ${formatShape(shape)} wants ${expected} bytes, there are ${data.length}`);
  }
  const view = new DataView(data.buffer, data.byteOffset + start, data.byteLength - start);
  const read = readElements(view, count, header, fail);
  return { shape, data: header.fortranOrder && shape.length > 1 ? inOrderOfC(read, shape) : read };
}

function readElements(view: DataView, count: number, { element, littleEndian }: Header, fail: Fail): TypedArray {
  const values = element.make(count);
  for (let index = 0; index < count; index++) values[index] = element.get(view, index * element.bytes, littleEndian);
  if (element !== ELEMENTS["i8"] && element !== ELEMENTS["u8"]) return values;
  let fits = true;
  for (let index = 0; index < count; index++) {
    const value = values[index] ?? 0;
    if (!Number.isSafeInteger(value))
      throw fail(`holds the integer ${value}, which is beyond what floats hold exactly`);
    fits &&= value === (value | 0);
  }
  return fits ? Int32Array.from(values) : values;
}

/** The first axis counts fastest in Fortran's order, the last one in C's. */
function inOrderOfC<T extends TypedArray>(values: T, shape: readonly number[]): T {
  const result = values.slice() as T;
  const steps = shape.map((_, axis) => shape.slice(0, axis).reduce((product, extent) => product * extent, 1));
  const place = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let index = 0; index < values.length; index++) {
    result[index] = values[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [extent, step] = [shape[axis] ?? 1, steps[axis] ?? 1];
      place[axis] = (place[axis] ?? 0) + 1;
      from += step;
      if ((place[axis] ?? 0) < extent) break;
      from -= extent * step;
      place[axis] = 0;
    }
  }
  return result;
}

/** More than a page holds, and what archives grow to that are made to do harm. */
const MOST_BYTES = 2 ** 31 - 1;
/** What deflate makes of zeros (zlib's documentation: 1032 to 1): more is a lie. */
const MOST_GROWTH = 1032;

/**
 * All arrays of a NumPy archive (.npz), stored or compressed, by their names without ".npy". Throws `FormatError` for an archive or
 * an array that is damaged, and where they would become larger than 2 GiB.
 */
export async function parseNpz(source: Bytes | Blob, what = "NumPy archive"): Promise<Map<string, Tensor>> {
  const archive = source instanceof Blob ? source : new Blob([toUint8Array(source).slice()]);
  const entries = (await readEntries(archive, what, "npz")).filter(({ name }) => name.endsWith(".npy"));
  if (entries.length === 0) throw new FormatError(`npz: the archive ${describeValue(what)} holds no array (.npy).`);
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MOST_BYTES)
    throw new FormatError(
      `npz: the arrays of ${describeValue(what)} hold ${total} bytes; at most ${MOST_BYTES} are read.`,
    );
  const arrays = new Map<string, Tensor>();
  for (const entry of entries) {
    const name = entry.name.slice(0, -".npy".length);
    const file = `npz: ${describeValue(entry.name)}`;
    if (entry.bytes > MOST_GROWTH * Math.max(1, entry.packedBytes)) {
      throw new FormatError(
        `${file} claims ${entry.bytes} bytes of ${entry.packedBytes}, which no compression makes; it may be made to do harm.`,
      );
    }
    try {
      arrays.set(name, parseNpy(await (await unzip(entry)).arrayBuffer(), file));
    } catch (cause) {
      if (!(cause instanceof Skipped)) throw cause;
      throw new FormatError(`${file}: ${cause.message}.`, { cause });
    }
  }
  return arrays;
}

/** Images and labels of one data set. */
function datasetOf(where: string, images: Tensor, labels: Tensor): Dataset {
  const [count, height, width, channels = 1] = images.shape;
  if (count === undefined || height === undefined || images.shape.length > 4 || sizeOf(images.shape) === 0) {
    throw new FormatError(
      `${where}: images must be [count, height, width], [count, height, width, channels] or [count, features], found ` +
        `${formatShape(images.shape)}.`,
    );
  }
  const [rows, columns = 1] = labels.shape;
  if (rows === undefined || labels.shape.length > 2 || columns !== 1) {
    throw new FormatError(`${where}: labels must be class indices [count], found ${formatShape(labels.shape)}.`);
  }
  if (rows !== count) {
    throw new FormatError(`${where}: ${count} images, but ${rows} labels; they do not belong together.`);
  }
  const shape = width === undefined ? [height] : [height, width, channels];
  return dataset({ images: images.data, labels: labels.data, shape });
}

/**
 * A data set from a pair of NumPy files (.npy): images [count, height, width] or [count, height, width, channels], or rows of numbers
 * [count, features]; labels [count] or [count, 1] of class indices. Bytes (uint8) are pixels 0–255, all other numbers are taken as they
 * are. Throws `FormatError` for files that are not what they should be, `ArgumentError` for labels that are no class indices.
 */
export function npy(files: { images: Bytes; labels: Bytes }): Dataset {
  checkOptions("npy", files, { images: "any", labels: "any" });
  return datasetOf("npy", parseNpy(files.images, "npy: images"), parseNpy(files.labels, "npy: labels"));
}

/** Names by which archives call images and labels. */
const USUAL = [
  ["images", "labels"],
  ["x_train", "y_train"],
  ["x", "y"],
  ["X", "y"],
  ["train_images", "train_labels"],
] as const;

/**
 * A data set from two arrays of a NumPy archive (.npz), as `npy` has it. `images` and `labels` are the arrays' names; by default
 * "images" and "labels", "x_train" and "y_train", or "x" and "y", whichever are there:
 *
 *     const train = await npz(file);
 *     const test = await npz(file, { images: "x_test", labels: "y_test" });
 *
 * Throws `FormatError` for a damaged archive, `ArgumentError` where it has no arrays of these names.
 */
export async function npz(source: Bytes | Blob, options: { images?: string; labels?: string } = {}): Promise<Dataset> {
  checkOptions("npz", options, { images: "string", labels: "string" });
  const arrays = await parseNpz(source);
  const [images, labels] = USUAL.find((pair) => pair.every((name) => arrays.has(name))) ?? USUAL[0];
  const arrayOf = (role: "images" | "labels", name: string) => {
    const found = arrays.get(name);
    if (found) return found;
    const names = [...arrays.keys()].slice(0, 8).map(describeValue).join(", ");
    throw new ArgumentError(
      `npz: there is no array ${describeValue(name)}; it has ${names}. Name one: npz(file, { ${role}: "…" }).`,
    );
  };
  return datasetOf("npz", arrayOf("images", options.images ?? images), arrayOf("labels", options.labels ?? labels));
}
