import { FormatError } from "../../core/errors.ts";

/** Headers, nodes and heaps that are looked at: circles end there. */
export const MOST_VISITS = 100_000;

/** The bytes of a file, none of which is read beyond its end. */
export class Hdf5Bytes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #visits = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(problem: string): never {
    throw new FormatError(`HDF5: ${problem}; the file is damaged, or of a kind that is not read.`);
  }

  /** Counts a part that is looked at, `size` bytes long. */
  visit(at: number, size: number): number {
    if (++this.#visits > MOST_VISITS) this.fail("its parts refer to each other without an end");
    return this.checked(at, size);
  }

  checked(at: number, size: number): number {
    if (!(at >= 0 && size >= 0 && at + size <= this.bytes.length)) this.fail("a part of it lies beyond its end");
    return at;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.checked(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.checked(at, 2), true);
  }

  u32(at: number): number {
    return this.#view.getUint32(this.checked(at, 4), true);
  }

  /** An address or a length; −1 is none. */
  u64(at: number): number {
    const [low, high] = [this.u32(at), this.u32(at + 4)];
    if (low === 0xffffffff && high === 0xffffffff) return -1;
    const value = high * 2 ** 32 + low;
    return Number.isSafeInteger(value) ? value : this.fail("an address is beyond any file");
  }

  /** A whole number of 1, 2, 4 or 8 bytes. */
  unsigned(at: number, size: number): number {
    if (size === 8) return this.u64(at);
    return size === 1 ? this.u8(at) : size === 2 ? this.u16(at) : this.u32(at);
  }

  is(at: number, signature: string): boolean {
    return this.text(at, signature.length) === signature;
  }

  expect(at: number, signature: string): void {
    if (!this.is(at, signature)) this.fail(`there is no ${signature} where one is said to be`);
  }

  /** Letters of one byte each. */
  text(at: number, size: number): string {
    this.checked(at, size);
    return String.fromCharCode(...this.bytes.subarray(at, at + Math.min(size, 64)));
  }

  slice(at: number, size: number): Uint8Array {
    return this.bytes.slice(this.checked(at, size), at + size);
  }

  /** A text that ends in a zero. */
  zeroEnded(at: number): string {
    let end = this.checked(at, 1);
    while (this.u8(end) !== 0) end++;
    return decode(this.bytes.slice(at, end));
  }
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A message of an object's header: its type, and where its data are. */
export interface Message {
  readonly type: number;
  readonly at: number;
  readonly size: number;
}
