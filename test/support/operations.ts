import type { Node } from "../../src/graph/node.ts";
import type { Graph } from "../../src/graph.ts";
import {
  constant,
  conv2d,
  dense,
  flatten,
  input,
  type Model,
  model,
  type OperationOptions,
  operation,
  type SymbolicTensor,
} from "../../src/index.ts";

/** One call of an op as a layer: what it is called on, and the same in a graph. */
export interface OperationCase {
  readonly attributes?: OperationOptions["attributes"];
  /** Shapes of the operands, without the batch. */
  readonly on: readonly (readonly number[])[];
  /** Those of them that are constants. */
  readonly constants?: readonly number[];
  /** Makes i32 of the operand, rounded down. */
  readonly integers?: number;
  build(graph: Graph, xs: readonly Node[], batch: number): Node | readonly Node[];
}

const one = (on: readonly number[], build: (graph: Graph, x: Node) => Node | readonly Node[], attributes?: object) => ({
  on: [on],
  build: (graph: Graph, [x]: readonly Node[]) => build(graph, x as Node),
  ...(attributes === undefined ? {} : { attributes }),
});
const two = (build: (graph: Graph, a: Node, b: Node) => Node) => ({
  ...{ on: [[3, 4], [4]], constants: [1] },
  build: (graph: Graph, [a, b]: readonly Node[]) => build(graph, a as Node, b as Node),
});
const IMAGE = [5, 6, 2];

const UNARY = [
  ...([
    "abs",
    "erf",
    "exp",
    "hardSwish",
    "log",
    "logSoftmax",
    "mish",
    "neg",
    "relu",
    "relu6",
    "rootOfSquares",
  ] as const),
  ...(["selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "sqrt", "stopGradient", "tanh"] as const),
];
const BINARY = [
  ...(["add", "div", "maximum", "minimum", "mul", "pow", "sub", "prelu"] as const),
  ...(["equal", "greater", "greaterOrEqual", "less", "lessOrEqual"] as const),
];
const REDUCTIONS = ["l1Norm", "l2Norm", "logSumExp", "max", "mean", "min", "product", "sum"] as const;

/** Every op that `operation` knows, by name. Operands are above 0. */
export const OPERATION_CASES: Readonly<Record<string, OperationCase>> = {
  ...Object.fromEntries(UNARY.map((name) => [name, one([3, 4], (graph, x) => graph[name](x))])),
  ...Object.fromEntries(BINARY.map((name) => [name, two((graph, a, b) => graph[name](a, b))])),
  ...Object.fromEntries(
    REDUCTIONS.map((name) => [name, one([3, 4], (graph, x) => graph[name](x, [-1], true), [[-1], true])]),
  ),
  where: { ...two((graph, a, b) => graph.where(graph.cast(a, "bool"), b, 0)), attributes: [0] },
  clip: one([3, 4], (graph, x) => graph.clip(x, 0.5, 1), [0.5, 1]),
  elu: one([3, 4], (graph, x) => graph.elu(x, 0.5), [0.5]),
  gelu: one([3, 4], (graph, x) => graph.gelu(x, { approximate: true }), { approximate: true }),
  hardSigmoid: one([3, 4], (graph, x) => graph.hardSigmoid(x, { alpha: 0.2 }), [{ alpha: 0.2 }]),
  leakyRelu: one([3, 4], (graph, x) => graph.leakyRelu(x)),
  power: one([3, 4], (graph, x) => graph.power(x, 3), [3]),
  argmax: one([3, 4], (graph, x) => graph.argmax(x, 1), [1]),
  cumsum: one([3, 4], (graph, x) => graph.cumsum(x, 1, { reverse: true }), [1, { reverse: true }]),
  globalAvgPool2d: one(IMAGE, (graph, x) => graph.globalAvgPool2d(x, true), [true]),
  globalMaxPool2d: one(IMAGE, (graph, x) => graph.globalMaxPool2d(x)),
  maxPool2d: one(IMAGE, (graph, x) => graph.maxPool2d(x, { size: [2, 3], strides: [1, 2], padding: "same" }), {
    ...{ size: [2, 3], strides: [1, 2], padding: "same" },
  }),
  avgPool2d: one(IMAGE, (graph, x) => graph.avgPool2d(x, { size: [2, 2], ceilMode: true }), [
    { size: [2, 2], ceilMode: true },
  ]),
  conv2d: {
    ...{
      on: [IMAGE, [3, 2, 1, 4]],
      constants: [1],
      attributes: {
        groups: 2,
        padding: [
          [1, 0],
          [0, 2],
        ],
      },
    },
    build: (graph, [x, w]) =>
      graph.conv2d(x as Node, w as Node, {
        groups: 2,
        padding: [
          [1, 0],
          [0, 2],
        ],
      }),
  },
  conv2dTranspose: {
    ...{ on: [IMAGE, [2, 2, 3, 2]], constants: [1], attributes: { strides: [2, 2] } },
    build: (graph, [x, w]) => graph.conv2dTranspose(x as Node, w as Node, { strides: [2, 2] }),
  },
  depthwiseConv2d: {
    ...{ on: [IMAGE, [3, 3, 2, 2]], constants: [1], attributes: { padding: "same" } },
    build: (graph, [x, w]) => graph.depthwiseConv2d(x as Node, w as Node, { padding: "same" }),
  },
  matmul: {
    ...{ on: [[4], [3, 4]], constants: [1], attributes: { transposeB: true } },
    build: (graph, [a, b]) => graph.matmul(a as Node, b as Node, { transposeB: true }),
  },
  batchNorm: {
    ...{ on: [IMAGE, [2], [2], [2], [2]], constants: [1, 2, 3, 4], attributes: { epsilon: 0.01 } },
    build: (graph, [x, gamma, beta, mean, variance]) =>
      graph.batchNorm(x as Node, gamma as Node, beta as Node, {
        ...{ epsilon: 0.01, mean: mean as Node, variance: variance as Node },
      }),
  },
  layerNorm: {
    ...{ on: [[3, 4], [4], [4]], constants: [1, 2], attributes: { axes: [1, 2] } },
    build: (graph, [x, gamma, beta]) => graph.layerNorm(x as Node, { axes: [1, 2], gamma, beta }),
  },
  groupNorm: one([3, 4], (graph, x) => graph.groupNorm(x, { groups: 2 }), { groups: 2 }),
  instanceNorm: {
    ...{ on: [[3, 4], [4]], constants: [1] },
    build: (graph, [x, gamma]) => graph.instanceNorm(x as Node, { gamma }),
  },
  broadcastTo: {
    ...{ on: [[1, 4]], attributes: [["batch", 3, 4]] },
    build: (graph, [x], batch) => graph.broadcastTo(x as Node, [batch, 3, 4]),
  },
  cast: one([3, 4], (graph, x) => graph.cast(x, "i32"), ["i32"]),
  concat: {
    on: [
      [3, 4],
      [3, 1],
      [3, 4],
    ],
    attributes: [-1],
    build: (graph, xs) => graph.concat(xs, -1),
  },
  gatherRows: {
    ...{ on: [[3, 2], []], constants: [0], integers: 1, attributes: { scale: 2 } },
    build: (graph, [table, rows]) => graph.gatherRows(table as Node, rows as Node, { scale: 2 }),
  },
  oneHot: { ...one([3], (graph, x) => graph.oneHot(x, 3), [3]), integers: 0 },
  pad: one(
    [3, 4],
    (graph, x) =>
      graph.pad(
        x,
        [
          [0, 0],
          [1, 2],
          [0, 1],
        ],
        { mode: "reflect" },
      ),
    [
      ...[
        [
          [0, 0],
          [1, 2],
          [0, 1],
        ],
        { mode: "reflect" },
      ],
    ],
  ),
  reshape: {
    ...{ on: [[3, 4]], attributes: [["batch", 2, -1]] },
    build: (graph, [x], batch) => graph.reshape(x as Node, [batch, 2, 6]),
  },
  slice: {
    ...{
      on: [[3, 4]],
      attributes: [
        [0, 1, 0],
        ["batch", 2, 4],
        [1, 1, 2],
      ],
    },
    build: (graph, [x], batch) => graph.slice(x as Node, [0, 1, 0], [batch, 2, 4], [1, 1, 2]),
  },
  softmaxCrossEntropy: {
    ...{ on: [[4], []], integers: 1, attributes: { reduction: "none" } },
    build: (graph, [x, labels]) => graph.softmaxCrossEntropy(x as Node, labels as Node, { reduction: "none" }),
  },
  split: one([3, 4], (graph, x) => graph.split(x, [1, 3], -1), [[1, 3], -1]),
  transpose: one([3, 4], (graph, x) => graph.transpose(x, [0, 2, 1]), [[0, 2, 1]]),
  upsample2d: one(IMAGE, (graph, x) => graph.upsample2d(x, { size: [2, 1.5], interpolation: "bilinear" }), {
    ...{ size: [2, 1.5], interpolation: "bilinear" },
  }),
};

/** Values of an operand: above 0, different everywhere, on a coarse grid. */
export const valuesOf = (place: number, size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => ((i * 7 + place * 3) % 23) / 8 + 0.125);

/** A model of one op: outputs as f32, and the values of its inputs for so many images. */
export function modelOf(op: string, one: OperationCase, batch: number): { made: Model; feeds: Float32Array[] } {
  const inputs: SymbolicTensor[] = [];
  const feeds: Float32Array[] = [];
  const operands = one.on.map((shape, place) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const isConstant = one.constants?.includes(place);
    const tensor = isConstant ? constant({ shape, data: valuesOf(place, size) }) : input(shape);
    if (!isConstant) {
      inputs.push(tensor);
      feeds.push(valuesOf(place, batch * size));
    }
    return one.integers === place ? operation({ op: "cast", attributes: ["i32"] })(tensor) : tensor;
  });
  const result: SymbolicTensor | readonly SymbolicTensor[] = operation({
    op,
    ...(one.attributes === undefined ? {} : { attributes: one.attributes }),
  })(operands);
  const outputs = (Array.isArray(result) ? result : [result]).map((tensor: SymbolicTensor) =>
    tensor.dtype === "f32" ? tensor : operation({ op: "cast", attributes: ["f32"] })(tensor),
  );
  return { made: model({ inputs, outputs }), feeds };
}

/** A network of layers, ops, parts and constants, as an importer might make one; 3 classes of [6, 6, 2]. */
export function importedNetwork(): Model {
  const x = input([6, 6, 2], { name: "picture" });
  const filter = constant({
    shape: [3, 3, 2, 4],
    data: valuesOf(1, 72).map((value) => (value - 1.5) / 4),
    name: "filter",
  });
  const maps = operation({ op: "conv2d", attributes: { padding: "same" }, name: "fixed" })(x, filter);
  const [a, b] = operation({ op: "split", attributes: [2, -1] })(maps) as [SymbolicTensor, SymbolicTensor];
  const gate = operation({ op: "mul" })(a, operation({ op: "sigmoid" })(b));
  const learned = conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: "same" })(gate);
  const shifted = operation({ op: "maximum", attributes: [-0.25] })(learned);
  const scaled = operation({ op: "mul" })(shifted, constant({ shape: [3], data: [1, 0.5, 2], name: "scale" }));
  return model({ inputs: x, outputs: dense({ units: 3 })(flatten()(scaled)), seed: 4 });
}
