/** WebNN's operators (W3C, Web Neural Network API) as ops of a graph: every layout becomes NHWC and HWIO on the way. */
import type { Graph } from "../../src/graph/graph.ts";
import type { Node } from "../../src/graph/node.ts";
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
    throw new OutOfScope("l2Pool2d: no such pool here");
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

/** Ranks above 2 are products for each index of the leading axes; one such product at a time, put together again. */
function matmul({ graph, tensor }: Call): Node {
  const [a, b] = [tensor("a"), tensor("b")];
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

/** Softmax along any axis: it goes last, and back. */
function softmax({ graph, tensor, value }: Call): Node {
  const x = tensor("input");
  const last = x.shape.length - 1;
  const axis = value("axis", last);
  const swapped = x.shape.map((_, at) => (at === axis ? last : at === last ? axis : at));
  return graph.transpose(graph.softmax(graph.transpose(x, swapped)), swapped);
}

function reduce({ graph, tensor, value }: Call, kind: "max" | "mean" | "sum"): Node {
  const x = tensor("input");
  const axes = value<number[]>(
    "axes",
    x.shape.map((_, at) => at),
  );
  // An empty list of axes reduces nothing; the graph's ops take it so, too.
  return axes.length === 0 ? x : graph[kind](x, axes, value("keepDimensions", false));
}

/** Every WebNN operator that the graph has. */
export const WEBNN_OPERATORS: Readonly<Record<string, (call: Call) => Node>> = {
  add: ({ graph, tensor }) => graph.add(tensor("a"), tensor("b")),
  sub: ({ graph, tensor }) => graph.sub(tensor("a"), tensor("b")),
  mul: ({ graph, tensor }) => graph.mul(tensor("a"), tensor("b")),
  div: ({ graph, tensor }) => graph.div(tensor("a"), tensor("b")),
  averagePool2d: (call) => pool2d(call, "average"),
  l2Pool2d: (call) => pool2d(call, "l2"),
  maxPool2d: (call) => pool2d(call, "max"),
  batchNormalization,
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
  exp: ({ graph, tensor }) => graph.exp(tensor("input")),
  gelu: ({ graph, tensor }) => graph.gelu(tensor("input")),
  gemm,
  hardSigmoid: ({ graph, tensor, value }) =>
    graph.hardSigmoid(tensor("input"), { alpha: value("alpha", 0.2), beta: value("beta", 0.5) }),
  hardSwish: ({ graph, tensor }) => graph.hardSwish(tensor("input")),
  leakyRelu: ({ graph, tensor, value }) => graph.leakyRelu(tensor("input"), value("alpha", 0.01)),
  linear: ({ graph, tensor, value }) => graph.add(graph.mul(tensor("input"), value("alpha", 1)), value("beta", 0)),
  log: ({ graph, tensor }) => graph.log(tensor("input")),
  matmul,
  pad,
  prelu: ({ graph, tensor }) => graph.prelu(tensor("input"), tensor("slope")),
  reduceMax: (call) => reduce(call, "max"),
  reduceMean: (call) => reduce(call, "mean"),
  reduceSum: (call) => reduce(call, "sum"),
  relu: ({ graph, tensor }) => graph.relu(tensor("input")),
  resample2d,
  reshape: ({ graph, tensor, value }) => graph.reshape(tensor("input"), value<number[]>("newShape", [])),
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
  sqrt: ({ graph, tensor }) => graph.sqrt(tensor("input")),
  tanh: ({ graph, tensor }) => graph.tanh(tensor("input")),
  transpose: ({ graph, tensor, value }) =>
    graph.transpose(tensor("input"), value<number[] | undefined>("permutation", undefined)),
};
