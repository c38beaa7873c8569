import { describe, expect, it } from "vitest";
import { sizeOf } from "../../src/core/shape.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Node } from "../../src/graph/node.ts";
import { batchNormOfBatch } from "../../src/graph/ops/batch_norm.ts";
import { batchNormalization, sequential } from "../../src/index.ts";
import { batchNormReference } from "../support/batch_norm.ts";
import { conformance } from "../support/conformance.ts";

/** Runs `graph` once. */
async function run(
  backend: Backend,
  build: (graph: Graph) => Record<string, Node>,
  feeds: Record<string, ArrayLike<number>>,
): Promise<Record<string, ArrayLike<number>>> {
  const graph = new Graph();
  const program = await backend.compile(graph, { outputs: build(graph) });
  const named = Object.entries(feeds).map(([name, values]) => [name, Float64Array.from(values)]);
  const results = await program.run(Object.fromEntries(named)).finally(() => program.dispose());
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
}

function near(got: ArrayLike<number> | undefined, want: ArrayLike<number>, allowed: (i: number) => number): boolean {
  return Array.from(want).every((value, i) => Math.abs((got?.[i] as number) - value) <= allowed(i));
}

interface TorchCase {
  training: boolean;
  /** Share of the new value in the running statistics; null: all of it. */
  momentum: number | null;
  eps: number;
  xShape: [number, number, number, number];
  x: number[];
  gamma: number[];
  beta: number[];
  runningMean: number[];
  runningVar: number[];
  dy: number[];
  y: number[];
  dx: number[];
  dgamma: number[];
  dbeta: number[];
  newRunningMean: number[];
  newRunningVar: number[];
}

/** PyTorch's NCHW as our NHWC. */
function nhwc(data: readonly number[], [n, c, h, w]: TorchCase["xShape"]): number[] {
  const pixels = h * w;
  return Array.from({ length: n * pixels * c }, (_, i) => {
    const [channel, pixel, image] = [i % c, Math.floor(i / c) % pixels, Math.floor(i / (c * pixels))];
    return data[(image * c + channel) * pixels + pixel] as number;
  });
}

async function runTorch(backend: Backend, c: TorchCase, precision: number): Promise<boolean> {
  const [n, channels, h, w] = c.xShape;
  const shape = [n, h, w, channels];
  const share = c.momentum ?? 1;
  const count = n * h * w;
  const [x, dy] = [nhwc(c.x, c.xShape), nhwc(c.dy, c.xShape)];
  const { x: _, ...feeds } = { ...c, x };
  const got = await run(
    backend,
    (graph) => {
      const image = graph.input("x", shape);
      const upstream = graph.input("dy", shape);
      const [gamma, beta] = ["gamma", "beta"].map((name) => graph.input(name, [channels])) as [Node, Node];
      const old = [c.runningMean, c.runningVar].map((values) => graph.constant(values)) as [Node, Node];
      if (!c.training) {
        const y = graph.batchNorm(image, gamma, beta, { mean: old[0], variance: old[1], epsilon: c.eps });
        const [dx, dgamma, dbeta] = graph.gradients(y, [image, gamma, beta], upstream) as [Node, Node, Node];
        return { y, dx, dgamma, dbeta };
      }
      const { y, mean, variance } = batchNormOfBatch(graph, image, gamma, beta, { epsilon: c.eps });
      const [dx, dgamma, dbeta] = graph.gradients(y, [image, gamma, beta], upstream) as [Node, Node, Node];
      const [newMean, newVar] = [mean, variance].map((value, i) => graph.movingAverage(old[i]!, value, 1 - share));
      return { y, dx, dgamma, dbeta, newMean: newMean!, newVar: newVar! };
    },
    { x, dy, gamma: feeds.gamma, beta: feeds.beta },
  );
  const typed = (values: readonly number[]) => Float64Array.from(values);
  const { values, allowed } = batchNormReference({
    ...{ shape, epsilon: c.eps, relu: false, labels: undefined },
    ...{ x: typed(x), gamma: typed(c.gamma), beta: typed(c.beta), dy: typed(dy) },
  });
  // The files print nine digits, of x too, and a small variance makes much of the last.
  const variances = c.training ? values.variance : typed(c.runningVar);
  const printed = (channel: number, value: number) =>
    1e-8 * Math.max(1, 1 / ((variances[channel] as number) + c.eps)) * Math.max(1, Math.abs(value));
  const rounding = precision / 2 ** -24;
  // Given statistics have no error of their own; the bounds are those of sums of that length all the same.
  const close = (name: "y" | "dx" | "dgamma" | "dbeta", want: readonly number[]) =>
    near(
      got[name],
      want,
      (i) => printed(i % channels, want[i] as number) + rounding * 4 * (allowed[name][i] as number),
    );
  // PyTorch's running variance takes in the unbiased one, Σ / (n − 1); ours, as Keras', the biased one.
  const biased = c.newRunningVar.map((value, i) => {
    const before = (1 - share) * (c.runningVar[i] as number);
    return before + ((value - before) * (count - 1)) / count;
  });
  const moved = (values: readonly number[], name: "mean" | "variance") => (i: number) =>
    1e-8 * Math.max(1, Math.abs(values[i] as number)) + rounding * 4 * ((allowed[name][i] as number) + 2 ** -24);
  return (
    close("y", nhwc(c.y, c.xShape)) &&
    close("dx", nhwc(c.dx, c.xShape)) &&
    close("dgamma", c.dgamma) &&
    close("dbeta", c.dbeta) &&
    (!c.training ||
      (near(got["newMean"], c.newRunningMean, moved(c.newRunningMean, "mean")) &&
        near(got["newVar"], biased, moved(biased, "variance"))))
  );
}

interface Scaling {
  shape: number[];
  axis: number;
  epsilon: number;
  x: readonly number[];
  mean: readonly number[];
  variance: readonly number[];
  scale?: readonly number[] | undefined;
  bias?: readonly number[] | undefined;
  expected: readonly number[];
}

/** Inference with the channels on any axis: turned to the last one and back. */
async function runScaling(backend: Backend, c: Scaling, precision: number): Promise<boolean> {
  const rank = c.shape.length;
  const channels = c.shape[c.axis] as number;
  // A batch of its own keeps the tensor at two axes or more.
  const order = [...c.shape.keys()].filter((axis) => axis !== c.axis).concat(c.axis);
  const back = [...c.shape.keys()].map((axis) => order.indexOf(axis));
  const got = await run(
    backend,
    (graph) => {
      const turned = graph.transpose(graph.input("x", c.shape), order);
      const constant = (values: readonly number[]) => graph.constant(values);
      const y = graph.batchNorm(
        turned,
        constant(c.scale ?? new Array<number>(channels).fill(1)),
        constant(c.bias ?? new Array<number>(channels).fill(0)),
        { mean: constant(c.mean), variance: constant(c.variance), epsilon: c.epsilon },
      );
      return { y: graph.transpose(y, back) };
    },
    { x: c.x },
  );
  const stride = sizeOf(c.shape.slice(c.axis + 1, rank));
  return near(got["y"], c.expected, (i) => {
    const channel = Math.floor(i / stride) % channels;
    const factor = Math.abs(c.scale?.[channel] ?? 1) / Math.sqrt((c.variance[channel] as number) + c.epsilon);
    const size = Math.abs(c.x[i] as number) + Math.abs(c.mean[channel] as number);
    return 16 * precision * (factor * size + Math.abs(c.bias?.[channel] ?? 0));
  });
}

interface WebNnTensor {
  data: number[];
  descriptor: { shape: number[]; dataType: string };
}

interface WptCase {
  graph: {
    inputs: Record<string, WebNnTensor>;
    operators: { arguments: Record<string, unknown>[] }[];
    expectedOutputs: Record<string, WebNnTensor>;
  };
}

function fromWpt({ graph }: WptCase): Scaling | undefined {
  const { inputs, operators, expectedOutputs } = graph;
  const x = inputs["bnInput"];
  if (x?.descriptor.dataType !== "float32") return undefined;
  const options = (operators[0]?.arguments.find((argument) => "options" in argument)?.["options"] ?? {}) as {
    axis?: number;
    epsilon?: number;
    scale?: string;
    bias?: string;
  };
  const named = (name: string | undefined) => (name === undefined ? undefined : inputs[name]?.data);
  return {
    shape: x.descriptor.shape,
    axis: options.axis ?? 1,
    epsilon: options.epsilon ?? 1e-5,
    x: x.data,
    mean: named("bnMean") ?? [],
    variance: named("bnVariance") ?? [],
    scale: named(options.scale),
    bias: named(options.bias),
    expected: expectedOutputs["bnOutput"]?.data ?? [],
  };
}

interface BaselineTensor {
  shape: number[];
  data: number[];
}

interface BaselineCase {
  args: [
    BaselineTensor,
    BaselineTensor,
    BaselineTensor,
    { axis?: number; epsilon?: number; scale?: BaselineTensor; bias?: BaselineTensor }?,
  ];
  expected: number[];
}

function fromBaseline({ args: [x, mean, variance, options = {}], expected }: BaselineCase): Scaling {
  return {
    shape: x.shape,
    axis: options.axis ?? 1,
    epsilon: options.epsilon ?? 1e-5,
    ...{ x: x.data, mean: mean.data, variance: variance.data, expected },
    ...{ scale: options.scale?.data, bias: options.bias?.data },
  };
}

interface KerasJsCase {
  input: BaselineTensor;
  weights: BaselineTensor[];
  expected: BaselineTensor;
}

type KerasJsAttributes = Record<
  string,
  { layers: { attrs: { epsilon: number; axis: number; center: boolean; scale: boolean } }[] }
>;

/** Whole layers of Keras, their channels last; one image, without its batch axis. Undefined for another axis. */
async function runKerasJs(
  backend: Backend,
  { input, weights, expected }: KerasJsCase,
  { epsilon, axis, center, scale }: KerasJsAttributes[string]["layers"][number]["attrs"],
  precision: number,
): Promise<boolean | undefined> {
  const last = axis === -1 || axis === input.shape.length;
  if (!last) return undefined;
  const model = sequential({ inputShape: input.shape }, [batchNormalization({ epsilon, center, scale })]);
  const names = [...model.parameters.keys()];
  model.setParameters(
    new Map(weights.map(({ shape, data }, i) => [names[i]!, { shape, data: Float32Array.from(data) }])),
  );
  const got = await run(backend, (graph) => ({ y: model.build(graph, graph.input("x", [1, ...input.shape])) }), {
    x: input.data,
  });
  const most = Math.max(...expected.data.map(Math.abs));
  // Eight digits are printed, and Keras computed in f32.
  return near(got["y"], expected.data, () => (2e-7 + 16 * precision) * Math.max(1, most));
}

/** Batch normalisation against PyTorch's, Keras' and WebNN's own results, on a backend that rounds at `precision`. */
export function batchNormSuite(name: string, open: () => Promise<Backend>, precision: number): void {
  describe(`batch normalisation of other libraries on ${name}`, () => {
    const counted = async (
      path: string,
      expected: number,
      each: (backend: Backend, data: unknown) => Promise<(boolean | undefined)[]>,
    ) => {
      const data = await conformance(path);
      if (data === undefined) {
        console.log(`${path}: 0 of ${expected} cases, ../shared/conformance is not here`);
        return;
      }
      const backend = await open();
      const results = await each(backend, data).finally(() => backend.dispose());
      const inScope = results.filter((result) => result !== undefined);
      console.log(`${path}: ${inScope.filter(Boolean).length} of ${inScope.length} in scope, ${results.length} in all`);
      expect(results.flatMap((result, index) => (result === false ? [index] : []))).toEqual([]);
      expect(inScope.length).toBe(expected);
    };
    const inTurn = async <T>(list: readonly T[], use: (one: T) => Promise<boolean | undefined>) => {
      const results: (boolean | undefined)[] = [];
      for (const one of list) results.push(await use(one));
      return results;
    };

    it("PyTorch: results, gradients and running statistics, 24 cases", () =>
      counted("torch/batchnorm2d.json", 24, (backend, data) =>
        inTurn(data as TorchCase[], (one) => runTorch(backend, one, precision)),
      ));

    it("Web Platform Tests: 12 cases in f32, channels on any axis", () =>
      counted("webnn-wpt/batch_normalization.json", 12, (backend, data) =>
        inTurn(data as WptCase[], async (one) => {
          const scaling = fromWpt(one);
          // WPT's expectations are f32 themselves.
          return scaling && runScaling(backend, scaling, Math.max(precision, 2 ** -25));
        }),
      ));

    it("webnn-baseline: 10 cases", () =>
      counted("webnn-baseline/batch_normalization.json", 10, (backend, data) =>
        inTurn(data as BaselineCase[], (one) => runScaling(backend, fromBaseline(one), precision)),
      ));

    it("Keras layers: the 5 with channels last", async () => {
      const attributes = (await conformance("keras-js/attrs.json")) as KerasJsAttributes | undefined;
      await counted("keras-js/test/data/layers/normalization/BatchNormalization.json", 5, (backend, data) =>
        inTurn(Object.entries(data as Record<string, KerasJsCase>), async ([key, one]) =>
          runKerasJs(backend, one, attributes![key]!.layers[0]!.attrs, precision),
        ),
      );
    });
  });
}
