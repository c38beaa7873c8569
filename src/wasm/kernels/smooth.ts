/**
 * Functions made of exponentials, four at a time. As in shaders/pointwise.wgsl nothing is computed that overflows, and what
 * cancels near 0 is computed without its 1.
 */
import { type Code, F32x4, type I32, I32x4 } from "../emit/code.ts";
import { defineKernel, type LocalF32x4, type Locals } from "../emit/function.ts";
import { overFloats } from "./pointwise.ts";
import { kernelName } from "./products.ts";

const f = (value: number) => F32x4.of(value);
const [ZERO, ONE, TWO] = [f(0), f(1), f(2)];

/** A polynomial by Horner's rule, the constant first. */
const polynomial = (x: F32x4, coefficients: readonly number[]): F32x4 =>
  coefficients.reduceRight<F32x4>((sum, coefficient) => sum.times(x).plus(f(coefficient)), ZERO);

/** Code under way: values that are used more than once are kept in locals. */
class Steps {
  readonly code: Code[] = [];
  readonly #locals: Locals;

  constructor(locals: Locals) {
    this.#locals = locals;
  }

  keep(value: F32x4): LocalF32x4 {
    const local = this.#locals.f32x4();
    this.code.push(local.set(value));
    return local;
  }

  #keepIntegers(value: I32x4) {
    const local = this.#locals.i32x4();
    this.code.push(local.set(value));
    return local;
  }

  /**
   * x = n · ln 2 + r: n, and eʳ − 1 by Taylor's series, |r| ≤ ½ ln 2, whose first term that is left out is below 2^-27 of r.
   * The parts of ln 2: the first has so few bits that its products with n are exact (Cody and Waite 1980).
   */
  #reduced(x: F32x4) {
    const n = this.keep(x.times(f(Math.LOG2E)).nearest());
    const r = this.keep(x.minus(n.times(f(0.693359375))).minus(n.times(f(Math.LN2 - 0.693359375))));
    const series = polynomial(r, [1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040]);
    return { exponent: this.#keepIntegers(n.asIntegers()), rest: this.keep(r.times(series)) };
  }

  /** eˣ; 0 and infinity where f32 has nothing else. */
  exp(given: F32x4): LocalF32x4 {
    const { exponent, rest } = this.#reduced(this.keep(given.max(f(-104)).min(f(89))));
    const half = this.#keepIntegers(exponent.shiftRight(1));
    // Of two factors, since 2ⁿ itself may be none of f32's numbers.
    return this.keep(
      rest
        .plus(ONE)
        .times(powerOf2(half))
        .times(powerOf2(exponent.minus(half))),
    );
  }

  /** eˣ − 1 for x up to 0; the sign of 0 is kept. */
  expMinus1(given: F32x4): LocalF32x4 {
    const { exponent, rest } = this.#reduced(this.keep(given.max(f(-87))));
    const power = this.keep(powerOf2(exponent));
    return this.keep(power.times(rest).plus(power.minus(ONE)));
  }

  /** log(1 + x) for 0 ≤ x ≤ 1: twice the inverse hyperbolic tangent of x / (2 + x), by its series. */
  logOf1Plus(x: F32x4): F32x4 {
    const s = this.keep(x.over(x.plus(TWO)));
    const square = this.keep(s.times(s));
    return s.times(polynomial(square, [2, 2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11, 2 / 13, 2 / 15]));
  }

  /** e^−|x|. */
  decay(x: F32x4): LocalF32x4 {
    return this.exp(x.absolute().negated());
  }

  /** 1 / (1 + e⁻ˣ). */
  sigmoid(x: F32x4, decay: F32x4 = this.decay(x)): F32x4 {
    return x.isBelow(ZERO).choose<F32x4>(decay, ONE).over(decay.plus(ONE));
  }

  /** sigmoid(x) · (1 − sigmoid(x)). */
  sigmoidDerivative(x: F32x4, decay: F32x4 = this.decay(x)): F32x4 {
    const sum = this.keep(decay.plus(ONE));
    return decay.over(sum.times(sum));
  }

  /** −(e^−2|x| − 1) / (e^−2|x| + 1), with the sign of x. */
  tanh(x: F32x4): F32x4 {
    const minus1 = this.expMinus1(x.absolute().times(f(-2)));
    return withSignOf(x, minus1.negated().over(minus1.plus(TWO)));
  }

  /** log(1 + eˣ). */
  softplus(x: F32x4): F32x4 {
    return x.max(ZERO).plus(this.logOf1Plus(this.decay(x)));
  }

  /** tanh(softplus(x)) as a fraction of powers of e^−|x|, and 1 − its square. */
  tanhOfSoftplus(x: F32x4, decay: F32x4) {
    const square = this.keep(decay.times(decay));
    const isNegative = x.isBelow(ZERO);
    const twice = this.keep(decay.times(TWO));
    // Above 0 both parts are divided by e²ˣ.
    const top = this.keep(isNegative.choose<F32x4>(square.plus(twice), twice.plus(ONE)));
    const bottom = this.keep(top.plus(isNegative.choose<F32x4>(TWO, square.times(TWO))));
    const grown = this.keep(decay.plus(ONE));
    const rest = grown.times(grown).times(f(4)).times(isNegative.choose<F32x4>(ONE, square));
    return { value: top.over(bottom), restOf1: rest.over(bottom.times(bottom)) };
  }

  /** erfc(z) for z ≥ 0: the form and the coefficients of shaders/pointwise.wgsl. */
  #complementaryTail(z: F32x4): F32x4 {
    const t = this.keep(ONE.over(z.times(f(0.5)).plus(ONE)));
    const inside = this.keep(z.min(f(12)));
    return this.exp(inside.times(inside).negated()).times(t).times(polynomial(t, ERFC));
  }

  /** 1 − erf(z). */
  complementaryError(z: F32x4): F32x4 {
    const tail = this.keep(this.#complementaryTail(this.keep(z.absolute())));
    return z.isBelow(ZERO).choose<F32x4>(TWO.minus(tail), tail);
  }

  errorFunction(z: F32x4): F32x4 {
    const square = this.keep(z.times(z));
    const far = withSignOf(z, ONE.minus(this.#complementaryTail(this.keep(z.absolute()))));
    return z
      .absolute()
      .isBelow(ONE)
      .choose<F32x4>(z.times(polynomial(square, ERF)), far);
  }

  /** e^−x²/2 / √2π. */
  normalDensity(x: F32x4): F32x4 {
    const inside = this.keep(x.absolute().min(f(16)));
    return this.exp(inside.times(inside).times(f(-0.5))).times(f(1 / Math.sqrt(2 * Math.PI)));
  }
}

const ERFC = [
  ...[0.2820645, 0.28285703, 0.23864499, 0.22554107, -0.09831507, 0.4212689, -0.67001534, 0.4289225],
  ...[-0.12325197, 0.012283337],
];
const ERF = [1.1283792, -0.37612626, 0.112835854, -0.026853813, 0.0051883277, -0.00080101937, 0.00007853861];

/** 2ⁿ for n from −126 to 127: its exponent's bits. */
const powerOf2 = (n: I32x4): F32x4 => n.plus(I32x4.of(127)).shiftLeft(23).asFloats();

/** A number above 0 with the sign of another; NaN stays. */
function withSignOf(x: F32x4, magnitude: F32x4): F32x4 {
  const sign = new I32x4(x.code).and(I32x4.of(0x80000000 | 0));
  return new I32x4(magnitude.code).or(sign).asFloats();
}

/** p · q, 0 where q is 0. */
const damped = (p: F32x4, q: LocalF32x4): F32x4 => p.times(q).without(q.equals(ZERO));

/** The argument of tanh in gelu's approximation, twice. */
const GELU = 2 * Math.sqrt(2 / Math.PI);
const geluArgument = (x: F32x4): F32x4 => x.times(x).times(f(0.044715)).plus(ONE).times(x).times(f(GELU));

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

const isAbove = (x: F32x4) => x.isAbove(ZERO);
const isBelow = (x: F32x4) => x.isBelow(ZERO);

interface Formula {
  value(steps: Steps, x: LocalF32x4, a: F32x4): F32x4;
  derivative(steps: Steps, x: LocalF32x4, a: F32x4): F32x4;
}

/** Those of cpu/ops/pointwise.ts. */
const FORMULAS = {
  elu: {
    value: (steps, x, a) => isBelow(x).choose<F32x4>(a.times(steps.expMinus1(x.min(ZERO))), x),
    derivative: (steps, x, a) => isAbove(x).choose<F32x4>(ONE, a.times(steps.exp(x))),
  },
  selu: {
    value: (steps, x) =>
      f(SELU_SCALE).times(isBelow(x).choose<F32x4>(f(SELU_ALPHA).times(steps.expMinus1(x.min(ZERO))), x)),
    derivative: (steps, x) => f(SELU_SCALE).times(isAbove(x).choose<F32x4>(ONE, f(SELU_ALPHA).times(steps.exp(x)))),
  },
  erf: {
    value: (steps, x) => steps.errorFunction(x),
    derivative(steps, x) {
      const inside = steps.keep(x.absolute().min(f(12)));
      return steps.exp(inside.times(inside).negated()).times(f(2 / Math.sqrt(Math.PI)));
    },
  },
  gelu: {
    value: (steps, x) => x.times(f(0.5)).times(steps.complementaryError(steps.keep(x.times(f(-Math.SQRT1_2))))),
    derivative(steps, x) {
      const share = steps.complementaryError(steps.keep(x.times(f(-Math.SQRT1_2)))).times(f(0.5));
      return share.plus(damped(x, steps.keep(steps.normalDensity(x))));
    },
  },
  geluTanh: {
    value: (steps, x) => x.times(steps.sigmoid(steps.keep(geluArgument(x)))),
    derivative(steps, x) {
      const argument = steps.keep(geluArgument(x));
      const decay = steps.decay(argument);
      const inner = x
        .times(x)
        .times(f(3 * 0.044715))
        .plus(ONE)
        .times(f(GELU));
      const moved = damped(x.times(inner), steps.keep(steps.sigmoidDerivative(argument, decay)));
      return steps.sigmoid(argument, decay).plus(moved);
    },
  },
  mish: {
    value: (steps, x) => x.times(steps.tanhOfSoftplus(x, steps.decay(x)).value),
    derivative(steps, x) {
      const decay = steps.decay(x);
      const { value, restOf1 } = steps.tanhOfSoftplus(x, decay);
      return value.plus(damped(x, steps.keep(restOf1.times(steps.sigmoid(x, decay)))));
    },
  },
  sigmoid: {
    value: (steps, x) => steps.sigmoid(x),
    derivative: (steps, x) => steps.sigmoidDerivative(x),
  },
  silu: {
    value: (steps, x) => x.times(steps.sigmoid(x)),
    derivative(steps, x) {
      const decay = steps.decay(x);
      return steps.sigmoid(x, decay).plus(damped(x, steps.keep(steps.sigmoidDerivative(x, decay))));
    },
  },
  softplus: {
    value: (steps, x) => steps.softplus(x),
    derivative: (steps, x) => steps.sigmoid(x),
  },
  softsign: {
    value: (_, x) => x.over(x.absolute().plus(ONE)),
    derivative(steps, x) {
      const share = steps.keep(ONE.over(x.absolute().plus(ONE)));
      return share.times(share);
    },
  },
  tanh: {
    value: (steps, x) => steps.tanh(x),
    // 4 e^−2|x| / (1 + e^−2|x|)²: nothing cancels.
    derivative: (steps, x) => steps.sigmoidDerivative(steps.keep(x.times(TWO))).times(f(4)),
  },
} as const satisfies Readonly<Record<string, Formula>>;

export type SmoothName = keyof typeof FORMULAS;
export const isSmooth = (name: string): name is SmoothName => Object.hasOwn(FORMULAS, name);

/** to = f(x); with `gradient` to = upstream · f′(x). */
export const smoothKernel = (name: SmoothName, gradient: boolean) =>
  defineKernel(
    kernelName(name, { gradient }),
    { x: "i32", upstream: "i32", to: "i32", bytes: "i32", a: "f32" },
    (locals, p) => {
      const a = locals.f32x4();
      const formula: Formula = FORMULAS[name];
      return [
        a.set(p.a.splat()),
        overFloats(locals, p.bytes, (_: I32, at) => {
          const steps = new Steps(locals);
          const x = steps.keep(at.load(p.x));
          const value = gradient
            ? at.load(p.upstream).times(formula.derivative(steps, x, a))
            : formula.value(steps, x, a);
          return [steps.code, at.store(p.to, value)];
        }),
      ];
    },
  );

/** to = eˣ. */
export const expKernel = defineKernel("exp", { x: "i32", to: "i32", bytes: "i32" }, (locals, p) =>
  overFloats(locals, p.bytes, (_, at) => {
    const steps = new Steps(locals);
    const value = steps.exp(at.load(p.x));
    return [steps.code, at.store(p.to, value)];
  }),
);
