import type { Shape } from "../core/shape.ts";
import type { GradientRule, OpDefinition } from "./op.ts";
import { div, mul, sub } from "./ops/arithmetic.ts";
import { gradientOfConv2d } from "./ops/conv2d_gradients.ts";
import { gradientOfMatmul } from "./ops/matmul.ts";
import { gradientOfMaxPool2d } from "./ops/max_pool2d_gradient.ts";
import { gradientOfRelu } from "./ops/relu_gradient.ts";
import { gradientOfReshape } from "./ops/reshape.ts";
import { sum } from "./ops/sum.ts";
import { exp, neg } from "./ops/unary.ts";
import { summedBack, unbroadcast } from "./ops/unbroadcast.ts";

const gradientOfAdd = summedBack(({ upstream }) => ({ a: upstream, b: upstream }));

const gradientOfSub = summedBack(({ graph, upstream, wants }) => ({
  a: upstream,
  b: wants("b") ? neg(graph, upstream) : undefined,
}));

const gradientOfMul = summedBack(({ graph, upstream, operand, wants }) => ({
  a: wants("a") ? mul(graph, upstream, operand("b")) : undefined,
  b: wants("b") ? mul(graph, upstream, operand("a")) : undefined,
}));

const gradientOfDiv = summedBack(({ graph, node, upstream, operand, wants }) => ({
  a: wants("a") ? div(graph, upstream, operand("b")) : undefined,
  // d(a/b)/db = -(a/b)/b
  b: wants("b") ? neg(graph, mul(graph, upstream, div(graph, node, operand("b")))) : undefined,
}));

/** dx = y · (dy − Σ dy·y) */
const gradientOfSoftmax: GradientRule = ({ graph, node, upstream }) => {
  const weighted = sum(graph, mul(graph, upstream, node), -1, true);
  return { x: mul(graph, node, sub(graph, upstream, weighted)) };
};

/** dx = dy − softmax(x) · Σ dy */
const gradientOfLogSoftmax: GradientRule = ({ graph, node, upstream }) => ({
  x: sub(graph, upstream, mul(graph, exp(graph, node), sum(graph, upstream, -1, true))),
});

const gradientOfBroadcastTo: GradientRule<{ shape: Shape }> = ({ graph, upstream, operand }) => ({
  x: unbroadcast(graph, upstream, operand("x").shape),
});

/**
 * Gradient rules by the names of their ops, of the ops that pages have which only use a model. Such a page fetches nothing of
 * them, which it would if they were in the ops themselves, as those of all other ops are.
 */
const usualGradients: Readonly<Record<string, OpDefinition["gradient"]>> = {
  add: gradientOfAdd,
  broadcastTo: gradientOfBroadcastTo,
  conv2d: gradientOfConv2d,
  div: gradientOfDiv,
  logSoftmax: gradientOfLogSoftmax,
  matmul: gradientOfMatmul,
  maxPool2d: gradientOfMaxPool2d,
  mul: gradientOfMul,
  relu: gradientOfRelu,
  reshape: gradientOfReshape,
  softmax: gradientOfSoftmax,
  sub: gradientOfSub,
};

/** The gradient rule of an op; undefined where it has none. */
export function gradientRuleOf(op: OpDefinition): OpDefinition["gradient"] {
  return op.gradient ?? (Object.hasOwn(usualGradients, op.name) ? usualGradients[op.name] : undefined);
}
