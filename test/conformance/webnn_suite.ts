/** The Web Platform Tests for WebNN: small graphs of named operators, with what they must give in f32. */
import { sizeOf } from "../../src/core/shape.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { type Build, type Given, runGraph } from "./run_graph.ts";
import { expectWithin, OutOfScope, type Suite } from "./suite.ts";
import { absoluteOf, ulp, ulpsOf } from "./webnn_accuracy.ts";
import { callOf, type Options, WEBNN_OPERATORS } from "./webnn_operators.ts";

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

/** Cases whose last expected value, the window that hangs over, is Σx² = 708.62 where √Σx² = 26.62 is meant. */
const WITHOUT_ROOT: ReadonlySet<string> = new Set([
  "l2Pool2d float32 4D tensor options.roundingType=ceil",
  "l2Pool2d float32 4D tensor options.outputSizes ignores options.roundingType=floor",
]);

async function check(backend: Backend, { name: title, graph: description }: WebnnCase): Promise<void> {
  if (WITHOUT_ROOT.has(title)) throw new OutOfScope("l2Pool2d: the source's last value lacks its square root");
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
      const call = callOf(operator.name, graph, optional, flat);
      const y = make(call);
      nodes.set(String(operator.outputs), y);
      ulps += ulpsOf(operator.name, call, y);
      absolute += absoluteOf(operator.name, call, y);
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
  expected: { total: 769, inScope: 502 },
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
