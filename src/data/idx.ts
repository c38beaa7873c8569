import { FormatError } from "../core/errors.ts";
import { fileHint, firstBytes } from "../core/foreign_file.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { DOWNLOAD, type DownloadOptions, download } from "./download.ts";
import { type Bytes, toUint8Array } from "./gunzip.ts";

export type { DownloadOptions } from "./download.ts";
export { type Bytes, gunzip } from "./gunzip.ts";

interface ElementType {
  readonly bytes: number;
  /** `count` big-endian elements from the start of `view`. */
  read(view: DataView, count: number): TypedArray;
}

function elements<T extends TypedArray>(
  bytes: number,
  make: (count: number) => T,
  get: (view: DataView, offset: number) => number,
): ElementType {
  return {
    bytes,
    read: (view, count) => {
      const values = make(count);
      for (let index = 0; index < count; index++) values[index] = get(view, index * bytes);
      return values;
    },
  };
}

/** Element types by the third byte of the file. Source: yann.lecun.com/exdb/mnist, "the IDX file format". */
const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { bytes: 1, read: (view, count) => new Uint8Array(view.buffer, view.byteOffset, count).slice() }],
  [0x09, { bytes: 1, read: (view, count) => new Int8Array(view.buffer, view.byteOffset, count).slice() }],
  [
    0x0b,
    elements(
      2,
      (count) => new Int16Array(count),
      (view, offset) => view.getInt16(offset),
    ),
  ],
  [
    0x0c,
    elements(
      4,
      (count) => new Int32Array(count),
      (view, offset) => view.getInt32(offset),
    ),
  ],
  [
    0x0d,
    elements(
      4,
      (count) => new Float32Array(count),
      (view, offset) => view.getFloat32(offset),
    ),
  ],
  [
    0x0e,
    elements(
      8,
      (count) => new Float64Array(count),
      (view, offset) => view.getFloat64(offset),
    ),
  ],
]);

const MOST_AXES = 8;

/**
 * A tensor from an IDX file. All six element types are read; the sizes it declares are compared with the bytes
 * present before anything is allocated. Throws `FormatError` for a foreign, truncated or overlong file; `what` names
 * the file in its message.
 */
export function parseIdx(bytes: Bytes, what = "IDX file"): Tensor {
  const data = toUint8Array(bytes);
  const [zero, alsoZero, code, rank] = data;
  if (zero !== 0 || alsoZero !== 0 || code === undefined || rank === undefined) {
    const wanted = "those start with two zero bytes, a type and a number of axes";
    throw new FormatError(`${what}: this is not an IDX file; ${fileHint(firstBytes(data), wanted)}.`);
  }
  const type = ELEMENT_TYPES.get(code);
  if (type === undefined) {
    throw new FormatError(`${what}: the IDX element type 0x${code.toString(16).padStart(2, "0")} does not exist.`);
  }
  const header = 4 + 4 * rank;
  if (rank < 1 || rank > MOST_AXES)
    throw new FormatError(`${what}: an IDX file has 1 to ${MOST_AXES} axes, this one says ${rank}.`);
  if (data.length < header)
    throw new FormatError(`${what}: the file is cut off after ${data.length} bytes, inside its header.`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // At most 8 axes of 2³²: the product stays far below Infinity, and inexact only where it is too large anyway.
  const count = shape.reduce((product, extent) => product * extent, 1);
  const expected = header + count * type.bytes;
  if (data.length !== expected) {
    const problem = data.length < expected ? "the file is cut off" : "the file has bytes left over";
    throw new FormatError(
      `${what}: ${problem}: ${formatShape(shape)} wants ${expected} bytes, there are ${data.length}.`,
    );
  }
  return {
    shape,
    data: type.read(new DataView(data.buffer, data.byteOffset + header, data.byteLength - header), count),
  };
}

function describe({ shape, data }: Tensor): string {
  return `${data.constructor.name} ${formatShape(shape)}`;
}

/** Columns of QMNIST's label files: the class, then who wrote the digit, where it lies and the like. */
const QMNIST_COLUMNS = 8;

/** The classes of a label file: bytes [count], or the first column of QMNIST's 32-bit numbers [count, 8]. */
function classesOf({ shape, data }: Tensor): Uint8Array | Int32Array | undefined {
  if (shape.length === 1 && data instanceof Uint8Array) return data;
  if (shape.length !== 2 || shape[1] !== QMNIST_COLUMNS || !(data instanceof Int32Array)) return undefined;
  return data.filter((_, place) => place % QMNIST_COLUMNS === 0);
}

/**
 * A data set from a pair of IDX files, as MNIST and its relatives come: images [count, height, width] or
 * [count, height, width, channels] of unsigned bytes, labels [count] of unsigned bytes, or QMNIST's [count, 8] of 32-bit
 * numbers, whose first column is the class. Throws `FormatError`, which says which of the two files is wrong and what was
 * found in it.
 */
export function idx(files: { images: Bytes; labels: Bytes }): Dataset {
  checkOptions("idx", files, { images: "any", labels: "any" });
  const images = parseIdx(files.images, "IDX image file");
  const labels = parseIdx(files.labels, "IDX label file");
  if (images.shape.length === 1 && labels.shape.length >= 3) {
    throw new FormatError("IDX files: images and labels are swapped.");
  }
  const [count, height, width, channels = 1] = images.shape;
  const pixels = images.data;
  if (height === undefined || width === undefined || images.shape.length > 4 || !(pixels instanceof Uint8Array)) {
    throw new FormatError(`IDX image file: wants unsigned bytes [count, height, width], found ${describe(images)}.`);
  }
  if (count === 0 || height === 0 || width === 0 || channels === 0) {
    throw new FormatError(`IDX image file: ${formatShape(images.shape)} holds no pixels.`);
  }
  const classes = classesOf(labels);
  if (classes === undefined) {
    throw new FormatError(`IDX label file: wants unsigned bytes [count], found ${describe(labels)}.`);
  }
  if (labels.shape[0] !== count) {
    throw new FormatError(`IDX files: ${count} images, but ${labels.shape[0]} labels; they do not belong together.`);
  }
  return dataset({ images: pixels, labels: classes, shape: [height, width, channels] });
}

/**
 * A data set from the addresses of two IDX files, gzip-compressed or not. With `cache` the files are kept for the
 * next visit, once they have proved good. Throws `FormatError` for files that are not what they should be,
 * `CortezaError` with the code "network" when they cannot be fetched, and the signal's reason when it aborts.
 */
export async function fetchIdx(
  urls: { images: string; labels: string },
  options: DownloadOptions = {},
): Promise<Dataset> {
  checkOptions("fetchIdx", urls, { images: "string", labels: "string" });
  checkOptions("fetchIdx", options, DOWNLOAD);
  const files = await download([urls.images, urls.labels], options);
  const [images, labels] = files.contents;
  try {
    const result = idx({ images: images ?? new Uint8Array(), labels: labels ?? new Uint8Array() });
    await files.keep();
    return result;
  } catch (error) {
    await files.forget();
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${error.message} (${urls.images}, ${urls.labels})`, { cause: error });
  }
}
