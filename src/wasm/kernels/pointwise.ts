import { type Code, F32x4, type I32, load, store } from "../emit/code.ts";
import { defineKernel, type Locals } from "../emit/function.ts";
import { kernelName } from "./products.ts";

const FLOAT = 4;
const VECTOR = 16;

/**
 * Walks over `bytes` bytes of f32, four at a time and then one by one. `body` is given the offset, how to load there and how to
 * store there, so that a formula is written once; of a single element all lanes are computed and one is stored.
 */
export function overFloats(
  locals: Locals,
  bytes: I32,
  body: (offset: I32, at: { load(address: I32): F32x4; store(address: I32, value: F32x4): Code }) => Code,
): Code {
  const whole = locals.i32();
  return [
    // A multiple of 16.
    whole.set(bytes.and(-VECTOR)),
    locals.range({ end: whole, step: VECTOR }, (offset) =>
      body(offset, {
        load: (address) => load.f32x4(address.plus(offset)),
        store: (address, value) => store.f32x4(address.plus(offset), value),
      }),
    ),
    locals.range({ first: whole, end: bytes, step: FLOAT }, (offset) =>
      body(offset, {
        load: (address) => load.splat(address.plus(offset)),
        store: (address, value) => store.lane(address.plus(offset), value, 0),
      }),
    ),
  ];
}

const ZERO = F32x4.of(0);
const ONE = F32x4.of(1);

/** Formulas of one value, with the op's attributes a and b. Where a comparison fails, NaN takes the branch that keeps it. */
const UNARY = {
  relu: (x: F32x4) => x.atLeast(ZERO),
  neg: (x: F32x4) => x.negated(),
  sqrt: (x: F32x4) => x.squareRoot(),
  abs: (x: F32x4) => x.absolute(),
  leakyRelu: (x: F32x4, a: F32x4) => x.isBelow(ZERO).choose(a.times(x), x),
} as const;

export type UnaryName = keyof typeof UNARY;
export const isUnary = (name: string): name is UnaryName => Object.hasOwn(UNARY, name);

/** to = f(x). */
export const unaryKernel = (name: UnaryName) =>
  defineKernel(kernelName(name, {}), { x: "i32", to: "i32", bytes: "i32", a: "f32" }, (locals, p) => {
    const a = locals.f32x4();
    return [a.set(p.a.splat()), overFloats(locals, p.bytes, (_, at) => at.store(p.to, UNARY[name](at.load(p.x), a)))];
  });

/** Gradients by a value and what comes from above. */
const GRADIENTS = {
  // Written so that a NaN among the activations does not stop the gradient, as in PyTorch.
  reluGradient: (y: F32x4, upstream: F32x4) => upstream.without(y.isAtMost(ZERO)),
  leakyReluGradient: (x: F32x4, upstream: F32x4, a: F32x4) => upstream.times(x.isAbove(ZERO).choose(ONE, a)),
} as const;

export type GradientName = keyof typeof GRADIENTS;
export const isGradient = (name: string): name is GradientName => Object.hasOwn(GRADIENTS, name);

/** to = f(value, upstream). */
export const gradientKernel = (name: GradientName) =>
  defineKernel(
    kernelName(name, {}),
    { value: "i32", upstream: "i32", to: "i32", bytes: "i32", a: "f32" },
    (locals, p) => {
      const a = locals.f32x4();
      return [
        a.set(p.a.splat()),
        overFloats(locals, p.bytes, (_, at) =>
          at.store(p.to, GRADIENTS[name](at.load(p.value), at.load(p.upstream), a)),
        ),
      ];
    },
  );

const BINARY = {
  add: (a: F32x4, b: F32x4) => a.plus(b),
  sub: (a: F32x4, b: F32x4) => a.minus(b),
  mul: (a: F32x4, b: F32x4) => a.times(b),
  div: (a: F32x4, b: F32x4) => a.over(b),
} as const;

export type BinaryName = keyof typeof BINARY;
export const isBinary = (name: string): name is BinaryName => Object.hasOwn(BINARY, name);

/** How an operand lies under a result [rows, columns]: all of it, one row for all, one value a row, or one value. */
export type Spread = "full" | "row" | "column" | "one";

/** to = f(a, b) over `rows` of `rowBytes`. */
export const binaryKernel = (shape: { readonly op: BinaryName; readonly a: Spread; readonly b: Spread }) =>
  defineKernel(
    kernelName(shape.op, { a: shape.a, b: shape.b }),
    { a: "i32", b: "i32", to: "i32", rows: "i32", rowBytes: "i32" },
    (locals, p) => {
      const single = { a: locals.f32x4(), b: locals.f32x4() };
      const names = ["a", "b"] as const;
      const isSingle = (name: "a" | "b") => shape[name] === "column" || shape[name] === "one";
      return locals.range({ end: p.rows }, () => [
        names.map((name) => (isSingle(name) ? single[name].set(load.splat(p[name])) : [])),
        overFloats(locals, p.rowBytes, (_, at) => {
          const [a, b] = names.map((name) => (isSingle(name) ? single[name] : at.load(p[name]))) as [F32x4, F32x4];
          return at.store(p.to, BINARY[shape.op](a, b));
        }),
        p.to.add(p.rowBytes),
        names.map((name) => {
          if (shape[name] === "full") return p[name].add(p.rowBytes);
          return shape[name] === "column" ? p[name].add(FLOAT) : [];
        }),
      ]);
    },
  );

/** to[outer, times, inner] = x[outer, inner]. */
export const repeatKernel = defineKernel(
  "repeat",
  { x: "i32", to: "i32", outer: "i32", times: "i32", innerBytes: "i32" },
  (locals, p) =>
    locals.range({ end: p.outer }, () => [
      locals.range({ end: p.times }, () => [
        overFloats(locals, p.innerBytes, (_, at) => at.store(p.to, at.load(p.x))),
        p.to.add(p.innerBytes),
      ]),
      p.x.add(p.innerBytes),
    ]),
);

/** Values of a sum that are added up by themselves: that rounds less than one long chain. */
const BLOCK = 64;

/** to[outer, inner] = Σ x[outer, length, inner]. */
export const sumKernel = defineKernel(
  "sum",
  { x: "i32", to: "i32", outer: "i32", length: "i32", innerBytes: "i32" },
  (locals, p) => {
    const [total, part] = [locals.f32x4(), locals.f32x4()];
    const [address, end, blockEnd] = [locals.i32(), locals.i32(), locals.i32()];
    return locals.range({ end: p.outer }, () => [
      overFloats(locals, p.innerBytes, (_, at) => [
        total.set(ZERO),
        address.set(p.x),
        end.set(p.x.plus(p.length.times(p.innerBytes))),
        locals.range({ end: p.length, step: BLOCK }, () => [
          part.set(ZERO),
          blockEnd.set(address.plus(p.innerBytes.times(BLOCK))),
          locals.minimum(blockEnd, end),
          locals.while(address.isBelow(blockEnd), [part.set(part.plus(at.load(address))), address.add(p.innerBytes)]),
          total.set(total.plus(part)),
        ]),
        at.store(p.to, total),
      ]),
      p.x.add(p.length.times(p.innerBytes)),
      p.to.add(p.innerBytes),
    ]);
  },
);
