/** WebNN's reference implementation: one operator a case, its arguments and what it gave in f64. */
import { sizeOf } from "../../src/core/shape.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { type Build, type Given, magnitudes, runGraph } from "./run_graph.ts";
import { expectWithin, OutOfScope, type Suite } from "./suite.ts";
import { absoluteOf, ulp, ulpsOf } from "./webnn_accuracy.ts";
import { callOf, type Options, WEBNN_OPERATORS } from "./webnn_operators.ts";

interface BaselineTensor {
  shape: readonly number[];
  data: readonly (number | string)[];
}

interface BaselineCase {
  test: string;
  op: string;
  /** By position: tensors, lists of them and other values, and options last. */
  args: readonly unknown[];
  /** Which of several results, as split has them. */
  out: number;
  shape: readonly number[];
  expected: readonly (number | string)[];
  /** Absolute where it is not 0. The source's 0 is meant for f64. */
  tol: number;
}

/** What the arguments before the options are called in WebNN; others: "input". */
const ARGUMENTS: Readonly<Record<string, string>> = {
  argMax: "input axis",
  argMin: "input axis",
  batchNormalization: "input mean variance",
  binary: "a b",
  cast: "input type",
  concat: "inputs axis",
  conv2d: "input filter",
  convTranspose2d: "input filter",
  cumulativeSum: "input axis",
  expand: "input newShape",
  gather: "input indices",
  gemm: "a b",
  matmul: "a b",
  pad: "input beginningPadding endingPadding",
  prelu: "input slope",
  reshape: "input newShape",
  slice: "input starts sizes",
  softmax: "input axis",
  split: "input splits",
  where: "condition trueValue falseValue",
};

/** Sums that may cancel: their errors are measured against the same sum of absolute values. */
const SUMS: ReadonlySet<string> = new Set(
  "add sub averagePool2d conv2d convTranspose2d gemm linear matmul reduceMean reduceSum resample2d".split(" "),
);

/** Differences from a mean, which cancel, too: against the largest of the results. */
const NORMALIZATIONS: ReadonlySet<string> = new Set(
  "batchNormalization instanceNormalization layerNormalization".split(" "),
);

const isTensor = (x: unknown): x is BaselineTensor =>
  typeof x === "object" && x !== null && "shape" in x && "data" in x;

const f32 = (data: BaselineTensor["data"]): number[] => data.map((x) => Math.fround(Number(x)));

/** The operator: which function of one or two numbers it was is told by the case's name alone. */
function operatorOf({ op, test }: BaselineCase): string {
  if (op !== "unary" && op !== "binary") return op;
  const [name = ""] = (test.split(" / ")[1] ?? "").split(" ");
  return op === "binary" && name === "sqrt" ? "pow" : name;
}

/** Arguments and options by name. */
function argumentsOf({ op, test, args, out }: BaselineCase): Options {
  const named: Options = { part: out };
  const names = (ARGUMENTS[op] ?? "input").split(" ");
  args.forEach((one, at) => {
    const name = names[at];
    if (name !== undefined) named[name] = one;
    else Object.assign(named, one);
  });
  if (op === "cast") named.from = /cast (\w+)/.exec(test)?.[1]?.replace("float64", "float32");
  // The source sorted the list that it was given before that was written down.
  if (test.endsWith("descending order axes")) named.axes = [...(named.axes as number[])].reverse();
  return named;
}

/** The tensors among the arguments, those of a list as "inputs.0"; a gather's indices are no f32. */
function inputsOf(named: Options): Record<string, Given> {
  const inputs: Record<string, Given> = {};
  for (const [name, one] of Object.entries(named)) {
    if (name === "indices") continue;
    const list = Array.isArray(one) && one.some(isTensor) ? one.map((part, at) => [`${name}.${at}`, part]) : [];
    for (const [key, tensor] of [[name, one], ...list]) {
      if (isTensor(tensor)) inputs[key as string] = { shape: tensor.shape, data: f32(tensor.data) };
    }
  }
  return inputs;
}

async function check(backend: Backend, one: BaselineCase): Promise<void> {
  const operator = operatorOf(one);
  const named = argumentsOf(one);
  let [ulps, absolute] = [0, 0];
  const buildOf = (name: string): Build => {
    const make = WEBNN_OPERATORS[name];
    if (make === undefined) throw new OutOfScope(`${name}: no such operator here`);
    return (graph, nodes) => {
      const call = callOf(name, graph, (key) => nodes[key], named);
      const y: Node = make(call);
      if (y.shape.join() !== one.shape.join()) throw new Error(`[${y.shape}], expected [${one.shape}]`);
      [ulps, absolute] = [ulpsOf(name, call, y), absoluteOf(name, call, y)];
      return { y };
    };
  };
  const inputs = inputsOf(named);
  const want = f32(one.expected);
  if (want.length !== sizeOf(one.shape)) throw new Error(`${want.length} values for [${one.shape}]`);
  const { y } = await runGraph(backend, inputs, buildOf(operator));
  const largest = Math.max(...want.map(Math.abs));
  const sums = SUMS.has(operator)
    ? await magnitudes(inputs, buildOf(operator === "sub" ? "add" : operator))
    : undefined;
  const sizeAt = (i: number) =>
    NORMALIZATIONS.has(operator) ? largest : Math.max(Math.abs(want[i] as number), sums?.y?.[i] ?? 0);
  // The source computed from decimals in f64: each factor rounded to f32 is another unit, where values are not only moved.
  const units = ulps === 0 ? 0 : ulps + 2;
  const own = one.tol === 0 ? Number.POSITIVE_INFINITY : one.tol;
  expectWithin(operator, y, want, (i) => Math.min(own, units * ulp(sizeAt(i)) + absolute));
}

const FILES =
  "arg_max_min batch_normalization binary cast clamp concat constant conv2d conv_transpose2d cumulativeSum " +
  "dequantize_linear elu expand gather gather_elements gather_nd gelu gemm hard_sigmoid hard_swish " +
  "instance_normalization l2pool2d layer_normalization leaky_relu linear logical matmul pad pool2d prelu " +
  "quantize_linear reduce relu resample2d reshape reverse scatter_elements scatter_nd sigmoid slice softmax softplus " +
  "softsign split tanh tile transpose triangular unary where";

export const webnnBaselineSuite: Suite = {
  source: "webnn-baseline",
  expected: { total: 541, inScope: 441 },
  async run(backend, report) {
    for (const file of FILES.split(" ")) {
      const cases = (await report.read(`webnn-baseline/${file}.json`)) as readonly BaselineCase[] | undefined;
      await report.each(
        cases ?? [],
        ({ test }, index) => `${test} (${index})`,
        (one) => check(backend, one),
      );
    }
  },
};
