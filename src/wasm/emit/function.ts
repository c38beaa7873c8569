import { type Code, F32, F32x4, I32, I32x4, repeat, TYPES, unsigned, type ValueType, when } from "./code.ts";

const set = (index: number, value: { readonly code: Code }): Code => [value.code, 0x21, unsigned(index)];
const get = (index: number): Code => [0x20, unsigned(index)];

/** A local variable; as a value it is what it holds. */
export class LocalI32 extends I32 {
  readonly #index: number;

  constructor(index: number) {
    super(get(index));
    this.#index = index;
  }

  set(value: I32 | number): Code {
    return set(this.#index, I32.of(value));
  }
  add(value: I32 | number): Code {
    return this.set(this.plus(value));
  }
}

export class LocalF32 extends F32 {
  readonly #index: number;

  constructor(index: number) {
    super(get(index));
    this.#index = index;
  }

  set(value: F32 | number): Code {
    return set(this.#index, F32.of(value));
  }
}

export class LocalF32x4 extends F32x4 {
  readonly #index: number;

  constructor(index: number) {
    super(get(index));
    this.#index = index;
  }

  set(value: F32x4): Code {
    return set(this.#index, value);
  }
}

export class LocalI32x4 extends I32x4 {
  readonly #index: number;

  constructor(index: number) {
    super(get(index));
    this.#index = index;
  }

  set(value: I32x4): Code {
    return set(this.#index, value);
  }
}

/** The locals of a function while its body is put together. */
export class Locals {
  readonly types: ValueType[];
  readonly parameters: number;

  constructor(parameters: readonly ValueType[]) {
    this.types = [...parameters];
    this.parameters = parameters.length;
  }

  i32(): LocalI32 {
    return new LocalI32(this.types.push("i32") - 1);
  }
  f32(): LocalF32 {
    return new LocalF32(this.types.push("f32") - 1);
  }
  f32x4(): LocalF32x4 {
    return new LocalF32x4(this.types.push("v128") - 1);
  }
  i32x4(): LocalI32x4 {
    return new LocalI32x4(this.types.push("v128") - 1);
  }
  /** As many of them. */
  f32x4s(count: number): LocalF32x4[] {
    return Array.from({ length: count }, () => this.f32x4());
  }
  i32s(count: number): LocalI32[] {
    return Array.from({ length: count }, () => this.i32());
  }

  /** Sets a local to the smaller of both. */
  minimum(local: LocalI32, other: I32): Code {
    return when(other.isBelow(local), local.set(other));
  }

  /** The body where the condition is 0. */
  unless(condition: I32, body: Code): Code {
    return when(condition.equals(0), body);
  }

  /** The body while the condition holds. */
  while(condition: I32, body: Code): Code {
    return when(condition, repeat(body, condition));
  }

  /** The body for `index` from `first` on, in steps, while it is below `end`; `end` must not change meanwhile. */
  range(
    { first = 0, end, step = 1 }: { first?: I32 | number; end: I32 | number; step?: I32 | number },
    body: (index: LocalI32) => Code,
  ): Code {
    const index = this.i32();
    const isLeft = index.isBelow(end);
    return [index.set(first), when(isLeft, repeat([body(index), index.add(step)], isLeft))];
  }
}

/** What a kernel is called with, by name: i32 by default (addresses and counts), or f32. */
export type ParameterTypes = Readonly<Record<string, "i32" | "f32">>;
type Arguments<P extends ParameterTypes> = { readonly [Name in keyof P]: P[Name] extends "f32" ? LocalF32 : LocalI32 };

/** A kernel before it is compiled: the bytes of a whole module with one function, over a memory that it is given; threads share it. */
export interface Kernel<P extends ParameterTypes = ParameterTypes> {
  /** Tells kernels apart: what makes their code is in it. */
  readonly name: string;
  readonly parameters: P;
  readonly bytes: (memory?: "own" | "shared") => Uint8Array<ArrayBuffer>;
}

/** Declares a kernel with the code that `body` makes; it is made when somebody asks for the bytes. */
export function defineKernel<const P extends ParameterTypes>(
  name: string,
  parameters: P,
  body: (locals: Locals, parameters: Arguments<P>) => Code,
): Kernel<P> {
  return {
    name,
    parameters,
    bytes(memory = "own") {
      const types = Object.values(parameters);
      const locals = new Locals(types);
      const named = Object.fromEntries(
        Object.entries(parameters).map(([key, type], index) => [
          key,
          type === "f32" ? new LocalF32(index) : new LocalI32(index),
        ]),
      ) as Arguments<P>;
      return moduleOf(types, body(locals, named), locals, memory === "shared" ? SHARED : [0x00, 0]);
    },
  };
}

const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];
/** A list as the format has it: its length, then its elements. */
const list = (elements: readonly Code[]): Code => [unsigned(elements.length), ...elements];
const name = (text: string): Code => [unsigned(text.length), bytesOf(text)];

function flat(code: Code): number[] {
  const bytes: number[] = [];
  const visit = (part: Code) => {
    for (const one of part) typeof one === "number" ? bytes.push(one) : visit(one);
  };
  visit(code);
  return bytes;
}

/** Something whose length in bytes is written before it. */
function sized(code: Code): number[] {
  const bytes = flat(code);
  return [...unsigned(bytes.length), ...bytes];
}

/** Limits of a memory that threads share: from 0 to 65,536 pages. */
const SHARED: Code = [0x03, 0, unsigned(2 ** 16)];

/** A module that imports the memory "m"."m" and exports the function "f" (WebAssembly core specification 2.0, section 5.5). */
function moduleOf(parameters: readonly ValueType[], body: Code, locals: Locals, limits: Code): Uint8Array<ArrayBuffer> {
  const own = locals.types.slice(locals.parameters);
  const sections: [id: number, content: Code][] = [
    [1, list([[0x60, list(parameters.map((type) => [TYPES[type]])), list([])]])],
    [2, list([[name("m"), name("m"), 0x02, limits]])],
    [3, list([[0]])],
    [7, list([[name("f"), 0x00, 0]])],
    [10, list([sized([list(own.map((type) => [1, TYPES[type]])), body, 0x0b])])],
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...sections.flatMap(([id, content]) => [id, ...sized(content)]),
  ]);
}
