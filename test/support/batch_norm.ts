import { sizeOf } from "../../src/core/shape.ts";
import type { Node } from "../../src/graph/node.ts";
import { batchNormOfBatch } from "../../src/graph/ops/batch_norm.ts";
import type { Graph } from "../../src/graph.ts";
import type { RandomData } from "./random.ts";

/** Half a unit in the last place of f32, relative. */
const ROUNDING = 2 ** -24;
/** Roundings of a sum that a kernel may be worse than √n random ones (DESIGN section 5). */
const SLACK = 8;

export interface BatchNormCase {
  readonly shape: readonly number[];
  readonly epsilon: number;
  /** A ReLU follows. */
  readonly relu: boolean;
  /** One an image; a negative one leaves it out of the statistics. */
  readonly labels: readonly number[] | undefined;
  readonly x: Float64Array;
  readonly gamma: Float64Array;
  readonly beta: Float64Array;
  readonly dy: Float64Array;
}

export type BatchNormResults = Record<"y" | "mean" | "variance" | "dx" | "dgamma" | "dbeta", Float64Array>;

/** Shapes that every run meets beside the random ones. */
export const AWKWARD_BATCHES: readonly (readonly number[])[] = [
  [61, 5, 5, 3],
  [2, 27, 29, 4],
  [1, 27, 29, 1],
  [1, 1, 1, 5],
  [61, 33],
  [3, 40, 40, 8],
  [2, 1, 1, 70],
];

/** A batch of values that lie `offset` deviations from 0. */
export function batchNormCase(
  random: RandomData,
  options: { shape?: readonly number[]; relu?: boolean; masked?: boolean; offset?: number } = {},
): BatchNormCase {
  const channels = random.pick([1, 2, 3, 4, 7, 8, 12, 16]);
  const shape = options.shape ?? [random.pick([1, 2, 5, 8]), random.integer(1, 12), random.integer(1, 12), channels];
  const perChannel = shape[shape.length - 1] as number;
  const batch = shape[0] as number;
  const offset = options.offset ?? random.pick([0, 0, 3, 30]);
  return {
    shape,
    epsilon: random.pick([1e-3, 1e-5, 0.1]),
    relu: options.relu ?? false,
    labels: options.masked ? Array.from({ length: batch }, () => random.integer(-1, 2)) : undefined,
    x: random.normals(sizeOf(shape)).map((value) => Math.fround(value + offset)),
    gamma: random.normals(perChannel),
    beta: random.normals(perChannel),
    dy: random.normals(sizeOf(shape)),
  };
}

/** The same as nodes over the inputs x, gamma, beta, dy. */
export function buildBatchNorm(graph: Graph, one: BatchNormCase): Record<string, Node> {
  const channels = one.gamma.length;
  const x = graph.input("x", one.shape);
  const [gamma, beta] = ["gamma", "beta"].map((name) => graph.input(name, [channels])) as [Node, Node];
  const dy = graph.input("dy", one.shape);
  const labels = one.labels && graph.constant([...one.labels], [one.labels.length], "i32");
  const { y, mean, variance } = batchNormOfBatch(graph, x, gamma, beta, { epsilon: one.epsilon, labels });
  const result = one.relu ? graph.relu(y) : y;
  const [dx, dgamma, dbeta] = graph.gradients(result, [x, gamma, beta], dy) as [Node, Node, Node];
  return { y: result, mean, variance, dx, dgamma, dbeta };
}

export const feedsOf = ({ x, gamma, beta, dy }: BatchNormCase) => ({ x, gamma, beta, dy });

/**
 * The formulas in plain f64 (Ioffe and Szegedy 2015), and beside each value how far f32 may be from it: rounding of its
 * own sums, scaled to their length and magnitude, and what the statistics' errors make of it. Where a ReLU's input is
 * so near 0 that f32 may see another sign, `dy` is set to 0 in place, so that no difference can come from there.
 */
export function batchNormReference(one: BatchNormCase): { values: BatchNormResults; allowed: BatchNormResults } {
  const { shape, x, gamma, beta, dy, epsilon, labels, relu } = one;
  const channels = gamma.length;
  const rows = x.length / channels;
  const rowsPerImage = rows / (shape[0] as number);
  const make = (): BatchNormResults => ({
    y: new Float64Array(x.length),
    mean: new Float64Array(channels),
    variance: new Float64Array(channels),
    dx: new Float64Array(x.length),
    dgamma: new Float64Array(channels),
    dbeta: new Float64Array(channels),
  });
  const [values, allowed] = [make(), make()];
  const counts = (row: number) => labels === undefined || (labels[Math.floor(row / rowsPerImage)] as number) >= 0;
  const all = Array.from({ length: rows }, (_, row) => row);
  const counted = all.filter(counts);
  const n = Math.max(1, counted.length);

  for (let channel = 0; channel < channels; channel++) {
    const at = (row: number) => row * channels + channel;
    const value = (row: number) => x[at(row)] as number;
    const over = (list: number[], term: (row: number) => number) => list.reduce((sum, row) => sum + term(row), 0);
    const sumError = (length: number, magnitude: number) => SLACK * Math.sqrt(length) * ROUNDING * magnitude;

    const mean = over(counted, value) / n;
    const meanError = sumError(n, over(counted, (row) => Math.abs(value(row))) / n);
    const variance = over(counted, (row) => (value(row) - mean) ** 2) / n;
    // The terms are differences that were rounded where x and the mean are.
    const squares = over(counted, (row) => Math.abs(value(row) - mean) * (Math.abs(value(row)) + Math.abs(mean))) / n;
    const varianceError = sumError(n, squares) + meanError ** 2;
    const scale = 1 / Math.sqrt(variance + epsilon);
    const scaleError = (0.5 * varianceError) / (variance + epsilon) + 16 * ROUNDING;
    const g = gamma[channel] as number;
    const b = beta[channel] as number;

    const normalized = (row: number) => (value(row) - mean) * scale;
    const normalizedError = (row: number) =>
      scale * (meanError + 2 * ROUNDING * (Math.abs(value(row)) + Math.abs(mean))) +
      Math.abs(normalized(row)) * (scaleError + 4 * ROUNDING);
    for (const row of all) {
      const y = g * normalized(row) + b;
      const error = Math.abs(g) * normalizedError(row) + 8 * ROUNDING * (Math.abs(g * normalized(row)) + Math.abs(b));
      if (relu && Math.abs(y) <= 4 * error) dy[at(row)] = 0;
      values.y[at(row)] = relu ? Math.max(0, y) : y;
      allowed.y[at(row)] = error;
    }
    const upstream = (row: number) => (relu && values.y[at(row)] === 0 ? 0 : (dy[at(row)] as number));
    const dbeta = over(all, upstream);
    const dbetaError = sumError(
      rows,
      over(all, (row) => Math.abs(upstream(row))),
    );
    const dgamma = over(all, (row) => upstream(row) * normalized(row));
    const dgammaError =
      sumError(
        rows,
        over(all, (row) => Math.abs(upstream(row) * normalized(row))),
      ) +
      over(all, (row) => Math.abs(upstream(row)) * scale * (meanError + ROUNDING * Math.abs(mean))) +
      Math.abs(dgamma) * scaleError;
    for (const row of all) {
      const through = counts(row) ? 1 / n : 0;
      const terms = [upstream(row), -dbeta * through, -normalized(row) * dgamma * through];
      const magnitude = terms.reduce((sum, term) => sum + Math.abs(term), 0);
      values.dx[at(row)] = g * scale * terms.reduce((sum, term) => sum + term, 0);
      allowed.dx[at(row)] =
        Math.abs(g) *
        scale *
        (through * (dbetaError + Math.abs(normalized(row)) * dgammaError + Math.abs(dgamma) * normalizedError(row)) +
          magnitude * (2 * scaleError + 16 * ROUNDING));
    }
    values.mean[channel] = mean;
    allowed.mean[channel] = meanError;
    values.variance[channel] = variance;
    allowed.variance[channel] = varianceError;
    values.dgamma[channel] = dgamma;
    allowed.dgamma[channel] = dgammaError;
    values.dbeta[channel] = dbeta;
    allowed.dbeta[channel] = dbetaError;
  }
  return { values, allowed };
}

/** Throws, naming the first place, unless every result lies within what is allowed (times `share`). */
export function expectWithin(
  got: Record<string, { data: ArrayLike<number> }>,
  { values, allowed }: ReturnType<typeof batchNormReference>,
  share = 1,
): void {
  for (const [name, want] of Object.entries(values)) {
    const limits = allowed[name as keyof BatchNormResults];
    want.forEach((expected, i) => {
      const actual = got[name]?.data[i] as number;
      const limit = share * (limits[i] as number) + 2 ** -126;
      if (!(Math.abs(actual - expected) <= limit)) {
        throw new Error(`${name}[${i}] is ${actual}, expected ${expected} ± ${limit}`);
      }
    });
  }
}
