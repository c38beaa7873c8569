/** Batch normalisation in PyTorch: results, gradients and running statistics. */
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { batchNormOfBatch } from "../../src/graph/ops/batch_norm.ts";
import { batchNormReference } from "../support/batch_norm.ts";
import { runGraph } from "./run_graph.ts";
import { expectWithin, precisionOf, type Suite } from "./suite.ts";
import { nhwc } from "./torch_layout.ts";

type Three = [Node, Node, Node];
type Four = [Node, Node, Node, Node];

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

async function check(backend: Backend, c: TorchCase): Promise<void> {
  const [n, , h, w] = c.xShape;
  const count = n * h * w;
  const share = c.momentum ?? 1;
  const [x, dy] = [nhwc(c.xShape, c.x), nhwc(c.xShape, c.dy)];
  const ofChannels = (data: number[]) => ({ shape: [data.length], data });
  const got = await runGraph(
    backend,
    { x, dy, gamma: ofChannels(c.gamma), beta: ofChannels(c.beta) },
    (graph, nodes) => {
      const [image, upstream, gamma, beta] = ["x", "dy", "gamma", "beta"].map((name) => nodes[name]) as Four;
      const [oldMean, oldVariance] = [graph.constant(c.runningMean), graph.constant(c.runningVar)];
      if (!c.training) {
        const y = graph.batchNorm(image, gamma, beta, { mean: oldMean, variance: oldVariance, epsilon: c.eps });
        const [dx, dgamma, dbeta] = graph.gradients(y, [image, gamma, beta], upstream) as Three;
        return { y, dx, dgamma, dbeta };
      }
      const { y, mean, variance } = batchNormOfBatch(graph, image, gamma, beta, { epsilon: c.eps });
      const [dx, dgamma, dbeta] = graph.gradients(y, [image, gamma, beta], upstream) as Three;
      const newMean = graph.movingAverage(oldMean, mean, 1 - share);
      const newVariance = graph.movingAverage(oldVariance, variance, 1 - share);
      return { y, dx, dgamma, dbeta, newMean, newVariance };
    },
  );
  const typed = (values: readonly number[]) => Float64Array.from(values);
  const { values, allowed } = batchNormReference({
    ...{ shape: x.shape, epsilon: c.eps, relu: false, labels: undefined },
    ...{ x: typed(x.data), gamma: typed(c.gamma), beta: typed(c.beta), dy: typed(dy.data) },
  });
  // The files print nine digits, of x too, and a small variance makes much of the last.
  const variances = c.training ? values.variance : typed(c.runningVar);
  const printed = (channel: number, value: number) =>
    1e-8 * Math.max(1, 1 / ((variances[channel] as number) + c.eps)) * Math.max(1, Math.abs(value));
  const rounding = precisionOf(backend) / 2 ** -24;
  // Given statistics have no error of their own; the bounds are those of sums of that length all the same.
  const close = (name: "y" | "dx" | "dgamma" | "dbeta", want: readonly number[]) =>
    expectWithin(
      name,
      got[name],
      want,
      (i) => printed(i % c.gamma.length, want[i] as number) + rounding * 4 * (allowed[name][i] as number),
    );
  close("y", nhwc(c.xShape, c.y).data);
  close("dx", nhwc(c.xShape, c.dx).data);
  close("dgamma", c.dgamma);
  close("dbeta", c.dbeta);
  if (!c.training) return;
  // PyTorch's running variance takes in the unbiased one, Σ / (n − 1); ours, as Keras', the biased one.
  const biased = c.newRunningVar.map((value, i) => {
    const before = (1 - share) * (c.runningVar[i] as number);
    return before + ((value - before) * (count - 1)) / count;
  });
  const moved = (values: readonly number[], name: "mean" | "variance") => (i: number) =>
    1e-8 * Math.max(1, Math.abs(values[i] as number)) + rounding * 4 * ((allowed[name][i] as number) + 2 ** -24);
  expectWithin("running mean", got["newMean"], c.newRunningMean, moved(c.newRunningMean, "mean"));
  expectWithin("running variance", got["newVariance"], biased, moved(biased, "variance"));
}

export const torchBatchNormSuite: Suite = {
  source: "torch/batchnorm2d",
  expected: { total: 24, inScope: 24 },
  async run(backend, report) {
    const cases = (await report.read("torch/batchnorm2d.json")) as TorchCase[] | undefined;
    await report.each(
      cases ?? [],
      (_, index) => `batchnorm2d ${index}`,
      (one) => check(backend, one),
    );
  },
};
