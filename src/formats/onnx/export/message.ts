/** Protocol Buffers' wire format, written. Source: protobuf.dev/programming-guides/encoding. */

const VARINT = 0;
const BYTES = 2;
const FOUR_BYTES = 5;

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const encoder = new TextEncoder();

/** A message, field by field; nothing is copied until `finish`. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  #add(...parts: readonly Uint8Array[]): this {
    for (const part of parts) {
      this.#parts.push(part);
      this.#length += part.length;
    }
    return this;
  }

  #key(field: number, type: number): Uint8Array {
    return varint(BigInt(field * 8 + type));
  }

  /** A whole number. */
  whole(field: number, value: number): this {
    return this.#add(this.#key(field, VARINT), varint(BigInt(value)));
  }

  /** An f32. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#add(this.#key(field, FOUR_BYTES), bytes);
  }

  bytes(field: number, bytes: Uint8Array): this {
    return this.#add(this.#key(field, BYTES), varint(BigInt(bytes.length)), bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  message(field: number, inner: Message): this {
    return this.#add(this.#key(field, BYTES), varint(BigInt(inner.#length)), ...inner.#parts);
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.#length);
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }
}
