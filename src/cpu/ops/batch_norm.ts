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
  const { shape } = at(node.inputs, 0);
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
    ({ node, input, inputCount, output }) => {
      const x = input(0);
      const sizes = rowsOf(node);
      const { counts, total } = counting(sizes, inputCount > 1 ? input(1) : undefined);
      const sums = zeroSums(output);
      for (let row = 0, i = 0; row < sizes.rows; row++) {
        for (let channel = 0; channel < sizes.channels; channel++, i++) {
          if (counts[row]) sums[channel] = read(sums, channel) + read(x, i);
        }
      }
      for (let channel = 0; channel < sizes.channels; channel++) sums[channel] = read(sums, channel) / total;
      storeSums(sums, output);
    },
    (node) => sizeOf(at(node.inputs, 0).shape),
  ),
  defineCpuOp(
    batchVarianceOp,
    ({ node, input, inputCount, output }) => {
      const [x, mean] = [input(0), input(1)];
      const sizes = rowsOf(node);
      const { counts, total } = counting(sizes, inputCount > 2 ? input(2) : undefined);
      const sums = zeroSums(output);
      for (let row = 0, i = 0; row < sizes.rows; row++) {
        for (let channel = 0; channel < sizes.channels; channel++, i++) {
          if (counts[row]) sums[channel] = read(sums, channel) + (read(x, i) - read(mean, channel)) ** 2;
        }
      }
      for (let channel = 0; channel < sizes.channels; channel++) sums[channel] = read(sums, channel) / total;
      storeSums(sums, output);
    },
    (node) => 3 * sizeOf(at(node.inputs, 0).shape),
  ),
  defineCpuOp(
    batchNormOp,
    ({ node, attributes: { epsilon }, input, output }) => {
      const [x, mean, variance, gamma, beta] = [input(0), input(1), input(2), input(3), input(4)];
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
      const [x, upstream, mean, variance] = [input(0), input(1), input(2), input(3)];
      const { channels } = rowsOf(node);
      const sums = zeroSums(output);
      for (let i = 0; i < x.length; i++) {
        const channel = i % channels;
        const normalized = (read(x, i) - read(mean, channel)) * inverseDeviation(variance, channel, epsilon);
        sums[channel] = read(sums, channel) + read(upstream, i) * normalized;
      }
      storeSums(sums, output);
    },
    (node) => 4 * sizeOf(at(node.inputs, 0).shape),
  ),
  // dx = gamma / √(variance + ε) · (dy − Σ dy / n − x̂ · Σ dy x̂ / n); images that were not counted move no statistic.
  defineCpuOp(
    batchNormInputGradientOp,
    ({ node, attributes: { epsilon }, input, inputCount, output }) => {
      const [x, upstream, mean, variance, gamma] = [input(0), input(1), input(2), input(3), input(4)];
      const [gammaGradient, betaGradient] = [input(5), input(6)];
      const sizes = rowsOf(node);
      const { counts, total } = counting(sizes, inputCount > 7 ? input(7) : undefined);
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
