/** WebNN's operators (W3C, Web Neural Network API) as ops of a graph: every layout becomes NHWC and HWIO on the way. */

import { broadcastShapes } from "../../src/core/axes.ts";
import { sizeOf } from "../../src/core/shape.ts";
import type { Node } from "../../src/graph/node.ts";
import type { Pool2dOptions } from "../../src/graph/ops/max_pool2d.ts";
import type { Graph } from "../../src/graph.ts";
import { OutOfScope } from "./suite.ts";

export type Options = Record<string, unknown>;
type Pair = [number, number];

/** What an operator is given: tensors by argument name, other values beside them. */
export interface Call {
  readonly graph: Graph;
  /** A tensor argument, or a tensor among the options. */
  tensor(name: string): Node;
  optional(name: string): Node | undefined;
  /** A value that is no tensor, or what WebNN takes where it is left out. */
  value<T>(name: string, otherwise: T): T;
}

/** A call of an operator whose tensors are found by `optional`, and whose other values are `options`. */
export function callOf(
  operator: string,
  graph: Graph,
  optional: (name: string) => Node | undefined,
  options: Options,
): Call {
  return {
    graph,
    optional,
    tensor(name) {
      const node = optional(name);
      if (node === undefined) throw new Error(`${operator}: no tensor ${name}`);
      return node;
    },
    value: <T>(name: string, otherwise: T) => (options[name] === undefined ? otherwise : (options[name] as T)),
  };
}

/** Moves the axes of `from` into the order of `to`, both written as letters: "nchw" to "nhwc". */
const relayout = (graph: Graph, x: Node, from: string, to: string): Node =>
  from === to
    ? x
    : graph.transpose(
        x,
        [...to].map((letter) => from.indexOf(letter)),
      );

const paddingOf = ([top, bottom, left, right]: readonly number[]) =>
  [
    [top ?? 0, bottom ?? 0],
    [left ?? 0, right ?? 0],
  ] as const;

function conv2d({ graph, tensor, optional, value }: Call): Node {
  const layout = value("inputLayout", "nchw");
  const y = graph.conv2d(
    relayout(graph, tensor("input"), layout, "nhwc"),
    relayout(graph, tensor("filter"), value("filterLayout", "oihw"), "hwio"),
    {
      strides: value<Pair>("strides", [1, 1]),
      padding: paddingOf(value("padding", [0, 0, 0, 0])),
      dilations: value<Pair>("dilations", [1, 1]),
      groups: value("groups", 1),
    },
  );
  const bias = optional("bias");
  return relayout(graph, bias === undefined ? y : graph.add(y, bias), "nhwc", layout);
}

function convTranspose2d({ graph, tensor, optional, value }: Call): Node {
  const layout = value("inputLayout", "nchw");
  const x = relayout(graph, tensor("input"), layout, "nhwc");
  const filter = relayout(graph, tensor("filter"), value("filterLayout", "iohw"), "hwoi");
  const strides = value<Pair>("strides", [1, 1]);
  const dilations = value<Pair>("dilations", [1, 1]);
  const padding = paddingOf(value("padding", [0, 0, 0, 0]));
  const sizes = value<Pair | undefined>("outputSizes", undefined);
  // What the sizes ask for beyond (input − 1) · stride + (kernel − 1) · dilation + 1 − padding.
  const beyond = (axis: 0 | 1): number => {
    const covered =
      ((x.shape[axis + 1] ?? 0) - 1) * strides[axis] + ((filter.shape[axis] ?? 0) - 1) * dilations[axis] + 1;
    return (sizes?.[axis] ?? 0) - covered + padding[axis][0] + padding[axis][1];
  };
  const outputPadding: Pair = sizes ? [beyond(0), beyond(1)] : value<Pair>("outputPadding", [0, 0]);
  const y = graph.conv2dTranspose(x, filter, {
    strides,
    padding,
    dilations,
    outputPadding,
    groups: value("groups", 1),
  });
  const bias = optional("bias");
  return relayout(graph, bias === undefined ? y : graph.add(y, bias), "nhwc", layout);
}

/**
 * √Σx² of each window. Padding counts as zeros, so that the mean over the whole window times its size is the sum; what
 * rounding up hangs over the edge is made padding, too.
 */
function l2Pool2d(
  graph: Graph,
  x: Node,
  options: Required<Omit<Pool2dOptions, "padding">> & { padding: ReturnType<typeof paddingOf> },
): Node {
  const { size, strides, dilations, ceilMode, padding } = options;
  const pad = (axis: 0 | 1) => {
    const [before, after] = padding[axis];
    const beyond = (x.shape[axis + 1] ?? 0) + before + after - (size[axis] - 1) * dilations[axis] - 1;
    const over = beyond % strides[axis];
    return [before, after + (ceilMode && over > 0 ? strides[axis] - over : 0)] as const;
  };
  const means = graph.avgPool2d(graph.mul(x, x), {
    size,
    strides,
    dilations,
    padding: [pad(0), pad(1)],
    countIncludePad: true,
  });
  return graph.sqrt(graph.mul(means, size[0] * size[1]));
}

/** A pool of windows; the default window is the whole image. `outputSizes` decides how sizes are rounded, where given. */
function pool2d({ graph, tensor, value }: Call, kind: "average" | "l2" | "max"): Node {
  const layout = value("layout", "nchw");
  const x = relayout(graph, tensor("input"), layout, "nhwc");
  const size = value<Pair>("windowDimensions", [x.shape[1] ?? 0, x.shape[2] ?? 0]);
  const options = {
    size,
    strides: value<Pair>("strides", [1, 1]),
    padding: paddingOf(value("padding", [0, 0, 0, 0])),
    dilations: value<Pair>("dilations", [1, 1]),
    ceilMode: value<string>("roundingType", "floor") === "ceil",
  };
  const pool = (ceilMode: boolean): Node => {
    if (kind === "max") return graph.maxPool2d(x, { ...options, ceilMode });
    if (kind === "average") return graph.avgPool2d(x, { ...options, ceilMode, countIncludePad: false });
    return l2Pool2d(graph, x, { ...options, ceilMode });
  };
  const sizes = value<Pair | undefined>("outputSizes", undefined);
  const y = pool(options.ceilMode);
  const fits = sizes === undefined || (y.shape[1] === sizes[0] && y.shape[2] === sizes[1]);
  return relayout(graph, fits ? y : pool(!options.ceilMode), "nhwc", layout);
}

function batchNormalization({ graph, tensor, optional, value }: Call): Node {
  const x = tensor("input");
  const axis = value("axis", 1);
  const others = x.shape.map((_, at) => at).filter((at) => at !== axis);
  const order = [...others, axis];
  const channels = x.shape[axis] ?? 0;
  const filled = (number: number) => graph.constant(new Float32Array(channels).fill(number), [channels]);
  const y = graph.batchNorm(graph.transpose(x, order), optional("scale") ?? filled(1), optional("bias") ?? filled(0), {
    mean: tensor("mean"),
    variance: tensor("variance"),
    epsilon: value("epsilon", 1e-5),
  });
  return graph.transpose(
    y,
    x.shape.map((_, at) => order.indexOf(at)),
  );
}

function gemm({ graph, tensor, optional, value }: Call): Node {
  const product = graph.matmul(tensor("a"), tensor("b"), {
    transposeA: value("aTranspose", false),
    transposeB: value("bTranspose", false),
  });
  const scaled = graph.mul(product, value("alpha", 1));
  const c = optional("c");
  return c === undefined ? scaled : graph.add(scaled, graph.mul(c, value("beta", 1)));
}

/**
 * A vector is a row on the left and a column on the right; two of them give a number. Ranks above 2 are products for each index of the leading axes; one such product at a time, put together again.
 */
function matmul({ graph, tensor }: Call): Node {
  const [first, second] = [tensor("a"), tensor("b")];
  const a = first.shape.length === 1 ? graph.reshape(first, [1, ...first.shape]) : first;
  const b = second.shape.length === 1 ? graph.reshape(second, [...second.shape, 1]) : second;
  if (first.shape.length + second.shape.length === 2) return graph.reshape(graph.matmul(a, b), []);
  const rank = Math.max(a.shape.length, b.shape.length);
  if (rank === 2) return graph.matmul(a, b);
  const lead = (x: Node) => [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape].slice(0, -2);
  const batch = lead(a).map((extent, axis) => Math.max(extent, lead(b)[axis] ?? 1));
  const count = batch.reduce((product, extent) => product * extent, 1);
  const matrices = (x: Node): Node[] => {
    const [rows, columns] = x.shape.slice(-2) as Pair;
    const whole = graph.reshape(graph.broadcastTo(x, [...batch, rows, columns]), [count, rows * columns]);
    return graph.split(whole, count, 0).map((one) => graph.reshape(one, [rows, columns]));
  };
  const [left, right] = [matrices(a), matrices(b)];
  const products = left.map((one, at) => graph.matmul(one, right[at] as Node));
  const [rows, columns] = [a.shape.at(-2) ?? 1, b.shape.at(-1) ?? 1];
  return graph.reshape(graph.concat(products, 0), [...batch, rows, columns]);
}

function resample2d({ graph, tensor, value }: Call): Node {
  const x = tensor("input");
  const axes = value<Pair>("axes", [2, 3]);
  const scales = value<Pair>("scales", [1, 1]);
  const sizes = value<Pair | undefined>("sizes", undefined);
  const order = [...x.shape.map((_, at) => at).filter((at) => !axes.includes(at)), ...axes];
  // [batch, height, width, channels], wherever the two axes are.
  const image = [order[0], order[2], order[3], order[1]] as number[];
  const interpolation = value<string>("mode", "nearest-neighbor") === "linear" ? "bilinear" : "nearest";
  const y = graph.upsample2d(graph.transpose(x, image), {
    ...(sizes === undefined ? { size: scales } : { outputSize: sizes }),
    interpolation,
  });
  return graph.transpose(
    y,
    image.map((_, at) => image.indexOf(at)),
  );
}

function pad({ graph, tensor, value }: Call): Node {
  const [before, after] = [value<number[]>("beginningPadding", []), value<number[]>("endingPadding", [])];
  const mode = value<string>("mode", "constant");
  if (mode === "symmetric") throw new OutOfScope("pad: no mode symmetric here");
  return graph.pad(
    tensor("input"),
    before.map((count, axis): Pair => [count, after[axis] ?? 0]),
    { mode: mode === "reflection" ? "reflect" : mode === "edge" ? "edge" : "constant", value: value("value", 0) },
  );
}

/** One extent may be null: what the others leave. */
function reshape({ graph, tensor, value }: Call): Node {
  const x = tensor("input");
  const shape = value<(number | null)[]>("newShape", []);
  const known = sizeOf(shape.map((extent) => extent ?? 1));
  return graph.reshape(
    x,
    shape.map((extent) => extent ?? sizeOf(x.shape) / known),
  );
}

/** Softmax along any axis: it goes last, and back. */
function softmax({ graph, tensor, value }: Call): Node {
  const x = tensor("input");
  const last = x.shape.length - 1;
  const axis = value("axis", last);
  const swapped = x.shape.map((_, at) => (at === axis ? last : at === last ? axis : at));
  return graph.transpose(graph.softmax(graph.transpose(x, swapped)), swapped);
}

type Reduction = (x: Node, axes: readonly number[], keepDims: boolean) => Node;

function reduce({ tensor, value }: Call, reduction: Reduction): Node {
  const x = tensor("input");
  const all = x.shape.map((_, at) => at);
  return reduction(x, value<number[]>("axes", all), value("keepDimensions", false));
}

/** The place of the largest, or of the smallest, along one axis. */
function argmax({ graph, value }: Call, x: Node): Node {
  const axis = value("axis", 0);
  const y = graph.argmax(x, axis);
  return value("keepDimensions", false)
    ? graph.reshape(
        y,
        x.shape.map((extent, at) => (at === axis ? 1 : extent)),
      )
    : y;
}

/** Statistics of each image and channel. */
function instanceNormalization({ graph, tensor, optional, value }: Call): Node {
  const layout = value("layout", "nchw");
  const y = graph.instanceNorm(relayout(graph, tensor("input"), layout, "nhwc"), {
    gamma: optional("scale"),
    beta: optional("bias"),
    epsilon: value("epsilon", 1e-5),
  });
  return relayout(graph, y, "nhwc", layout);
}

/** Statistics over `axes`, by default all but the first; scale and bias have the axes in the order of the list. */
function layerNormalization({ graph, tensor, optional, value }: Call): Node {
  const x = tensor("input");
  const axes = value<number[]>("axes", [...x.shape.keys()].slice(1));
  const ascending = [...axes].sort((a, b) => a - b);
  const stretched = (name: string): Node | undefined => {
    const parameter = optional(name);
    if (parameter === undefined) return undefined;
    const ordered = graph.transpose(
      parameter,
      ascending.map((axis) => axes.indexOf(axis)),
    );
    return graph.reshape(
      ordered,
      x.shape.map((extent, at) => (axes.includes(at) ? extent : 1)),
    );
  };
  return graph.layerNorm(x, {
    axes,
    gamma: stretched("scale"),
    beta: stretched("bias"),
    epsilon: value("epsilon", 1e-5),
  });
}

/** Slices along one axis by number, those below 0 counted from the end; the axis gives way to those of the indices. */
function gather({ graph, tensor, value }: Call): Node {
  const x = tensor("input");
  const axis = value("axis", 0);
  const indices = value<{ shape: readonly number[]; data: readonly number[] }>("indices", { shape: [0], data: [] });
  const extent = x.shape[axis] ?? 0;
  const rows = graph.constant(
    indices.data.map((index) => (index < 0 ? index + extent : index)),
    [indices.data.length],
    "i32",
  );
  const all = [...x.shape.keys()];
  const others = all.filter((at) => at !== axis);
  const taken = graph.gatherRows(graph.transpose(x, [axis, ...others]), rows);
  const back = graph.transpose(
    taken,
    all.map((at) => (at === axis ? 0 : others.indexOf(at) + 1)),
  );
  return graph.reshape(back, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
}

const CAST_TYPES: Readonly<Record<string, "f32" | "i32" | "u32">> = { float32: "f32", int32: "i32", uint32: "u32" };

/** From f32, or from the type that `from` names. */
function cast({ graph, tensor, value }: Call): Node {
  const type = (name: string) => {
    const known = CAST_TYPES[value<string>(name, "float32")];
    if (known === undefined) throw new OutOfScope(`cast: no type ${value<string>(name, "")} here`);
    return known;
  };
  return graph.cast(graph.cast(tensor("input"), type("from")), type("type"));
}

/** Every WebNN operator that the graph has. */
export const WEBNN_OPERATORS: Readonly<Record<string, (call: Call) => Node>> = {
  add: ({ graph, tensor }) => graph.add(tensor("a"), tensor("b")),
  sub: ({ graph, tensor }) => graph.sub(tensor("a"), tensor("b")),
  mul: ({ graph, tensor }) => graph.mul(tensor("a"), tensor("b")),
  div: ({ graph, tensor }) => graph.div(tensor("a"), tensor("b")),
  max: ({ graph, tensor }) => graph.maximum(tensor("a"), tensor("b")),
  min: ({ graph, tensor }) => graph.minimum(tensor("a"), tensor("b")),
  pow: ({ graph, tensor }) => graph.pow(tensor("a"), tensor("b")),
  equal: ({ graph, tensor }) => graph.equal(tensor("a"), tensor("b")),
  greater: ({ graph, tensor }) => graph.greater(tensor("a"), tensor("b")),
  greaterOrEqual: ({ graph, tensor }) => graph.greaterOrEqual(tensor("a"), tensor("b")),
  lesser: ({ graph, tensor }) => graph.less(tensor("a"), tensor("b")),
  lesserOrEqual: ({ graph, tensor }) => graph.lessOrEqual(tensor("a"), tensor("b")),
  abs: ({ graph, tensor }) => graph.abs(tensor("input")),
  argMax: (call) => argmax(call, call.tensor("input")),
  argMin: (call) => argmax(call, call.graph.neg(call.tensor("input"))),
  averagePool2d: (call) => pool2d(call, "average"),
  l2Pool2d: (call) => pool2d(call, "l2"),
  maxPool2d: (call) => pool2d(call, "max"),
  batchNormalization,
  cast,
  clamp: ({ graph, tensor, value }) =>
    graph.clip(
      tensor("input"),
      value("minValue", Number.NEGATIVE_INFINITY),
      value("maxValue", Number.POSITIVE_INFINITY),
    ),
  concat: ({ graph, value, tensor }) =>
    graph.concat(
      value<string[]>("inputs", []).map((_, at) => tensor(`inputs.${at}`)),
      value("axis", 0),
    ),
  conv2d,
  convTranspose2d,
  elu: ({ graph, tensor, value }) => graph.elu(tensor("input"), value("alpha", 1)),
  erf: ({ graph, tensor }) => graph.erf(tensor("input")),
  exp: ({ graph, tensor }) => graph.exp(tensor("input")),
  expand: ({ graph, tensor, value }) =>
    graph.broadcastTo(
      tensor("input"),
      broadcastShapes("expand", tensor("input").shape, value<number[]>("newShape", [])),
    ),
  gather,
  gelu: ({ graph, tensor }) => graph.gelu(tensor("input")),
  gemm,
  hardSigmoid: ({ graph, tensor, value }) =>
    graph.hardSigmoid(tensor("input"), { alpha: value("alpha", 0.2), beta: value("beta", 0.5) }),
  hardSwish: ({ graph, tensor }) => graph.hardSwish(tensor("input")),
  identity: ({ graph, tensor }) => graph.reshape(tensor("input"), tensor("input").shape),
  instanceNormalization,
  layerNormalization,
  leakyRelu: ({ graph, tensor, value }) => graph.leakyRelu(tensor("input"), value("alpha", 0.01)),
  linear: ({ graph, tensor, value }) => graph.add(graph.mul(tensor("input"), value("alpha", 1)), value("beta", 0)),
  log: ({ graph, tensor }) => graph.log(tensor("input")),
  matmul,
  neg: ({ graph, tensor }) => graph.neg(tensor("input")),
  pad,
  cumulativeSum: ({ graph, tensor, value }) =>
    graph.cumsum(tensor("input"), value("axis", 0), {
      exclusive: Boolean(value("exclusive", false)),
      reverse: Boolean(value("reverse", false)),
    }),
  prelu: ({ graph, tensor }) => graph.prelu(tensor("input"), tensor("slope")),
  reciprocal: ({ graph, tensor }) => graph.div(1, tensor("input")),
  reduceL1: (call) => reduce(call, (x, axes, keep) => call.graph.l1Norm(x, axes, keep)),
  reduceL2: (call) => reduce(call, (x, axes, keep) => call.graph.l2Norm(x, axes, keep)),
  reduceLogSum: (call) => reduce(call, (x, axes, keep) => call.graph.log(call.graph.sum(x, axes, keep))),
  reduceLogSumExp: (call) => reduce(call, (x, axes, keep) => call.graph.logSumExp(x, axes, keep)),
  reduceMax: (call) => reduce(call, (x, axes, keep) => call.graph.max(x, axes, keep)),
  reduceMean: (call) => reduce(call, (x, axes, keep) => call.graph.mean(x, axes, keep)),
  reduceMin: (call) => reduce(call, (x, axes, keep) => call.graph.min(x, axes, keep)),
  reduceProduct: (call) => reduce(call, (x, axes, keep) => call.graph.product(x, axes, keep)),
  reduceSum: (call) => reduce(call, (x, axes, keep) => call.graph.sum(x, axes, keep)),
  reduceSumSquare: (call) => reduce(call, (x, axes, keep) => call.graph.sum(call.graph.mul(x, x), axes, keep)),
  relu: ({ graph, tensor }) => graph.relu(tensor("input")),
  resample2d,
  reshape,
  sigmoid: ({ graph, tensor }) => graph.sigmoid(tensor("input")),
  slice: ({ graph, tensor, value }) =>
    graph.slice(
      tensor("input"),
      value<number[]>("starts", []),
      value<number[]>("sizes", []),
      value<number[] | undefined>("strides", undefined),
    ),
  softmax,
  softplus: ({ graph, tensor }) => graph.softplus(tensor("input")),
  softsign: ({ graph, tensor }) => graph.softsign(tensor("input")),
  // One of the parts, the one that `part` counts.
  split: ({ graph, tensor, value }) =>
    graph.split(tensor("input"), value<number | number[]>("splits", 1), value("axis", 0))[value("part", 0)] as Node,
  sqrt: ({ graph, tensor }) => graph.sqrt(tensor("input")),
  tanh: ({ graph, tensor }) => graph.tanh(tensor("input")),
  transpose: ({ graph, tensor, value }) =>
    graph.transpose(tensor("input"), value<number[] | undefined>("permutation", undefined)),
  where: ({ graph, tensor }) => graph.where(tensor("condition"), tensor("trueValue"), tensor("falseValue")),
};
