import { at } from "../../core/at.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Node } from "../../graph/node.ts";
import {
  batchMeanOp,
  batchNormGammaGradientOp,
  batchNormInputGradientOp,
  batchNormOp,
  batchVarianceOp,
} from "../../graph/ops/batch_norm.ts";
import { type CpuArray, defineCpuOp, read, storeSums, zeroSums } from "../op.ts";

/** x as rows of channels: [rows, channels], so many rows an image. */
interface Rows {
  readonly rows: number;
  readonly channels: number;
  readonly rowsPerImage: number;
}

function rowsOf(node: Node): Rows {
  const { shape } = node.operand("x");
  const channels = at(shape, shape.length - 1);
  const rows = sizeOf(shape) / channels;
  return { rows, channels, rowsPerImage: rows / at(shape, 0) };
}

/** Which rows count: all, or those of images whose label is not negative. */
function counting({ rows, rowsPerImage }: Rows, labels: CpuArray | undefined): { counts: boolean[]; total: number } {
  const counts = Array.from(
    { length: rows },
    (_, row) => labels === undefined || read(labels, Math.floor(row / rowsPerImage)) >= 0,
  );
  return { counts, total: Math.max(1, counts.filter(Boolean).length) };
}

const inverseDeviation = (variance: CpuArray, channel: number, epsilon: number) =>
  1 / Math.sqrt(read(variance, channel) + epsilon);

export const batchNormOps = [
  defineCpuOp(
    batchMeanOp,
    ({ node, input, optionalInput, output }) => {
      const x = input("x");
      const sizes = rowsOf(node);
      const { counts, total } = counting(sizes, optionalInput("labels"));
      const sums = zeroSums(output);
      for (let row = 0, i = 0; row < sizes.rows; row++) {
        for (let channel = 0; channel < sizes.channels; channel++, i++) {
          if (counts[row]) sums[channel] = read(sums, channel) + read(x, i);
        }
      }
      for (let channel = 0; channel < sizes.channels; channel++) sums[channel] = read(sums, channel) / total;
      storeSums(sums, output);
    },
    (node) => sizeOf(node.operand("x").shape),
  ),
  defineCpuOp(
    batchVarianceOp,
    ({ node, input, optionalInput, output }) => {
      const [x, mean] = [input("x"), input("mean")];
      const sizes = rowsOf(node);
      const { counts, total } = counting(sizes, optionalInput("labels"));
      const sums = zeroSums(output);
      for (let row = 0, i = 0; row < sizes.rows; row++) {
        for (let channel = 0; channel < sizes.channels; channel++, i++) {
          if (counts[row]) sums[channel] = read(sums, channel) + (read(x, i) - read(mean, channel)) ** 2;
        }
      }
      for (let channel = 0; channel < sizes.channels; channel++) sums[channel] = read(sums, channel) / total;
      storeSums(sums, output);
    },
    (node) => 3 * sizeOf(node.operand("x").shape),
  ),
  defineCpuOp(
    batchNormOp,
    ({ node, attributes: { epsilon }, input, output }) => {
      const [x, mean, variance, gamma, beta] = [
        input("x"),
        input("mean"),
        input("variance"),
        input("gamma"),
        input("beta"),
      ];
      const { channels } = rowsOf(node);
      for (let i = 0; i < output.length; i++) {
        const channel = i % channels;
        const normalized = (read(x, i) - read(mean, channel)) * inverseDeviation(variance, channel, epsilon);
        output[i] = normalized * read(gamma, channel) + read(beta, channel);
      }
    },
    (node) => 4 * sizeOf(node.shape),
  ),
  defineCpuOp(
    batchNormGammaGradientOp,
    ({ node, attributes: { epsilon }, input, output }) => {
      const [x, upstream, mean, variance] = [input("x"), input("upstream"), input("mean"), input("variance")];
      const { channels } = rowsOf(node);
      const sums = zeroSums(output);
      for (let i = 0; i < x.length; i++) {
        const channel = i % channels;
        const normalized = (read(x, i) - read(mean, channel)) * inverseDeviation(variance, channel, epsilon);
        sums[channel] = read(sums, channel) + read(upstream, i) * normalized;
      }
      storeSums(sums, output);
    },
    (node) => 4 * sizeOf(node.operand("x").shape),
  ),
  // dx = gamma / √(variance + ε) · (dy − Σ dy / n − x̂ · Σ dy x̂ / n); images that were not counted move no statistic.
  defineCpuOp(
    batchNormInputGradientOp,
    ({ node, attributes: { epsilon }, input, optionalInput, output }) => {
      const [x, upstream, mean, variance, gamma] = [
        input("x"),
        input("upstream"),
        input("mean"),
        input("variance"),
        input("gamma"),
      ];
      const [gammaGradient, betaGradient] = [input("gammaGradient"), input("betaGradient")];
      const sizes = rowsOf(node);
      const { counts, total } = counting(sizes, optionalInput("labels"));
      for (let row = 0, i = 0; row < sizes.rows; row++) {
        for (let channel = 0; channel < sizes.channels; channel++, i++) {
          const scale = inverseDeviation(variance, channel, epsilon);
          const normalized = (read(x, i) - read(mean, channel)) * scale;
          const throughStatistics = (read(betaGradient, channel) + normalized * read(gammaGradient, channel)) / total;
          output[i] = read(gamma, channel) * scale * (read(upstream, i) - (counts[row] ? throughStatistics : 0));
        }
      }
    },
    (node) => 8 * sizeOf(node.shape),
  ),
];
