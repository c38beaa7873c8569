import { pointwiseOps } from "../../graph/ops/pointwise.ts";
import { type PointwiseFunction, pointwiseFunctions } from "../../graph/pointwise_functions.ts";
import { erf, erfc } from "../error_function.ts";
import { defineCpuOp, read } from "../op.ts";

interface Formula {
  value(x: number, a: number, b: number): number;
  derivative(x: number, a: number, b: number): number;
}

const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/** 1 / (1 + e⁻ˣ) without overflow. */
function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/** e^−|x| / (1 + e^−|x|)²: sigmoid(x) · (1 − sigmoid(x)) without cancellation. */
function sigmoidDerivative(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return e / (1 + e) ** 2;
}

/** 4 e^−2|x| / (1 + e^−2|x|)²: 1 − tanh²(x) without cancellation. */
function tanhDerivative(x: number): number {
  return 4 * sigmoidDerivative(2 * x);
}

/** log(1 + eˣ) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** The argument of tanh in gelu's approximation is half of this. */
function geluArgument(x: number): number {
  return 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
}

/** p · q, 0 where q is 0: keeps ∞ · 0 out of derivatives that have died away. */
function damped(p: number, q: number): number {
  return q === 0 ? 0 : p * q;
}

/** The formulas, with a and b as parameters (graph/ops/pointwise.ts). At kinks the derivative is PyTorch's. */
const FORMULAS: Readonly<Record<PointwiseFunction, Formula>> = {
  abs: { value: Math.abs, derivative: Math.sign },
  clip: {
    value: (x, least, most) => Math.min(Math.max(x, least), most),
    derivative: (x, least, most) => Number(x >= least && x <= most),
  },
  elu: {
    value: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
    derivative: (x, alpha) => (x > 0 ? 1 : alpha * Math.exp(x)),
  },
  erf: { value: erf, derivative: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) },
  gelu: {
    value: (x) => 0.5 * x * erfc(-x * Math.SQRT1_2),
    derivative: (x) => 0.5 * erfc(-x * Math.SQRT1_2) + damped(x, Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)),
  },
  geluTanh: {
    // ½(1 + tanh(u)) is sigmoid(2u).
    value: (x) => x * sigmoid(geluArgument(x)),
    derivative(x) {
      const derivative = 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
      return sigmoid(geluArgument(x)) + damped(x * derivative, sigmoidDerivative(geluArgument(x)));
    },
  },
  hardSigmoid: {
    value: (x, alpha, beta) => Math.min(Math.max(alpha * x + beta, 0), 1),
    derivative: (x, alpha, beta) => (alpha * x + beta > 0 && alpha * x + beta < 1 ? alpha : 0),
  },
  hardSwish: {
    value: (x) => (x <= -3 ? 0 : x >= 3 ? x : (x * (x + 3)) / 6),
    derivative: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
  },
  leakyRelu: {
    value: (x, alpha) => (x < 0 ? alpha * x : x),
    derivative: (x, alpha) => (x > 0 ? 1 : alpha),
  },
  mish: {
    value: (x) => x * Math.tanh(softplus(x)),
    derivative: (x) => Math.tanh(softplus(x)) + damped(x, tanhDerivative(softplus(x)) * sigmoid(x)),
  },
  power: {
    value: (x, exponent) => x ** exponent,
    derivative: (x, exponent) => (exponent === 0 ? 0 : exponent * x ** (exponent - 1)),
  },
  relu6: {
    value: (x) => Math.min(Math.max(x, 0), 6),
    derivative: (x) => Number(x > 0 && x < 6),
  },
  rootOfSquares: { value: Math.sqrt, derivative: (x) => (x === 0 ? 0 : 0.5 / Math.sqrt(x)) },
  selu: {
    value: (x) => SELU_SCALE * (x < 0 ? SELU_ALPHA * Math.expm1(x) : x),
    derivative: (x) => SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * Math.exp(x)),
  },
  sigmoid: { value: sigmoid, derivative: sigmoidDerivative },
  silu: {
    value: (x) => x * sigmoid(x),
    derivative: (x) => sigmoid(x) + damped(x, sigmoidDerivative(x)),
  },
  softplus: { value: softplus, derivative: sigmoid },
  softsign: { value: (x) => x / (1 + Math.abs(x)), derivative: (x) => (1 + Math.abs(x)) ** -2 },
  tanh: { value: Math.tanh, derivative: tanhDerivative },
};

export const pointwiseCpuOps = pointwiseFunctions.flatMap((name) => {
  const { value, derivative } = FORMULAS[name];
  const ops = pointwiseOps[name];
  return [
    defineCpuOp(ops.value, ({ attributes: { a, b }, input, output }) => {
      const x = input("x");
      for (let i = 0; i < output.length; i++) output[i] = value(read(x, i), a, b);
    }),
    defineCpuOp(ops.gradient, ({ attributes: { a, b }, input, output }) => {
      const [x, upstream] = [input("x"), input("upstream")];
      for (let i = 0; i < output.length; i++) output[i] = read(upstream, i) * derivative(read(x, i), a, b);
    }),
  ];
});
