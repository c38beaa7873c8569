/**
 * Functions of one number, element by element. The formulas and their derivatives are a table in cpu/ops/pointwise.ts
 * and another in shaders/pointwise.wgsl; here is whether a function is made of straight pieces, so that its second
 * derivative is 0.
 */
export const STRAIGHT = {
  abs: true,
  clip: true,
  elu: false,
  erf: false,
  gelu: false,
  geluTanh: false,
  hardSigmoid: true,
  hardSwish: false,
  leakyRelu: true,
  mish: false,
  power: false,
  relu6: true,
  rootOfSquares: false,
  selu: false,
  sigmoid: false,
  silu: false,
  softplus: false,
  softsign: false,
  tanh: false,
} as const;

export type PointwiseFunction = keyof typeof STRAIGHT;

export const pointwiseFunctions = Object.keys(STRAIGHT) as readonly PointwiseFunction[];

/** Parameters of the function; 0 where it has none. */
export interface PointwiseAttributes {
  readonly a: number;
  readonly b: number;
}
