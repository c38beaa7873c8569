/** Nodes whose inputs are known while the file is read: arithmetic with shapes, and weights that are turned before use. */

import type { Lowering } from "./lowering.ts";
import { knownOf } from "./lowering.ts";
import { reshapedTo, squeezedShape, unsqueezedShape } from "./shapes.ts";
import { elementType } from "./tensors.ts";
import {
  asItIs,
  axisOf,
  BATCH,
  type Known,
  placesOf,
  rankOf,
  shapeOf,
  sizeOf,
  stridesOf,
  transposed,
} from "./value.ts";

const known = (shape: readonly number[], data: ArrayLike<number>, type: Known["type"]): Known => ({
  ...{ kind: "known", shape, data, type },
});

const ints = (data: number[]): Known => known([data.length], data, "int");

/** Elements at most of a result that only shapes are computed with. */
const whole = (x: number) => Math.trunc(x);

const BINARY: Readonly<Record<string, (a: number, b: number, isInt: boolean) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b, isInt) => (isInt ? whole(a / b) : a / b),
  Pow: (a, b) => a ** b,
  Mod: (a, b) => a - b * Math.floor(a / b),
  Max: (a, b) => Math.max(a, b),
  Min: (a, b) => Math.min(a, b),
};

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equal: (a, b) => a === b,
  Greater: (a, b) => a > b,
  GreaterOrEqual: (a, b) => a >= b,
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
  And: (a, b) => a !== 0 && b !== 0,
  Or: (a, b) => a !== 0 || b !== 0,
};

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Abs: Math.abs,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Sqrt: Math.sqrt,
  Exp: Math.exp,
  Log: Math.log,
  Reciprocal: (x) => 1 / x,
  Identity: (x) => x,
};

function broadcast(node: Lowering, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return asItIs(rank).map((axis) => {
    const extents = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const extent = extents.find((one) => one !== 1) ?? 1;
    if (extents.some((one) => one !== 1 && one !== extent)) node.fail("is about shapes that do not fit together");
    return extent;
  });
}

/** Values of a tensor as if it had that shape. */
function spread(node: Lowering, value: Known, shape: readonly number[]): number[] {
  node.spend(sizeOf(shape));
  const own = stridesOf(value.shape);
  const missing = shape.length - value.shape.length;
  const strides = shape.map((_, axis) => (value.shape[axis - missing] === 1 ? 0 : (own[axis - missing] ?? 0)));
  return placesOf(shape, strides).map((place) => value.data[place] ?? 0);
}

function foldBinary(
  node: Lowering,
  values: readonly Known[],
  compute: (a: number, b: number) => number,
  type: Known["type"],
) {
  return values.slice(1).reduce((a, b) => {
    const shape = broadcast(node, [a.shape, b.shape]);
    const [left, right] = [spread(node, a, shape), spread(node, b, shape)];
    return known(
      shape,
      left.map((one, place) => compute(one, right[place] ?? 0)),
      type,
    );
  }, values[0] as Known);
}

/** Begin, count and step of a slice along an axis. */
export function sliceRange(extent: number, start: number, end: number, step: number): [number, number] {
  const clamp = (place: number, low: number, high: number) =>
    Math.min(Math.max(place < 0 ? place + extent : place, low), high);
  const [from, to] =
    step > 0
      ? [clamp(start, 0, extent), clamp(end, 0, extent)]
      : [clamp(start, 0, extent - 1), clamp(end, -1, extent - 1)];
  return [from, Math.max(0, Math.ceil((to - from) / step))];
}

/** What a Slice node says, an entry an axis that it names. */
export function slicesOf(node: Lowering, rank: number): { axis: number; start: number; end: number; step: number }[] {
  const attributed = node.opset < 10;
  const starts = (attributed ? node.list("starts") : node.numbers(1)) ?? node.fail("says no starts");
  const ends = (attributed ? node.list("ends") : node.numbers(2)) ?? node.fail("says no ends");
  const axes = (attributed ? node.list("axes") : node.numbers(3)) ?? starts.map((_, index) => index);
  const steps = attributed ? undefined : node.numbers(4);
  return axes.map((axis, index) => {
    const step = steps?.[index] ?? 1;
    if (!Number.isInteger(step) || step === 0) node.fail(`has a step of ${step}`);
    return { axis: axisOf(axis, rank, node.what), start: starts[index] ?? 0, end: ends[index] ?? 0, step };
  });
}

function foldSlice(node: Lowering, [x]: readonly Known[]): Known | undefined {
  if (x === undefined) return undefined;
  const [shape, strides] = [[...x.shape], stridesOf(x.shape)];
  let begin = 0;
  for (const { axis, start, end, step } of slicesOf(node, x.shape.length)) {
    const [from, count] = sliceRange(x.shape[axis] ?? 1, start, end, step);
    begin += from * (strides[axis] ?? 1);
    strides[axis] = (strides[axis] ?? 1) * step;
    shape[axis] = count;
  }
  node.spend(sizeOf(shape));
  return known(
    shape,
    placesOf(shape, strides, begin).map((place) => x.data[place] ?? 0),
    x.type,
  );
}

function foldConcat(node: Lowering, values: readonly Known[]): Known | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  const axis = node.axis(node.number("axis", 1), first);
  const others = (shape: readonly number[]) => shape.filter((_, other) => other !== axis).join();
  if (values.some(({ shape }) => others(shape) !== others(first.shape)))
    node.fail("joins shapes that do not fit together");
  const lengths = values.map(({ shape }) => sizeOf(shape.slice(axis)));
  const data: number[] = [];
  node.spend(lengths.reduce((a, b) => a + b, 0) * sizeOf(first.shape.slice(0, axis)));
  for (let row = 0; row < sizeOf(first.shape.slice(0, axis)); row++) {
    values.forEach((value, which) => {
      const length = lengths[which] ?? 0;
      for (let index = 0; index < length; index++) data.push(value.data[row * length + index] ?? 0);
    });
  }
  const shape = [...first.shape];
  shape[axis] = values.reduce((sum, value) => sum + (value.shape[axis] ?? 0), 0);
  return known(shape, data, first.type);
}

function foldGather(node: Lowering, [x, indices]: readonly Known[]): Known | undefined {
  if (x === undefined || indices === undefined) return undefined;
  const axis = node.axis(node.number("axis", 0), x);
  const extent = x.shape[axis] ?? 1;
  const [outer, inner] = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis + 1))];
  node.spend(outer * inner * indices.data.length);
  const data: number[] = [];
  for (let row = 0; row < outer; row++) {
    for (const index of Array.from(indices.data)) {
      const place = index < 0 ? index + extent : index;
      if (!(Number.isInteger(place) && place >= 0 && place < extent)) node.fail(`takes element ${index} of ${extent}`);
      for (let column = 0; column < inner; column++) data.push(x.data[(row * extent + place) * inner + column] ?? 0);
    }
  }
  return known([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], data, x.type);
}

function filled(node: Lowering, shape: readonly number[]): Known {
  const value = node.tensor("value");
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0) || shape.length > 8)
    node.fail("wants a shape");
  node.spend(sizeOf(shape));
  return known(shape, new Float64Array(sizeOf(shape)).fill(value?.data[0] ?? 0), value?.type ?? "float");
}

function range([start = 0, limit = 0, delta = 1]: number[], node: Lowering, type: Known["type"]): Known {
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  node.spend(count);
  return known(
    [count],
    Array.from({ length: count }, (_, index) => start + index * delta),
    type,
  );
}

type Fold = (node: Lowering, values: readonly Known[]) => Known | undefined;

const FOLDS: Readonly<Record<string, Fold>> = {
  Transpose(node, [x]) {
    if (x === undefined) return undefined;
    const order = node.list("perm") ?? asItIs(rankOf(x)).reverse();
    if ([...order].sort((a, b) => a - b).join() !== asItIs(rankOf(x)).join()) node.fail("has a perm that is none");
    node.spend(x.data.length);
    return transposed(x, order);
  },
  Reshape: (node, [x]) => x && { ...x, shape: reshapedTo(node, x) },
  Flatten(node, [x]) {
    if (x === undefined) return undefined;
    const axis = node.number("axis", 1);
    const split = axis < 0 ? axis + rankOf(x) : axis;
    return { ...x, shape: [sizeOf(x.shape.slice(0, split)), sizeOf(x.shape.slice(split))] };
  },
  Squeeze: (node, [x]) => x && { ...x, shape: squeezedShape(node, x.shape) },
  Unsqueeze: (node, [x]) => x && { ...x, shape: unsqueezedShape(node, x.shape) },
  Slice: foldSlice,
  Concat: foldConcat,
  Gather: foldGather,
  ConstantOfShape: (node, [shape]) => shape && filled(node, Array.from(shape.data)),
  Range: (node, values) =>
    range(
      values.map(({ data }) => data[0] ?? 0),
      node,
      values[0]?.type ?? "int",
    ),
  Expand(node, [x, shape]) {
    if (x === undefined || shape === undefined) return undefined;
    const wide = broadcast(node, [x.shape, Array.from(shape.data)]);
    return known(wide, spread(node, x, wide), x.type);
  },
  Cast(node, [x]) {
    const type = elementType(node.number("to", 0));
    if (x === undefined || type === undefined) return undefined;
    node.spend(x.data.length);
    const converted = type === "int" ? whole : type === "bool" ? (one: number) => (one === 0 ? 0 : 1) : Number;
    return known(
      x.shape,
      Array.from(x.data, (one) => converted(one)),
      type,
    );
  },
  Where(node, [condition, a, b]) {
    if (condition === undefined || a === undefined || b === undefined) return undefined;
    const shape = broadcast(node, [condition.shape, a.shape, b.shape]);
    const [which, left, right] = [condition, a, b].map((value) => spread(node, value, shape)) as [
      number[],
      number[],
      number[],
    ];
    return known(
      shape,
      which.map((one, place) => (one === 0 ? right : left)[place] ?? 0),
      a.type,
    );
  },
  ReduceProd(node, [x]) {
    if (x === undefined || x.shape.length !== 1) return undefined;
    const product = Array.from(x.data).reduce((a, b) => a * b, 1);
    return known(node.number("keepdims", 1) === 0 ? [] : [1], [product], x.type);
  },
  Not: (_, [x]) =>
    x &&
    known(
      x.shape,
      Array.from(x.data, (one) => (one === 0 ? 1 : 0)),
      "bool",
    ),
};

/** Ops that only choose or move values: what they give is of the batch where one of its values is. */
const CHOOSING: ReadonlySet<string> = new Set([
  ...["Cast", "Concat", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Shape", "Slice", "Squeeze", "Transpose"],
  "Unsqueeze",
]);

/** Notes which values are of a model's batch: a number of images that nobody knows while the file is read. */
export function foldNode(node: Lowering): readonly Known[] | undefined {
  const values = foldedValues(node);
  if (values === undefined || !node.isModel) return values;
  const isOfShape = node.node.op === "Shape" || node.node.op === "Size";
  const read = node.inputs.map((one) => (one.kind === "known" ? one.ofBatch : undefined));
  if (!isOfShape && read.every((one) => one === undefined)) return values;
  const isComputed = read.includes("computed") || !(isOfShape || CHOOSING.has(node.node.op));
  return values.map((value) => {
    const holds = Array.from(value.data).some((one) => one !== 0 && one % BATCH === 0);
    return { ...value, ofBatch: isComputed ? "computed" : holds ? "held" : undefined };
  });
}

/** Values that a node gives while the file is read; undefined where it is left to the device. */
function foldedValues(node: Lowering): readonly Known[] | undefined {
  const { op, domain } = node.node;
  if (domain !== "") return undefined;
  const constant = op === "Constant" ? constantOf(node) : undefined;
  if (constant) return [constant];
  if (op === "Shape" || op === "Size") {
    const shape = [...shapeOf(node.input(0))];
    if (op === "Size") return [known([], [sizeOf(shape)], "int")];
    const bound = (place: number) => Math.min(Math.max(place < 0 ? place + shape.length : place, 0), shape.length);
    return [ints(shape.slice(bound(node.number("start", 0)), bound(node.number("end", shape.length))))];
  }
  const values = node.inputs.filter((one) => one.kind === "known");
  if (values.length === 0 || values.length < node.inputs.length) return undefined;
  const folded = foldOf(node, values);
  return folded && [folded];
}

function constantOf(node: Lowering): Known {
  const tensor = node.tensor("value");
  if (tensor) return knownOf(tensor);
  const [float, int] = [node.number("value_float"), node.number("value_int")];
  if (float !== undefined) return known([], [float], "float");
  if (int !== undefined) return known([], [int], "int");
  const [floats, wholes] = [node.list("value_floats"), node.list("value_ints")];
  if (floats) return known([floats.length], floats, "float");
  return wholes ? ints(wholes) : node.fail("holds no tensor of numbers");
}

function foldOf(node: Lowering, values: readonly Known[]): Known | undefined {
  const { op } = node.node;
  const [first] = values as readonly [Known];
  const own = <T>(table: Readonly<Record<string, T>>): T | undefined =>
    Object.hasOwn(table, op) ? table[op] : undefined;
  const fold = own(FOLDS);
  if (fold) return fold(node, values);
  const unary = own(UNARY);
  if (unary) {
    node.spend(first.data.length);
    return known(first.shape, Array.from(first.data, unary), first.type);
  }
  const comparison = own(COMPARISONS);
  if (comparison) return foldBinary(node, values, (a, b) => (comparison(a, b) ? 1 : 0), "bool");
  const binary = own(BINARY);
  return binary && foldBinary(node, values, (a, b) => binary(a, b, first.type === "int"), first.type);
}
