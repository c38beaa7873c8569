/** Deflate (RFC 1951), for files that have to be read at once; what is written at most is known before. */
import { FormatError } from "../../core/errors.ts";

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** The order in which the lengths of the codes for lengths are written (section 3.2.7). */
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LONGEST = 15;

/** A prefix code: how many codes there are of each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function codeOf(lengths: ArrayLike<number>): Code {
  const counts = new Uint16Array(LONGEST + 1);
  for (let symbol = 0; symbol < lengths.length; symbol++)
    counts[lengths[symbol] ?? 0] = (counts[lengths[symbol] ?? 0] ?? 0) + 1;
  counts[0] = 0;
  const next = new Uint16Array(LONGEST + 2);
  for (let length = 1; length <= LONGEST; length++) next[length + 1] = (next[length] ?? 0) + (counts[length] ?? 0);
  const symbols = new Uint16Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] ?? 0;
    if (length === 0) continue;
    const place = next[length] ?? 0;
    symbols[place] = symbol;
    next[length] = place + 1;
  }
  return { counts, symbols };
}

/** Section 3.2.6. */
const FIXED_LENGTHS = codeOf(Array.from({ length: 288 }, (_, n) => (n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8)));
const FIXED_DISTANCES = codeOf(new Uint8Array(30).fill(5));

class Inflation {
  readonly #bytes: Uint8Array;
  readonly #output: Uint8Array;
  readonly #what: string;
  #at = 0;
  #bits = 0;
  #bitCount = 0;
  #written = 0;

  constructor(bytes: Uint8Array, size: number, what: string) {
    this.#bytes = bytes;
    this.#output = new Uint8Array(size);
    this.#what = what;
  }

  #fail(): never {
    throw new FormatError(
      `${this.#what}: its compressed bytes are damaged, or hold another number of bytes than is said.`,
    );
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) this.#fail();
      this.#bits |= byte << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  /** A symbol, bit by bit: codes of one length follow one another, the first of a length behind the last of the one before. */
  #symbol({ counts, symbols }: Code): number {
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length <= LONGEST; length++) {
      code |= this.#take(1);
      const count = counts[length] ?? 0;
      if (code - first < count) return symbols[index + code - first] ?? this.#fail();
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return this.#fail();
  }

  #write(byte: number): void {
    if (this.#written === this.#output.length) this.#fail();
    this.#output[this.#written++] = byte;
  }

  #stored(): void {
    this.#bits = 0;
    this.#bitCount = 0;
    const length = this.#take(16);
    const check = this.#take(16);
    if ((length ^ check) !== 0xffff || this.#at + length > this.#bytes.length) this.#fail();
    for (let place = 0; place < length; place++) this.#write(this.#bytes[this.#at++] ?? 0);
  }

  #codes(): [Code, Code] {
    const [lengths, distances, own] = [this.#take(5) + 257, this.#take(5) + 1, this.#take(4) + 4];
    const first = new Uint8Array(19);
    for (let place = 0; place < own; place++) first[CODE_ORDER[place] ?? 0] = this.#take(3);
    const code = codeOf(first);
    const all = new Uint8Array(lengths + distances);
    for (let place = 0; place < all.length; ) {
      const symbol = this.#symbol(code);
      if (symbol < 16) all[place++] = symbol;
      else {
        if (symbol === 16 && place === 0) this.#fail();
        const value = symbol === 16 ? (all[place - 1] ?? 0) : 0;
        const times = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
        if (place + times > all.length) this.#fail();
        all.fill(value, place, place + times);
        place += times;
      }
    }
    return [codeOf(all.subarray(0, lengths)), codeOf(all.subarray(lengths))];
  }

  #block([lengths, distances]: readonly [Code, Code]): void {
    for (;;) {
      const symbol = this.#symbol(lengths);
      if (symbol === 256) return;
      if (symbol < 256) {
        this.#write(symbol);
        continue;
      }
      const length = (LENGTH_BASE[symbol - 257] ?? this.#fail()) + this.#take(LENGTH_BITS[symbol - 257] ?? 0);
      const far = this.#symbol(distances);
      const distance = (DISTANCE_BASE[far] ?? this.#fail()) + this.#take(DISTANCE_BITS[far] ?? 0);
      if (distance > this.#written) this.#fail();
      for (let place = 0; place < length; place++) this.#write(this.#output[this.#written - distance] ?? 0);
    }
  }

  run(): Uint8Array {
    for (let isLast = false; !isLast; ) {
      isLast = this.#take(1) === 1;
      const kind = this.#take(2);
      if (kind === 0) this.#stored();
      else if (kind === 3) this.#fail();
      else this.#block(kind === 1 ? [FIXED_LENGTHS, FIXED_DISTANCES] : this.#codes());
    }
    if (this.#written !== this.#output.length) this.#fail();
    return this.#output;
  }
}

/** The `size` bytes that `bytes` hold. Throws `FormatError` where they hold more or fewer; `what` begins it. */
export function inflate(bytes: Uint8Array, size: number, what: string): Uint8Array {
  // No byte of deflate stands for more than 1,032.
  if (size > 1032 * bytes.length) {
    throw new FormatError(
      `${what}: ${bytes.length} compressed bytes cannot hold the ${size} that are said to be in them.`,
    );
  }
  return new Inflation(bytes, size, what).run();
}
