/**
 * The one place that reads the numbers a page gives as images: for data sets, `predict`, `trainOnBatch`, `inspect`, `draw`
 * and classifiers alike. Bytes are pixels 0–255 and become 0…1; all other numbers are taken as they are, as 32-bit floats.
 */

import { ArgumentError } from "../core/errors.ts";
import { tagOf } from "../core/facts.ts";
import { describeValue } from "../core/options.ts";
import type { TypedArray } from "../core/tensor.ts";
import { insteadOf, insteadOfEntry } from "./instead.ts";

/**
 * Values of images. A `Uint8Array` or `Uint8ClampedArray` holds pixels 0–255, which become 0…1; any other typed array of
 * numbers, and a list of numbers, is taken as it is, as 32-bit floats.
 */
export type ImageBatch = TypedArray | readonly number[];

const BYTES = /^Uint8(Clamped)?Array$/;
const NUMBERS = /^(Float(16|32|64)|Int(8|16|32)|Uint(16|32))Array$/;

/** By its name, since a typed array of another window is no instance of this one's class. */
function isTypedArray(value: unknown, names: RegExp): value is TypedArray {
  return ArrayBuffer.isView(value) && names.test(tagOf(value));
}

/** Whether something is an array of bytes, which count as pixels. */
export function isBytes(value: unknown): value is Uint8Array | Uint8ClampedArray {
  return isTypedArray(value, BYTES);
}

/** The error that names what was given in the place of numbers, and says what to give. */
export function refused(what: string, value: unknown, instead: string | null = null): ArgumentError {
  return new ArgumentError(`${what}: got ${describeValue(value)}; ${insteadOf(value, instead)}.`);
}

/**
 * Numbers given as a typed array or a list: bytes as a `Uint8Array`, all others as a `Float32Array`, each without a copy
 * where it is one already. `what` names them in messages. Throws `ArgumentError`, which says what to give, for all else.
 */
export function bytesOrFloats(what: string, given: unknown): Uint8Array | Float32Array {
  if (given instanceof Float32Array || given instanceof Uint8Array) return given;
  if (isBytes(given)) return new Uint8Array(given.buffer, given.byteOffset, given.length);
  if (isTypedArray(given, NUMBERS)) return new Float32Array(given);
  if (!Array.isArray(given)) throw refused(what, given);
  const floats = new Float32Array(given.length);
  for (let index = 0; index < given.length; index++) {
    const value: unknown = given[index];
    if (typeof value !== "number") {
      throw new ArgumentError(`${what}, entry ${index}: got ${describeValue(value)}; ${insteadOfEntry(value)}.`);
    }
    floats[index] = value;
  }
  return floats;
}

/**
 * Targets, numbers that a model's outputs are held against, as floats; the same array where it holds these already. Throws
 * `ArgumentError` for bytes beyond 1: nobody says whether they are numbers to be learnt or pixels, which go in as 0…1.
 */
export function readTargets(what: string, given: unknown): Float32Array {
  const values = bytesOrFloats(what, given);
  if (values instanceof Float32Array) return values;
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  if (most <= 1) return Float32Array.from(values);
  throw new ArgumentError(
    `${what}: got bytes up to ${most}; write Float32Array.from(bytes, (value) => value / 255) for pictures, which become ` +
      "0 to 1 as images do, or Float32Array.from(bytes) for the numbers as they are.",
  );
}

/**
 * The values that a model sees: a copy, bytes divided by 255. Throws `ArgumentError` for what holds no numbers.
 */
export function readImages(what: string, given: unknown): Float32Array {
  const values = bytesOrFloats(what, given);
  if (values instanceof Uint8Array) return Float32Array.from(values, (value) => value / 255);
  return values === given ? values.slice() : values;
}
