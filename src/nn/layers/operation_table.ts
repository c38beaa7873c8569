import { ArgumentError } from "../../core/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import * as ops from "../../graph/ops/index.ts";

/** What an attribute may be (`attribute_kinds.ts`); with "?" at its end it may be left out. */
type Kind =
  | "flag"
  | "number"
  | "count"
  | "axis"
  | "axes"
  | "extents"
  | "pair"
  | "pairs"
  | "factors"
  | "padding"
  | "parts"
  | "text";

/** A kind, or an object of them by name. */
export type AttributeKind = Kind | `${Kind}?` | Readonly<Record<string, Kind | `${Kind}?`>>;

/** How an op of the graph is called: operands first, attributes behind them. */
export interface Operation {
  /** Operands, at least and at most. */
  readonly operands: readonly [number, number];
  /** In their order. */
  readonly attributes: readonly AttributeKind[];
  /** The result; several where the op gives several. */
  build(graph: Graph, xs: readonly Node[], attributes: readonly unknown[]): Node | readonly Node[];
}

type Builder = (graph: Graph, ...rest: unknown[]) => Node | Node[];

const builders = new Map<string, unknown>(Object.entries(ops));

/** An op whose builder takes its operands one by one, and then its attributes. */
function plain(name: keyof typeof ops, operands: readonly [number, number], attributes: readonly AttributeKind[] = []) {
  const build = builders.get(name) as Builder;
  return [name, { operands, attributes, build: (graph, xs, all) => build(graph, ...xs, ...all) }] as const satisfies [
    string,
    Operation,
  ];
}

const unary = (name: keyof typeof ops, ...attributes: AttributeKind[]) => plain(name, [1, 1], attributes);
const reduction = (name: keyof typeof ops) => unary(name, "axes?", "flag?");

/** An op of so many tensors, the last of which may be a number. */
function withNumber(name: keyof typeof ops, count: number): readonly [string, Operation] {
  const build: Operation["build"] = (graph, xs, [number]) => {
    const operands = number === undefined ? xs : [...xs, number];
    if (operands.length !== count) {
      throw new ArgumentError(`takes ${count} tensors, or a number as its attribute in the place of the last.`);
    }
    return (builders.get(name) as Builder)(graph, ...operands);
  };
  return [name, { operands: [count - 1, count], attributes: ["number?"], build }];
}

const WINDOWS = { "strides?": "pair", "padding?": "padding", "dilations?": "pair" } as const;
const POOL = { size: "pair", ...WINDOWS, "ceilMode?": "flag" } as const;

/** Normalisations of single images take scale and shift as operands. */
function normalization(
  name: "layerNorm" | "groupNorm" | "instanceNorm",
  attributes: AttributeKind,
): [string, Operation] {
  const normalize = builders.get(name) as (graph: Graph, x: Node, options: object) => Node;
  const build: Operation["build"] = (graph, [x, gamma, beta], [options]) =>
    normalize(graph, x as Node, { ...(options as object | undefined), gamma, beta });
  return [name, { operands: [1, 3], attributes: [attributes], build }];
}

/** The shape of a reshape, in which one extent may be −1. */
function filledIn(x: Node, shape: readonly number[]): number[] {
  const known = shape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const whole = x.shape.reduce((product, extent) => product * extent, 1);
  return shape.map((extent) => (extent === -1 ? whole / known : extent));
}

/**
 * The ops that `operation` knows: every one that makes values of values alone. Those that change variables, draw random numbers
 * or belong to the steps of a trainer are not among them.
 */
export const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ...(["abs", "erf", "exp", "hardSwish", "log", "logSoftmax", "mish", "neg", "relu", "relu6"] as const).map((name) =>
    unary(name),
  ),
  ...(["rootOfSquares", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "sqrt"] as const).map((name) =>
    unary(name),
  ),
  ...(["stopGradient", "tanh"] as const).map((name) => unary(name)),
  unary("clip", "number", "number"),
  unary("elu", "number?"),
  unary("gelu", { "approximate?": "flag" }),
  unary("hardSigmoid", { "alpha?": "number", "beta?": "number" }),
  unary("leakyRelu", "number?"),
  unary("power", "number"),
  ...(["add", "div", "maximum", "minimum", "mul", "pow", "sub"] as const).map((name) => withNumber(name, 2)),
  ...(["equal", "greater", "greaterOrEqual", "less", "lessOrEqual"] as const).map((name) => withNumber(name, 2)),
  plain("prelu", [2, 2]),
  withNumber("where", 3),
  ...(["l1Norm", "l2Norm", "logSumExp", "max", "mean", "min", "product", "sum"] as const).map(reduction),
  unary("argmax", "axis?"),
  unary("cumsum", "axis?", { "exclusive?": "flag", "reverse?": "flag" }),
  unary("globalAvgPool2d", "flag?"),
  unary("globalMaxPool2d", "flag?"),
  unary("maxPool2d", POOL),
  unary("avgPool2d", { ...POOL, "countIncludePad?": "flag" }),
  plain("conv2d", [2, 2], [{ ...WINDOWS, "groups?": "count" }]),
  plain("conv2dTranspose", [2, 2], [{ ...WINDOWS, "groups?": "count", "outputPadding?": "pair" }]),
  plain("depthwiseConv2d", [2, 2], [WINDOWS]),
  plain("matmul", [2, 2], [{ "transposeA?": "flag", "transposeB?": "flag" }]),
  [
    "batchNorm",
    {
      operands: [5, 5],
      attributes: [{ "epsilon?": "number" }],
      build: (graph, [x, gamma, beta, mean, variance], [options]) =>
        ops.batchNorm(
          graph,
          x as Node,
          gamma as Node,
          beta as Node,
          { ...(options as object), mean, variance } as object,
        ),
    },
  ],
  normalization("layerNorm", { "axes?": "axes", "epsilon?": "number" }),
  normalization("groupNorm", { groups: "count", "epsilon?": "number" }),
  normalization("instanceNorm", { "epsilon?": "number" }),
  unary("broadcastTo", "extents"),
  unary("cast", "text"),
  [
    "concat",
    { operands: [1, 1024], attributes: ["axis"], build: (graph, xs, [axis]) => ops.concat(graph, xs, axis as number) },
  ],
  plain("gatherRows", [2, 2], [{ "scale?": "number" }]),
  unary("oneHot", "count"),
  unary("pad", "pairs", { "mode?": "text", "value?": "number" }),
  [
    "reshape",
    {
      operands: [1, 1],
      attributes: ["extents"],
      build: (graph, [x], [shape]) => ops.reshape(graph, x as Node, filledIn(x as Node, shape as number[])),
    },
  ],
  unary("slice", "extents", "extents", "extents?"),
  plain("softmaxCrossEntropy", [2, 2], [{ "reduction?": "text" }]),
  unary("split", "parts", "axis?"),
  unary("transpose", "extents?"),
  unary("upsample2d", {
    ...{ "size?": "factors", "outputSize?": "pair", "interpolation?": "text" },
    ...{ "alignCorners?": "flag", "halfPixelCenters?": "flag" },
  } as const),
]);
