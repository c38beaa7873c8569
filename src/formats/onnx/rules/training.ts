/** Losses, and the optimizers of ONNX' own training ops. */
import type { Lowering, Rule } from "../lowering.ts";
import { asItIs, type Computed, channelsLast, extentsOf, type Handle, rankOf, type Value } from "../value.ts";

/** −log p of the right class at each place, weighted; and what the weights are there. */
function lossOf(node: Lowering, logProbabilities: Handle, labels: Value, weights: Value | undefined): Handle {
  const extents = extentsOf(logProbabilities);
  const classes = extents[extents.length - 1] ?? 1;
  const last = extents.length - 1;
  const numbers = node.op("cast", [node.handle(labels)], "i32");
  const hot = node.op("oneHot", [numbers], classes);
  const ignored = node.number("ignore_index");
  const counts =
    ignored === undefined
      ? hot
      : node.op("where", [node.op("equal", [numbers, node.scalar(ignored, "int")]), node.scalar(0), node.scalar(1)]);
  const counted =
    ignored === undefined ? hot : node.op("mul", [hot, node.op("reshape", [counts], [...extents.slice(0, -1), 1])]);
  const weighted = weights === undefined ? counted : node.op("mul", [counted, node.handle(weights)]);
  const losses = node.op("neg", [node.op("sum", [node.op("mul", [logProbabilities, weighted])], [last])]);
  const reduction = node.text("reduction", "mean");
  if (reduction === "none") return losses;
  const sum = node.op("sum", [losses]);
  return reduction === "sum" ? sum : node.op("div", [sum, node.op("sum", [weighted])]);
}

/** Classes are the file's axis 1. */
const nllLoss: Rule = (node) => {
  const x = node.input(0);
  return [node.computed(lossOf(node, node.handle(x, channelsLast(rankOf(x))), node.input(1), node.optional(2)))];
};

const crossEntropyLoss: Rule = (node) => {
  const x = node.input(0);
  const order = channelsLast(rankOf(x));
  const logProbabilities = node.op("logSoftmax", [node.handle(x, order)]);
  const loss = node.computed(lossOf(node, logProbabilities, node.input(1), node.optional(2)));
  return [loss, node.computed(logProbabilities, order)];
};

/** The learning rate, how many steps there were, and `kinds` tensors for each of the parameters, kind by kind. */
function stateOf(node: Lowering, kinds: number): { rate: Handle; steps: Handle; tensors: Handle[][] } {
  const rest = node.inputs.slice(2).map((value) => node.handle(value, asItIs(rankOf(value))));
  const count = rest.length / kinds;
  if (!Number.isInteger(count) || count === 0) node.fail(`wants ${kinds} tensors for each parameter`);
  const tensors = Array.from({ length: count }, (_, which) =>
    Array.from({ length: kinds }, (__, kind) => rest[kind * count + which] as Handle),
  );
  return { rate: node.handle(node.input(0)), steps: node.op("cast", [node.handle(node.input(1))], "f32"), tensors };
}

/** Results parameter by parameter, put down kind by kind. */
function byKind(node: Lowering, results: readonly (readonly Handle[])[]): Computed[] {
  const kinds = results[0]?.length ?? 0;
  return Array.from({ length: kinds }, (_, kind) => results.map((one) => node.computed(one[kind] as Handle))).flat();
}

/** What these formulas are made of. */
function arithmetic(node: Lowering) {
  return {
    add: (a: Handle, b: Handle) => node.op("add", [a, b]),
    sub: (a: Handle, b: Handle) => node.op("sub", [a, b]),
    mul: (a: Handle, b: Handle) => node.op("mul", [a, b]),
    div: (a: Handle, b: Handle) => node.op("div", [a, b]),
    scale: (a: Handle, factor: number) => node.op("mul", [a], factor),
    plus: (a: Handle, addend: number) => node.op("add", [a], addend),
    sqrt: (a: Handle) => node.op("sqrt", [a]),
    /** base ** exponent. */
    powerOf: (base: number, exponent: Handle) => node.op("pow", [node.scalar(base), exponent]),
    /** The first after step 0, else the second. */
    afterFirst: (steps: Handle, a: Handle, b: Handle) => node.op("where", [node.op("greater", [steps], 0), a, b]),
  };
}

/** The gradient with L2 weight decay. */
function decayed(node: Lowering, x: Handle, gradient: Handle): Handle {
  const { add, scale } = arithmetic(node);
  return add(scale(x, node.number("norm_coefficient", 0)), gradient);
}

const adam: Rule = (node) => {
  const { add, sub, mul, div, scale, plus, sqrt, powerOf, afterFirst } = arithmetic(node);
  const [alpha, beta, epsilon] = [node.number("alpha", 0.9), node.number("beta", 0.999), node.number("epsilon", 0)];
  const { rate, steps, tensors } = stateOf(node, 4);
  const left = (base: number) => plus(scale(powerOf(base, steps), -1), 1);
  const corrected = div(mul(rate, sqrt(left(beta))), left(alpha));
  const adjusted = afterFirst(steps, corrected, rate);
  const results = tensors.map(([x, g, v, h]) => {
    if (!x || !g || !v || !h) return node.fail("lacks a tensor");
    const gradient = decayed(node, x, g);
    const moment = add(scale(v, alpha), scale(gradient, 1 - alpha));
    const square = add(scale(h, beta), scale(mul(gradient, gradient), 1 - beta));
    const next = sub(x, div(mul(adjusted, moment), plus(sqrt(square), epsilon)));
    return [scale(next, 1 - node.number("norm_coefficient_post", 0)), moment, square];
  });
  return byKind(node, results);
};

const adagrad: Rule = (node) => {
  const { add, sub, mul, div, scale, plus, sqrt } = arithmetic(node);
  const { rate, steps, tensors } = stateOf(node, 3);
  const decaying = div(rate, plus(scale(steps, node.number("decay_factor", 0)), 1));
  const results = tensors.map(([x, g, h]) => {
    if (!x || !g || !h) return node.fail("lacks a tensor");
    const gradient = decayed(node, x, g);
    const square = add(h, mul(gradient, gradient));
    return [sub(x, div(mul(decaying, gradient), plus(sqrt(square), node.number("epsilon", 0)))), square];
  });
  return byKind(node, results);
};

const momentum: Rule = (node) => {
  const { add, sub, mul, scale, afterFirst } = arithmetic(node);
  const [alpha, beta] = [node.number("alpha", 0), node.number("beta", 0)];
  const mode = node.text("mode", "standard");
  if (mode !== "standard" && mode !== "nesterov")
    node.fail(`: mode is "standard" or "nesterov", got "${mode.slice(0, 20)}"`);
  const { rate, steps, tensors } = stateOf(node, 3);
  const results = tensors.map(([x, g, v]) => {
    if (!x || !g || !v) return node.fail("lacks a tensor");
    const gradient = decayed(node, x, g);
    const step = add(scale(v, alpha), mul(afterFirst(steps, node.scalar(beta), node.scalar(1)), gradient));
    const along = mode === "nesterov" ? add(gradient, scale(step, alpha)) : step;
    return [sub(x, mul(rate, along)), step];
  });
  return byKind(node, results);
};

export const trainingRules: Readonly<Record<string, Rule>> = {
  NegativeLogLikelihoodLoss: nllLoss,
  SoftmaxCrossEntropyLoss: crossEntropyLoss,
};

/** Of the domain ai.onnx.preview.training. */
export const optimizerRules: Readonly<Record<string, Rule>> = { Adagrad: adagrad, Adam: adam, Momentum: momentum };
