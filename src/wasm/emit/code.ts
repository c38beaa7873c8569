/** Bytes of WebAssembly code, nested as they were put together. */
export type Code = readonly (number | Code)[];

/** The type of a value, as the binary format writes it. */
export const TYPES = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
export type ValueType = keyof typeof TYPES;

/** A number of 7 bits a byte, the last without the high bit (LEB128), as the format has its counts. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** The same of a number with a sign. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (; rest < -64 || rest > 63; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}

/** Opcodes of the vector instructions follow this byte. */
const vector = (opcode: number): Code => [0xfd, unsigned(opcode)];
/** Alignment (log 2, only a hint) and the constant added to an address. */
const memory = (alignment: number, offset: number): Code => [alignment, unsigned(offset)];

/** An i32 on the stack. Numbers stand for constants; sums and products of constants are made here, not in the kernel. */
export class I32 {
  readonly type = "i32";
  readonly code: Code;
  /** Its value where it is known. */
  readonly known: number | undefined;

  constructor(code: Code, known?: number) {
    this.code = code;
    this.known = known;
  }

  static of(value: I32 | number): I32 {
    return typeof value === "number" ? new I32([0x41, signed(value)], value) : value;
  }

  #with(other: I32 | number, opcode: number): I32 {
    return new I32([this.code, I32.of(other).code, opcode]);
  }

  plus(other: I32 | number): I32 {
    return I32.of(other).known === 0 ? this : this.#with(other, 0x6a);
  }
  minus(other: I32 | number): I32 {
    return this.#with(other, 0x6b);
  }
  times(other: I32 | number): I32 {
    return I32.of(other).known === 1 ? this : this.#with(other, 0x6c);
  }
  /** A fourth of a number without a sign. */
  quarter(): I32 {
    return this.#with(2, 0x76);
  }
  /** 1 where it is less, both taken as numbers without a sign, as addresses are. */
  isBelow(other: I32 | number): I32 {
    return this.#with(other, 0x49);
  }
  equals(other: I32 | number): I32 {
    return this.#with(other, 0x46);
  }
  /** Bits that both have; of truth values, whether both hold. */
  and(other: I32 | number): I32 {
    return this.#with(other, 0x71);
  }
  /** All four lanes. */
  splat(): I32x4 {
    return new I32x4([this.code, vector(0x11)]);
  }
}

/** An f32 on the stack. */
export class F32 {
  readonly type = "f32";
  readonly code: Code;

  constructor(code: Code) {
    this.code = code;
  }

  static of(value: F32 | number): F32 {
    return typeof value === "number" ? new F32([0x43, ...new Uint8Array(Float32Array.of(value).buffer)]) : value;
  }

  plus(other: F32): F32 {
    return new F32([this.code, other.code, 0x92]);
  }
  minus(other: F32): F32 {
    return new F32([this.code, other.code, 0x93]);
  }
  times(other: F32): F32 {
    return new F32([this.code, other.code, 0x94]);
  }
  over(other: F32): F32 {
    return new F32([this.code, other.code, 0x95]);
  }
  squareRoot(): F32 {
    return new F32([this.code, 0x91]);
  }
  splat(): F32x4 {
    return new F32x4([this.code, vector(0x13)]);
  }
}

/** Four i32, or what a comparison says of four lanes: all bits of a lane, or none. */
export class I32x4 {
  readonly type = "v128";
  readonly code: Code;

  constructor(code: Code) {
    this.code = code;
  }

  static of(value: number): I32x4 {
    return I32.of(value).splat();
  }

  /** Four constants. */
  static lanes(values: readonly [number, number, number, number]): I32x4 {
    return new I32x4([vector(0x0c), ...new Uint8Array(Int32Array.from(values).buffer)]);
  }

  isZero(): I32x4 {
    return this.equals(I32x4.of(0));
  }
  equals(other: I32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x37)]);
  }
  and(other: I32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x4e)]);
  }
  /** This without the bits of the other. */
  butNot(other: I32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x4f)]);
  }
  or(other: I32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x50)]);
  }
  /** The lanes of `yes` where this has bits, of `no` elsewhere. */
  choose<T extends I32x4 | F32x4>(yes: T, no: T): T {
    const code = [yes.code, no.code, this.code, vector(0x52)];
    return (yes instanceof F32x4 ? new F32x4(code) : new I32x4(code)) as T;
  }
  /** The lanes of `values` where this has bits, 0 elsewhere. */
  mask(values: F32x4): F32x4 {
    return new F32x4([this.code, values.code, vector(0x4e)]);
  }
  minus(other: I32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0xb1)]);
  }
  plus(other: I32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0xae)]);
  }
  times(other: I32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0xb5)]);
  }
  /** Bits that one of both has. */
  exclusiveOr(other: I32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x51)]);
  }
  /** Both taken as numbers without a sign. */
  isBelow(other: I32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x3a)]);
  }
  shiftLeft(bits: number): I32x4 {
    return new I32x4([this.code, I32.of(bits).code, vector(0xab)]);
  }
  /** The sign comes after. */
  shiftRight(bits: number): I32x4 {
    return new I32x4([this.code, I32.of(bits).code, vector(0xac)]);
  }
  /** Zeros come after. */
  shiftRightUnsigned(bits: number): I32x4 {
    return new I32x4([this.code, I32.of(bits).code, vector(0xad)]);
  }
  /** The same bits. */
  asFloats(): F32x4 {
    return new F32x4(this.code);
  }
  lane(index: number): I32 {
    return new I32([this.code, vector(0x1b), index]);
  }
}

/** Four f32. */
export class F32x4 {
  readonly type = "v128";
  readonly code: Code;

  constructor(code: Code) {
    this.code = code;
  }

  static of(value: number): F32x4 {
    const lane = [...new Uint8Array(Float32Array.of(value).buffer)];
    return new F32x4([vector(0x0c), lane, lane, lane, lane]);
  }

  #with(other: F32x4, opcode: number): F32x4 {
    return new F32x4([this.code, other.code, vector(opcode)]);
  }

  plus(other: F32x4): F32x4 {
    return this.#with(other, 0xe4);
  }
  minus(other: F32x4): F32x4 {
    return this.#with(other, 0xe5);
  }
  times(other: F32x4): F32x4 {
    return this.#with(other, 0xe6);
  }
  over(other: F32x4): F32x4 {
    return this.#with(other, 0xe7);
  }
  /** NaN where either is. */
  max(other: F32x4): F32x4 {
    return this.#with(other, 0xe9);
  }
  /** The other where this is less than it; this, NaN too, elsewhere: one instruction of the processor. */
  atLeast(other: F32x4): F32x4 {
    return this.#with(other, 0xeb);
  }
  /** NaN where either is. */
  min(other: F32x4): F32x4 {
    return this.#with(other, 0xe8);
  }
  squareRoot(): F32x4 {
    return new F32x4([this.code, vector(0xe3)]);
  }
  /** The nearest whole number, the even one of two. */
  nearest(): F32x4 {
    return new F32x4([this.code, vector(0x6a)]);
  }
  /** Whole numbers as i32, cut to its range; 0 for NaN. */
  asIntegers(): I32x4 {
    return new I32x4([this.code, vector(0xf8)]);
  }
  negated(): F32x4 {
    return new F32x4([this.code, vector(0xe1)]);
  }
  absolute(): F32x4 {
    return new F32x4([this.code, vector(0xe0)]);
  }
  /** 0 in the lanes of the mask. */
  without(mask: I32x4): F32x4 {
    return new F32x4([this.code, mask.code, vector(0x4f)]);
  }
  isAtMost(other: F32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x45)]);
  }
  isAbove(other: F32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x44)]);
  }
  isBelow(other: F32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x43)]);
  }
  equals(other: F32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x41)]);
  }
  /** Of itself: where it is NaN. */
  differs(other: F32x4): I32x4 {
    return new I32x4([this.code, other.code, vector(0x42)]);
  }
  lane(index: number): F32 {
    return new F32([this.code, vector(0x1f), index]);
  }
}

type Address = I32 | number;
const at = (address: Address): Code => I32.of(address).code;

/** Reads of memory; `offset` is a constant number of bytes behind the address. */
export const load = {
  i32: (address: Address, offset = 0) => new I32([at(address), 0x28, memory(2, offset)]),
  byte: (address: Address, offset = 0) => new I32([at(address), 0x2d, memory(0, offset)]),
  f32: (address: Address, offset = 0) => new F32([at(address), 0x2a, memory(2, offset)]),
  f32x4: (address: Address, offset = 0) => new F32x4([at(address), vector(0x00), memory(2, offset)]),
  i32x4: (address: Address, offset = 0) => new I32x4([at(address), vector(0x00), memory(2, offset)]),
  /** One f32 in all four lanes. */
  splat: (address: Address, offset = 0) => new F32x4([at(address), vector(0x09), memory(2, offset)]),
};

/** Writes to memory. */
export const store = {
  i32: (address: Address, value: I32, offset = 0): Code => [at(address), value.code, 0x36, memory(2, offset)],
  f32: (address: Address, value: F32, offset = 0): Code => [at(address), value.code, 0x38, memory(2, offset)],
  f32x4: (address: Address, value: F32x4 | I32x4, offset = 0): Code => [
    at(address),
    value.code,
    vector(0x0b),
    memory(2, offset),
  ],
  /** One lane of a vector. */
  lane: (address: Address, value: F32x4, lane: number, offset = 0): Code => [
    at(address),
    value.code,
    vector(0x5a),
    memory(2, offset),
    lane,
  ],
};

/** Bytes from one place to another; they do not overlap. */
export const copyBytes = (to: I32, from: I32, bytes: I32): Code => [to.code, from.code, bytes.code, 0xfc, 10, 0, 0];
/** Zeros. */
export const clearBytes = (to: I32, bytes: I32): Code => [to.code, 0x41, 0, bytes.code, 0xfc, 11, 0];

const NO_RESULT = 0x40;

/** `then` where the condition is not 0, `otherwise` where it is. */
export const when = (condition: I32, then: Code, otherwise?: Code): Code => [
  condition.code,
  [0x04, NO_RESULT],
  then,
  otherwise === undefined ? [] : [0x05, otherwise],
  0x0b,
];

/** The body once, and again while the condition holds. */
export const repeat = (body: Code, condition: I32): Code => [0x03, NO_RESULT, body, condition.code, 0x0d, 0, 0x0b];
