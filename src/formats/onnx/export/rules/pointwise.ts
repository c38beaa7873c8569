/** Functions of single values, and arithmetic that broadcasts. */
import { at } from "../../../../core/at.ts";
import type { PointwiseAttributes } from "../../../../graph/pointwise_functions.ts";
import { asItIs } from "../../value.ts";
import { BOOL, FLOAT, INT32, type WrittenAttribute } from "../file.ts";
import { extentsOf, type Made, once, type Value } from "../values.ts";
import type { Writing } from "../writing.ts";
import type { Rules } from "./rule.ts";

/** The same value after a function of each element: axes and columns stay where they are. */
function mapped(node: Writing, compute: (name: string) => string): Made {
  const x = node.operand("x");
  if (x.kind === "held") return node.made(compute(node.at(x)));
  if (x.rowsOf) return { ...x, rowsOf: { ...x.rowsOf, name: compute(node.at(x.rowsOf)) } };
  if (x.columns === undefined) return node.made(compute(x.name), x.order);
  const { from, lying, plain } = x.columns;
  const columns = { from, lying: once(() => compute(lying())), plain: once(() => node.made(compute(plain().name))) };
  return { ...x, columns };
}

type Attributes = Readonly<Record<string, WrittenAttribute>>;

const unary =
  (op: string, attributes: (own: PointwiseAttributes) => Attributes = () => ({})) =>
  (node: Writing, own: object): Made =>
    mapped(node, (x) => node.emit(op, [x], attributes(own as PointwiseAttributes)));

const float = (value: number) => ({ float: value });

const binary =
  (op: string) =>
  (node: Writing): Value => {
    const { names, order } = node.aligned([node.operand("a"), node.operand("b")]);
    return node.made(node.emit(op, names), order);
  };

/** Values of a matrix that is rows of something with more axes, and of one that is the same for each row. */
function onRows(node: Writing, op: string): Value | undefined {
  const [a, b] = [node.operand("a"), node.operand("b")];
  const rows = a.kind === "made" ? a.rowsOf : undefined;
  if (a.kind !== "made" || rows === undefined || b.kind !== "held" || b.shape.length > 1) return undefined;
  return {
    ...a,
    rowsOf: { ...rows, order: asItIs(rows.order.length), name: node.emit(op, [node.at(rows), node.held(b)]) },
  };
}

const comparison =
  (op: string) =>
  (node: Writing): Value => {
    const { names, order } = node.aligned([node.counted(node.operand("a")), node.counted(node.operand("b"))]);
    return node.made(node.emit(op, names), order, node.node.extents, BOOL);
  };

/** x · Φ(x) */
const gelu = (node: Writing): Made =>
  mapped(node, (x) => {
    const inner = node.emit("Erf", [node.emit("Mul", [x, node.scalar(Math.SQRT1_2)])]);
    const twice = node.emit("Mul", [x, node.emit("Add", [inner, node.scalar(1)])]);
    return node.emit("Mul", [twice, node.scalar(0.5)]);
  });

/** ½x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) */
const geluTanh = (node: Writing): Made =>
  mapped(node, (x) => {
    const cubes = node.emit("Mul", [node.emit("Pow", [x, node.scalar(3)]), node.scalar(0.044715)]);
    const angle = node.emit("Mul", [node.emit("Add", [x, cubes]), node.scalar(Math.sqrt(2 / Math.PI))]);
    const twice = node.emit("Mul", [x, node.emit("Add", [node.emit("Tanh", [angle]), node.scalar(1)])]);
    return node.emit("Mul", [twice, node.scalar(0.5)]);
  });

const clip = (node: Writing, least: number, most: number): Made =>
  mapped(node, (x) =>
    node.emit("Clip", [
      ...[x, Number.isFinite(least) ? node.scalar(least) : ""],
      ...(Number.isFinite(most) ? [node.scalar(most)] : []),
    ]),
  );

/** A slope that stretches to x is a PRelu; any other: what is above 0, and the slope times what is below. */
function prelu(node: Writing): Value {
  const [x, slope] = [node.operand("a"), node.operand("b")];
  const { names, order } = node.aligned([x, slope]);
  const [left, right] = [at(names, 0), at(names, 1)];
  const whole = node.node.extents;
  if (extentsOf(x).length === whole.length && extentsOf(x).every((extent, axis) => extent === whole[axis])) {
    const own = slope.kind === "held" && order[0] === 0 ? slopeOfImage(node, slope, order) : undefined;
    return node.made(node.emit("PRelu", [left, own ?? right], {}, { own: true }), order);
  }
  const above = node.emit("Relu", [left]);
  const below = node.emit("Min", [left, node.scalar(0)]);
  return node.made(node.emit("Add", [above, node.emit("Mul", [below, right])]), order);
}

/** Slopes [channels, 1, 1] without the batch's axis, as exporters write them. */
function slopeOfImage(node: Writing, slope: Extract<Value, { kind: "held" }>, order: readonly number[]): string {
  const missing = order.length - slope.shape.length;
  const wide = [...new Array<number>(missing).fill(1), ...slope.shape];
  const shape = order.map((axis) => wide[axis] ?? 1);
  return node.held({ ...slope, shape: wide }, order, shape[0] === 1 ? shape.slice(1) : shape);
}

function where(node: Writing): Value {
  const condition = node.cast(node.operand("condition"), BOOL);
  const [a, b] = [node.counted(node.operand("a")), node.counted(node.operand("b"))];
  const { names, order } = node.aligned([condition, a, b]);
  return node.made(node.emit("Where", names), order, node.node.extents, a.type);
}

const TYPES = { f32: FLOAT, i32: INT32, u32: INT32, bool: BOOL } as const;

export const pointwiseRules: Rules = {
  abs: unary("Abs"),
  add: (node) => onRows(node, "Add") ?? binary("Add")(node),
  cast: (node, { to }) => node.cast(node.operand("x"), TYPES[to]),
  clip: (node, { a, b }) => clip(node, a, b),
  div: binary("Div"),
  elu: unary("Elu", ({ a }) => ({ alpha: float(a) })),
  equal: comparison("Equal"),
  erf: unary("Erf"),
  exp: unary("Exp"),
  gelu,
  geluTanh,
  hardSigmoid: unary("HardSigmoid", ({ a, b }) => ({ alpha: float(a), beta: float(b) })),
  hardSwish: unary("HardSwish"),
  leakyRelu: unary("LeakyRelu", ({ a }) => ({ alpha: float(a) })),
  less: comparison("Less"),
  lessOrEqual: comparison("LessOrEqual"),
  log: unary("Log"),
  maximum: binary("Max"),
  minimum: binary("Min"),
  mish: (node) => mapped(node, (x) => node.emit("Mul", [x, node.emit("Tanh", [node.emit("Softplus", [x])])])),
  mul: binary("Mul"),
  neg: unary("Neg"),
  pow: binary("Pow"),
  power: (node, { a }) => mapped(node, (x) => node.emit("Pow", [x, node.scalar(a)])),
  prelu,
  relu: unary("Relu"),
  relu6: (node) => clip(node, 0, 6),
  rootOfSquares: unary("Sqrt"),
  selu: unary("Selu"),
  sigmoid: unary("Sigmoid"),
  silu: (node) => mapped(node, (x) => node.emit("Mul", [x, node.emit("Sigmoid", [x])])),
  softplus: unary("Softplus"),
  softsign: unary("Softsign"),
  sqrt: unary("Sqrt"),
  standardize: (node) => {
    const { names, order } = node.aligned([node.operand("centred"), node.operand("inverse")]);
    return node.made(node.emit("Mul", names), order);
  },
  stopGradient: (node) => node.operand("x"),
  sub: binary("Sub"),
  tanh: unary("Tanh"),
  where,
};
