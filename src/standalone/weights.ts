/** What a network holds, as one text of a module. */
import { alignTo } from "../core/align_to.ts";
import type { DType, TypedArray } from "../core/tensor.ts";

/** One tensor: how it lies in the bytes ("h": 16-bit floats), where, and how many values it has. */
export type Part = readonly [type: "f" | "h" | "i" | "u" | "b", offset: number, count: number];

const TYPES = { f32: "f", i32: "i", u32: "u", u8: "b" } as const;
const ARRAYS = { f: Float32Array, h: Uint16Array, i: Int32Array, u: Uint32Array, b: Uint8Array } as const;

/** Tensors one behind the other, each once. */
export class Weights {
  readonly parts: Part[] = [];
  readonly #places = new Map<object, number>();
  readonly #bytes: Uint8Array[] = [];
  readonly #isHalf: boolean;
  #end = 0;

  /** `isHalf`: floats are stored in 16 bits, where a tensor has several axes. */
  constructor(isHalf: boolean) {
    this.#isHalf = isHalf;
  }

  /** The number of the part with these values. `owner` is what they belong to: the same one has one part. */
  add(owner: object, { data, dtype, rank }: { data: TypedArray; dtype: DType; rank: number }): number {
    const known = this.#places.get(owner);
    if (known !== undefined) return known;
    const type = dtype === "f32" && this.#isHalf && rank > 1 && fitsHalf(data) ? "h" : TYPES[dtype];
    const stored = type === "h" ? Uint16Array.from(data, halfOf) : ARRAYS[type].from(data);
    this.parts.push([type, this.#end, data.length]);
    const bytes = new Uint8Array(alignTo(stored.byteLength, 4));
    bytes.set(new Uint8Array(stored.buffer));
    this.#bytes.push(bytes);
    this.#end += bytes.length;
    this.#places.set(owner, this.parts.length - 1);
    return this.parts.length - 1;
  }

  /** All bytes as base64. */
  toBase64(): string {
    // A multiple of three at a time, so that the texts can be put together.
    const all = new Uint8Array(this.#end);
    let end = 0;
    for (const bytes of this.#bytes) {
      all.set(bytes, end);
      end += bytes.length;
    }
    let text = "";
    for (let start = 0; start < all.length; start += 24_573) {
      text += btoa(String.fromCharCode(...all.subarray(start, start + 24_573)));
    }
    return text;
  }
}

const fitsHalf = (data: TypedArray) => data.every((value: number) => Math.abs(value) < 65_520);

/** The 16-bit float nearest to a number; of two, the even one (IEEE 754). */
export function halfOf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  // The exponent of what has one; below it, values are multiples of 2 ** -24.
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const steps = size / 2 ** (exponent - 10);
  const below = Math.floor(steps);
  const rest = steps - below;
  const rounded = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  // 1024 steps are the next exponent's begin, and 2048 of one are the begin of the next: both carry by themselves.
  return sign + (exponent + 14) * 1024 + rounded;
}
