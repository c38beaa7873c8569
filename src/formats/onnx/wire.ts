/** Protocol Buffers' wire format, as far as ONNX files need it. Source: protobuf.dev/programming-guides/encoding. */
import { FormatError } from "../../core/errors.ts";

/** What follows a field's number: a whole number, or bytes. */
export interface Field {
  readonly number: number;
  /** 0: varint, 1: eight bytes, 2: a length and so many bytes, 5: four bytes. */
  readonly type: number;
  /** Of a varint, as 64 bits with a sign. */
  readonly value: bigint;
  /** Of the other types. */
  readonly bytes: Uint8Array;
}

const NONE = new Uint8Array(0);
const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function cutOff(what: string): never {
  throw new FormatError(`ONNX: ${what} is cut off or damaged; fetch the file again.`);
}

/** Whole numbers one behind the other. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  /** Where the next one begins. */
  offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get isAtEnd(): boolean {
    return this.offset >= this.#bytes.length;
  }

  /** The next one, as 64 bits with a sign. */
  next(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.offset++];
      if (byte === undefined) cutOff(this.#what);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    return cutOff(this.#what);
  }

  /** So many bytes, a view of the file. */
  take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.offset) cutOff(this.#what);
    this.offset += count;
    return this.#bytes.subarray(this.offset - count, this.offset);
  }
}

/** The fields of a message, in their order; `what` names it in errors. No length is believed beyond the bytes present. */
export function* fieldsOf(bytes: Uint8Array, what: string): Generator<Field> {
  const reader = new VarintReader(bytes, what);
  while (!reader.isAtEnd) {
    const key = reader.next();
    const [number, type] = [Number(key >> 3n), Number(key & 7n)];
    if (number < 1) cutOff(what);
    if (type === 0) {
      yield { number, type, value: reader.next(), bytes: NONE };
      continue;
    }
    const fixed = FIXED_BYTES[type];
    if (fixed === undefined && type !== 2) cutOff(what);
    const length = fixed ?? Number(reader.next());
    if (length < 0) cutOff(what);
    yield { number, type, value: 0n, bytes: reader.take(length) };
  }
}

/** Bytes of a field that must have some. */
export function bytesOf({ type, bytes }: Field, what: string): Uint8Array {
  return type === 2 ? bytes : cutOff(what);
}

/** A field's text. */
export function textOf(field: Field, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(field, what).slice());
  } catch {
    return cutOff(what);
  }
}

/** A field's whole number; ONNX' own are far below 2⁵³, and what is above is clamped by whoever reads it. */
export function numberOf({ type, value }: Field, what: string): number {
  return type === 0 ? Number(value) : cutOff(what);
}

/** Whole numbers of a repeated field, which may be packed into one. */
export function numbersOf(field: Field, what: string): number[] {
  if (field.type === 0) return [Number(field.value)];
  const reader = new VarintReader(bytesOf(field, what), what);
  const numbers: number[] = [];
  while (!reader.isAtEnd) numbers.push(Number(reader.next()));
  return numbers;
}

/** Floats of four or eight bytes of a repeated field, which may be packed into one. */
export function floatsOf({ bytes }: Field, size: 4 | 8, what: string): number[] {
  if (bytes.length % size !== 0) cutOff(what);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / size }, (_, index) =>
    size === 4 ? view.getFloat32(4 * index, true) : view.getFloat64(8 * index, true),
  );
}
