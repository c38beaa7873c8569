import { FormatError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";
import { type Dataset, dataset } from "./dataset.ts";

/** Element types of the IDX format (the third byte), with their sizes. Source: yann.lecun.com/exdb/mnist, "file formats". */
const TYPES: ReadonlyMap<number, { bytes: number; read(view: DataView, count: number): TypedArray }> = new Map([
  [0x08, { bytes: 1, read: (view, n) => new Uint8Array(view.buffer, view.byteOffset, n).slice() }],
  [0x09, { bytes: 1, read: (view, n) => new Int8Array(view.buffer, view.byteOffset, n).slice() }],
  [0x0b, { bytes: 2, read: (view, n) => Int16Array.from({ length: n }, (_, i) => view.getInt16(2 * i)) }],
  [0x0c, { bytes: 4, read: (view, n) => Int32Array.from({ length: n }, (_, i) => view.getInt32(4 * i)) }],
  [0x0d, { bytes: 4, read: (view, n) => Float32Array.from({ length: n }, (_, i) => view.getFloat32(4 * i)) }],
  [0x0e, { bytes: 8, read: (view, n) => Float64Array.from({ length: n }, (_, i) => view.getFloat64(8 * i)) }],
]);

export type Bytes = ArrayBuffer | Uint8Array;

function asUint8Array(bytes: Bytes): Uint8Array {
  return bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
}

/** A tensor from an IDX file (big-endian). Throws `FormatError`; `what` names the file in it. */
export function parseIdx(bytes: Bytes, what = "IDX file"): Tensor {
  const data = asUint8Array(bytes);
  if (data[0] === 0x1f && data[1] === 0x8b) {
    throw new FormatError(`${what}: this looks gzip-compressed; decompress it first, with gunzip().`);
  }
  if (data.length < 4 || data[0] !== 0 || data[1] !== 0) {
    throw new FormatError(`${what}: this is not an IDX file; those start with two zero bytes and have at least four.`);
  }
  const type = TYPES.get(data[2] ?? 0);
  if (type === undefined) {
    throw new FormatError(`${what}: IDX type 0x${(data[2] ?? 0).toString(16).padStart(2, "0")} does not exist.`);
  }
  const rank = data[3] ?? 0;
  const header = 4 + 4 * rank;
  if (rank < 1 || rank > 8 || data.length < header) {
    throw new FormatError(`${what}: the header of ${rank} sizes does not fit into ${data.length} bytes.`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = sizeOf(shape);
  const expected = header + count * type.bytes;
  if (!Number.isSafeInteger(expected) || data.length !== expected) {
    const problem = data.length < expected ? "is truncated" : "has bytes left over";
    throw new FormatError(`${what} ${problem}: ${formatShape(shape)} wants ${expected} bytes, there are ${data.length}.`);
  }
  return { shape, data: type.read(new DataView(data.buffer, data.byteOffset + header, data.byteLength - header), count) };
}

/**
 * A data set from a pair of IDX files: images [count, height, width] or [count, height, width, channels] of unsigned
 * bytes, labels [count]. Throws `FormatError` when one is not what it should be or the counts differ.
 */
export function idx(files: { images: Bytes; labels: Bytes }): Dataset {
  const images = parseIdx(files.images, "IDX image file");
  const labels = parseIdx(files.labels, "IDX label file");
  const [count, height, width, channels] = images.shape;
  const wrongImages = images.shape.length < 3 || images.shape.length > 4 || !(images.data instanceof Uint8Array);
  if (wrongImages || height === undefined || width === undefined) {
    throw new FormatError(
      `IDX image file: wants unsigned bytes [count, height, width], found ${images.data.constructor.name} ${formatShape(images.shape)}.`,
    );
  }
  if (labels.shape.length !== 1 || !(labels.data instanceof Uint8Array)) {
    throw new FormatError(
      `IDX label file: wants unsigned bytes [count], found ${labels.data.constructor.name} ${formatShape(labels.shape)}.`,
    );
  }
  if (labels.shape[0] !== count) {
    throw new FormatError(`IDX files: ${count} images, but ${labels.shape[0]} labels; they do not belong together.`);
  }
  return dataset({ images: images.data as Uint8Array, labels: labels.data, shape: [height, width, channels ?? 1] });
}

/** Decompresses gzip; bytes that are not gzip come back as they are. Throws `FormatError` when the stream is damaged. */
export async function gunzip(bytes: Bytes): Promise<Uint8Array> {
  const data = asUint8Array(bytes);
  if (data[0] !== 0x1f || data[1] !== 0x8b) return data;
  try {
    const stream = new Blob([data.slice()]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    throw new FormatError("gunzip: the gzip stream is damaged or cut off.", { cause });
  }
}

export interface FetchOptions {
  signal?: AbortSignal;
  /** Bytes that have come over the network, and how many there will be (0 when the server does not say). */
  onProgress?: (loadedBytes: number, totalBytes: number) => void;
  /** Name of a `caches` entry that keeps the files for the next visit. */
  cache?: string;
}

async function cachedResponse(url: string, options: FetchOptions): Promise<Response> {
  const cache = options.cache !== undefined && "caches" in globalThis ? await caches.open(options.cache).catch(() => undefined) : undefined;
  const known = await cache?.match(url);
  if (known) return known;
  const response = await fetch(url, options.signal ? { signal: options.signal } : {});
  if (!response.ok) throw new FormatError(`${url}: the server answered ${response.status} ${response.statusText}.`);
  // Keeping a copy is a courtesy; a full disk must not stop the training.
  await cache?.put(url, response.clone()).catch(() => undefined);
  return response;
}

async function fetchBytes(url: string, options: FetchOptions, note: (loaded: number, total: number) => void): Promise<Uint8Array> {
  const response = await cachedResponse(url, options);
  const total = Number(response.headers.get("content-length") ?? 0);
  const parts: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body?.getReader();
  if (reader === undefined) return gunzip(await response.arrayBuffer());
  for (;;) {
    options.signal?.throwIfAborted();
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    loaded += value.length;
    note(loaded, total);
  }
  const whole = new Uint8Array(loaded);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return gunzip(whole);
}

/** A data set from the addresses of two IDX files, gzip-compressed or not. */
export async function fetchIdx(urls: { images: string; labels: string }, options: FetchOptions = {}): Promise<Dataset> {
  const progress = new Map<string, [number, number]>();
  const load = (url: string) =>
    fetchBytes(url, options, (loaded, total) => {
      progress.set(url, [loaded, total]);
      const sum = (which: 0 | 1) => [...progress.values()].reduce((bytes, entry) => bytes + entry[which], 0);
      options.onProgress?.(sum(0), sum(1));
    });
  const [images, labels] = await Promise.all([load(urls.images), load(urls.labels)]);
  return idx({ images, labels });
}
