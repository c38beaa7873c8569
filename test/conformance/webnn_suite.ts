/** The Web Platform Tests for WebNN: small graphs of named operators, with what they must give in f32. */
import { sizeOf } from "../../src/core/shape.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { type Build, type Given, runGraph } from "./run_graph.ts";
import { expectWithin, OutOfScope, type Suite } from "./suite.ts";
import { type Call, type Options, WEBNN_OPERATORS } from "./webnn_operators.ts";

interface WebnnTensor {
  /** One number stands for as many as the shape has. */
  data: number | readonly (number | string)[];
  descriptor: { shape: readonly number[]; dataType: string };
}

interface WebnnCase {
  name: string;
  graph: {
    inputs: Record<string, WebnnTensor>;
    operators: readonly {
      name: string;
      arguments: readonly (Options | null)[];
      outputs: string | readonly string[];
    }[];
    expectedOutputs: Record<string, WebnnTensor>;
  };
}

/** The one graph above this adds 36 million numbers, which takes the CPU backend a minute. */
const MOST_ELEMENTS = 2 ** 20;

/** Reads a tensor, its decimals as the f32 they stand for; any other type is out of scope. */
function given({ data, descriptor: { shape, dataType } }: WebnnTensor): Given {
  if (dataType !== "float32") throw new OutOfScope(`tensors of ${dataType}`);
  if (sizeOf(shape) > MOST_ELEMENTS) throw new OutOfScope(`tensors of ${sizeOf(shape)} elements: too slow here`);
  const list =
    typeof data === "number" ? new Array<number>(sizeOf(shape)).fill(data) : data.map((x) => Math.fround(Number(x)));
  return { shape, data: list };
}

/** Units in the last place that an operator may add: none where values are only moved or chosen. */
const ULPS: Readonly<Record<string, number>> = {
  add: 1,
  sub: 1,
  mul: 1,
  div: 3,
  prelu: 1,
  leakyRelu: 1,
  linear: 2,
  hardSigmoid: 2,
  softsign: 4,
  hardSwish: 4,
  resample2d: 4,
  batchNormalization: 6,
  sqrt: 4,
  elu: 18,
  gelu: 18,
  softplus: 18,
  tanh: 18,
  exp: 32,
  log: 32,
  sigmoid: 34,
};

/**
 * What an operator may add beside, absolutely: gelu's 1 + erf cancels below 0, where a rounding of 1 becomes |x| / 2 of
 * it, and |x| < 6 wherever the result is not 0; WGSL's log is 2⁻²¹ off near 1.
 */
const ABSOLUTE: Readonly<Record<string, number>> = { gelu: 3 * 2 ** -24, log: 2 ** -21 };

/** Two units for each product of a sum, which is the source's own rule for conv2d, and a few for what follows it. */
function ulpsOf(operator: string, { tensor, value }: Call, y: Node): number {
  const perResult = (x: Node) => sizeOf(x.shape) / sizeOf(y.shape);
  const layout = value("inputLayout", "nchw");
  switch (operator) {
    case "conv2d":
    case "convTranspose2d":
      return 2 * (sizeOf(tensor("filter").shape) / (y.shape[layout.indexOf("c")] ?? 1)) + 1;
    case "gemm":
      return 2 * (tensor("a").shape[value("aTranspose", false) ? 0 : 1] ?? 1) + 3;
    case "matmul":
      return 2 * (tensor("a").shape.at(-1) ?? 1);
    case "averagePool2d":
      return value<number[]>("windowDimensions", [...tensor("input").shape.slice(-2)]).reduce((a, b) => a * b, 1) + 2;
    case "reduceSum":
      return 2 * perResult(tensor("input"));
    case "reduceMean":
      return 2 * perResult(tensor("input")) + 2;
    case "softmax":
      return 3 * Math.max(...y.shape) + 3;
    default:
      return ULPS[operator] ?? 0;
  }
}

/** One unit in the last place of a number in f32. */
const ulp = (x: number): number => 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);

async function check(backend: Backend, { graph: description }: WebnnCase): Promise<void> {
  const want = Object.entries(description.expectedOutputs).map(([name, one]) => [name, given(one)] as const);
  const inputs = Object.fromEntries(Object.entries(description.inputs).map(([name, one]) => [name, given(one)]));
  let [ulps, absolute] = [0, 0];
  const build: Build = (graph, fed) => {
    const nodes = new Map(Object.entries(fed));
    for (const operator of description.operators) {
      const make = WEBNN_OPERATORS[operator.name];
      if (make === undefined) throw new OutOfScope(`${operator.name}: no such operator here`);
      const flat: Options = {};
      for (const one of operator.arguments) {
        const { options, ...rest } = one ?? {};
        Object.assign(flat, rest, options);
      }
      const optional = (name: string): Node | undefined => {
        const [key, index] = name.split(".") as [string, string?];
        const reference = index === undefined ? flat[key] : (flat[key] as readonly unknown[])[Number(index)];
        return reference === undefined ? undefined : nodes.get(String(reference));
      };
      const call: Call = {
        graph,
        optional,
        tensor(name) {
          const node = optional(name);
          if (node === undefined) throw new Error(`${operator.name}: no tensor ${name}`);
          return node;
        },
        value: <T>(name: string, otherwise: T) => (flat[name] === undefined ? otherwise : (flat[name] as T)),
      };
      const y = make(call);
      nodes.set(String(operator.outputs), y);
      ulps += ulpsOf(operator.name, call, y);
      absolute += ABSOLUTE[operator.name] ?? 0;
    }
    return Object.fromEntries(
      want.map(([name, { shape }]) => {
        const node = nodes.get(name);
        if (node?.shape.join() !== shape.join()) throw new Error(`${name}: [${node?.shape}], expected [${shape}]`);
        return [name, node];
      }),
    );
  };
  const got = await runGraph(backend, inputs, build);
  for (const [name, { data }] of want) {
    expectWithin(name, got[name], data, (i) => ulps * ulp(data[i] as number) + absolute);
  }
}

const FILES =
  "add batch_normalization clamp concat conv2d conv_transpose2d div elu exp gelu gemm hard_sigmoid hard_swish leaky_relu " +
  "log matmul mul pad pooling prelu reduce_max reduce_mean reduce_sum relu resample2d reshape sigmoid slice softmax " +
  "softplus sqrt sub subgraph tanh transpose";

export const webnnSuite: Suite = {
  source: "webnn-wpt",
  expected: { total: 769, inScope: 490 },
  async run(backend, report) {
    for (const file of FILES.split(" ")) {
      const cases = (await report.read(`webnn-wpt/${file}.json`)) as readonly WebnnCase[] | undefined;
      await report.each(
        cases ?? [],
        ({ name }) => name,
        (one) => check(backend, one),
      );
    }
  },
};
