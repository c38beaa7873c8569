/** Functions of single values, and arithmetic that broadcasts. */
import { activation } from "../../../nn/layers/activation.ts";
import { prelu } from "../../../nn/layers/advanced_activations.ts";
import type { Lowering, Rule } from "../lowering.ts";
import { type Computed, type Handle, rankOf, shapeOf } from "../value.ts";

/** The same value after a function of each element: axes and columns stay where they are. */
function mapped(node: Lowering, compute: (x: Handle) => Handle): Computed[] {
  const x = node.input(0);
  if (x.kind === "known") return [node.computed(compute(node.handle(x)))];
  const { columns, order } = x;
  const y: Computed = { kind: "computed", type: "float", handle: compute(x.handle), order };
  if (columns === undefined) return [y];
  const plain = () => node.computed(compute(columns.plain().handle));
  return [{ ...y, columns: { from: columns.from, plain } }];
}

const unary =
  (op: string, attributes: (node: Lowering) => unknown[] = () => []): Rule =>
  (node) =>
    mapped(node, (x) => node.op(op, [x], ...attributes(node)));

/** As a layer, whose name says what it is, where it is one of a model. */
const activated =
  (name: string): Rule =>
  (node) =>
    mapped(node, (x) =>
      node.isModel ? node.layer(x, {}, (layer) => activation(name, { name: layer })) : node.op(name, [x]),
    );

const binary =
  (op: string, type: "float" | "bool" = "float"): Rule =>
  (node) => {
    const { handles, order } = node.aligned(node.inputs);
    const [first, ...others] = handles as [Handle, ...Handle[]];
    const y = others.reduce((sum, one) => node.op(op, [sum, one]), first);
    return [node.computed(y, order, type)];
  };

const mean: Rule = (node) => {
  const { handles, order } = node.aligned(node.inputs);
  const [first, ...others] = handles as [Handle, ...Handle[]];
  const sum = others.reduce((all, one) => node.op("add", [all, one]), first);
  return [node.computed(node.op("div", [sum], handles.length), order)];
};

const power: Rule = (node) => {
  const exponent = node.input(1);
  const single = exponent.kind === "known" && exponent.data.length === 1 ? exponent.data[0] : undefined;
  if (single === undefined || rankOf(exponent) > rankOf(node.input(0))) return binary("pow")(node);
  return mapped(node, (x) => node.op("power", [x], single));
};

const clip: Rule = (node) => {
  const bound = (index: number, name: string) => (node.opset < 11 ? node.number(name) : node.numbers(index)?.[0]);
  const [low, high] = [bound(1, "min"), bound(2, "max")];
  return mapped(node, (x) => {
    const raised = low === undefined || low < -3e38 ? x : node.op("maximum", [x], low);
    return high === undefined || high > 3e38 ? raised : node.op("minimum", [raised], high);
  });
};

const elu: Rule = (node) => mapped(node, (x) => node.op("elu", [x], node.number("alpha", 1)));

/** The standard's, which are f32. */
const SELU_ALPHA = Math.fround(1.6732632);
const SELU_GAMMA = Math.fround(1.050701);

/** γ · (α · eˣ − α) below 0, γ · x above. */
const selu: Rule = (node) =>
  mapped(node, (x) => {
    const [alpha, gamma] = [node.number("alpha", SELU_ALPHA), node.number("gamma", SELU_GAMMA)];
    return node.op("mul", [node.op("elu", [x], alpha)], gamma);
  });

const parametricRelu: Rule = (node) => {
  const [x, slope] = [node.input(0), node.input(1)];
  const rank = rankOf(x);
  const shape = [...new Array<number>(Math.max(0, rank - rankOf(slope))).fill(1), ...shapeOf(slope)];
  if (!node.isModel || x.kind === "known" || slope.kind !== "known" || x.columns || shape[0] !== 1) {
    const { handles, order } = node.aligned([x, slope]);
    return [node.computed(node.op("prelu", handles), order)];
  }
  // One image's slopes, in the order in which the image lies.
  const own = x.order.slice(1).map((axis) => shape[axis] ?? 1);
  const sharedAxes = own.flatMap((extent, place) => (extent === 1 ? [place + 1] : []));
  const strides = [...shape].map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  let places = [0];
  for (const axis of x.order.slice(1)) {
    const [extent, stride] = [shape[axis] ?? 1, strides[axis] ?? 1];
    places = places.flatMap((place) => Array.from({ length: extent }, (_, index) => place + index * stride));
  }
  const alpha = { ...slope, shape: own, data: Float64Array.from(places, (place) => slope.data[place] ?? 0) };
  const y = node.layer(x.handle, { alpha }, (name) => prelu({ sharedAxes, name }));
  return [node.computed(y, x.order)];
};

const where: Rule = (node) => {
  const { handles, order } = node.aligned(node.inputs);
  return [node.computed(node.op("where", handles), order, node.input(1).type)];
};

const cast: Rule = (node) => {
  const to = node.number("to", 1);
  // Halves and doubles are f32 here.
  const name = [1, 10, 11, 16].includes(to)
    ? "f32"
    : to === 9
      ? "bool"
      : [2, 3, 4, 5, 6, 7].includes(to)
        ? "i32"
        : undefined;
  if (name === undefined) return node.fail(`casts to data type ${to}, which is not supported`);
  const [y] = mapped(node, (one) => node.op("cast", [one], name)) as [Computed];
  return [{ ...y, type: name === "f32" ? "float" : name === "bool" ? "bool" : "int" }];
};

const identity: Rule = (node) => [node.input(0)];

const gelu: Rule = (node) =>
  mapped(node, (x) => node.op("gelu", [x], { approximate: node.text("approximate", "none") === "tanh" }));

const hardSigmoid: Rule = (node) =>
  mapped(node, (x) =>
    node.op("hardSigmoid", [x], { alpha: node.number("alpha", 0.2), beta: node.number("beta", 0.5) }),
  );

const not: Rule = (node) => {
  const [y] = mapped(node, (x) => node.op("equal", [node.op("cast", [x], "f32")], 0)) as [Computed];
  return [{ ...y, type: "bool" }];
};

export const pointwiseRules: Readonly<Record<string, Rule>> = {
  Abs: unary("abs"),
  Add: binary("add"),
  Cast: cast,
  Clip: clip,
  Div: binary("div"),
  Elu: elu,
  Equal: binary("equal", "bool"),
  Erf: unary("erf"),
  Exp: unary("exp"),
  Gelu: gelu,
  Greater: binary("greater", "bool"),
  GreaterOrEqual: binary("greaterOrEqual", "bool"),
  HardSigmoid: hardSigmoid,
  HardSwish: unary("hardSwish"),
  Identity: identity,
  LeakyRelu: unary("leakyRelu", (node) => [node.number("alpha", 0.01)]),
  Less: binary("less", "bool"),
  LessOrEqual: binary("lessOrEqual", "bool"),
  Log: unary("log"),
  Max: binary("maximum"),
  Mean: mean,
  Min: binary("minimum"),
  Mish: unary("mish"),
  Mul: binary("mul"),
  Neg: unary("neg"),
  Not: not,
  Pow: power,
  PRelu: parametricRelu,
  Reciprocal: unary("power", () => [-1]),
  Relu: activated("relu"),
  Selu: selu,
  Sigmoid: activated("sigmoid"),
  Softplus: unary("softplus"),
  Softsign: unary("softsign"),
  Sqrt: unary("sqrt"),
  Sub: binary("sub"),
  Sum: binary("add"),
  Tanh: activated("tanh"),
  Where: where,
};
