import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../core/shape.ts";
import { batchNormOfBatch } from "../../graph/ops/batch_norm.ts";
import { defineLayer, type Layer } from "../layer.ts";

export interface BatchNormalizationOptions {
  /** Share of the old value in a step of the moving statistics, 0…1; default 0.99. */
  momentum?: number;
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
  /** Add a learned `beta`; default true. */
  center?: boolean;
  /** Multiply by a learned `gamma`; default true. */
  scale?: boolean;
  name?: string;
}

/**
 * Each channel (the last axis) shifted and scaled to mean 0 and variance 1, then by learned `gamma` and `beta`; any
 * shape [… , channels] stays as it is. Training uses the mean and the biased variance of the batch over all other axes
 * and moves `moving_mean` and `moving_variance` towards them, moving · momentum + batch · (1 − momentum); evaluation and
 * prediction use these. Ioffe and Szegedy 2015; names, defaults and initial values are Keras'. A convolution before it
 * needs no bias (`useBias: false`). Throws `ArgumentError` for a momentum or an epsilon out of range.
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  const { name, ...plain } = options;
  const what = `layer batch_normalization${name === undefined ? "" : ` "${name}"`}`;
  const { momentum = 0.99, epsilon = 1e-3, center = true, scale = true } = options;
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new ArgumentError(`${what}: momentum must lie in [0, 1], got ${String(momentum)}.`);
  }
  if (!(Number.isFinite(epsilon) && epsilon > 0)) {
    throw new ArgumentError(`${what}: epsilon must be a number above 0, got ${String(epsilon)}.`);
  }
  const channelsOf = (input: Shape) => input[input.length - 1] ?? 0;

  return defineLayer({
    config: { kind: "batchNormalization", ...(name === undefined ? {} : { name }), options: plain },
    keyword: "batch_normalization",
    activation: "linear",
    outputShape(input, where) {
      if (input.length === 0) throw new ShapeError(`${where}: wants [… , channels], got ${formatShape(input)}.`);
      return input;
    },
    parameters(input) {
      const channels = channelsOf(input);
      const common = { shape: [channels], fans: { fanIn: channels, fanOut: channels } };
      return [
        ...(scale ? [{ ...common, name: "gamma", initializer: "ones" as const }] : []),
        ...(center ? [{ ...common, name: "beta", initializer: "zeros" as const }] : []),
        { ...common, name: "moving_mean", initializer: "zeros", trainable: false },
        { ...common, name: "moving_variance", initializer: "ones", trainable: false },
      ];
    },
    multiplyAdds: (input) => sizeOf(input),
    build(x, { graph, training, labels, parameter, update }) {
      const channels = channelsOf(x.shape);
      const filled = (value: number) => graph.constant(new Float32Array(channels).fill(value), [channels]);
      const gamma = scale ? parameter("gamma") : filled(1);
      const beta = center ? parameter("beta") : filled(0);
      const [movingMean, movingVariance] = [parameter("moving_mean"), parameter("moving_variance")];
      if (!training) return graph.batchNorm(x, gamma, beta, { mean: movingMean, variance: movingVariance, epsilon });
      const { y, mean, variance } = batchNormOfBatch(graph, x, gamma, beta, { epsilon, labels });
      update("moving_mean", graph.movingAverage(movingMean, mean, momentum));
      update("moving_variance", graph.movingAverage(movingVariance, variance, momentum));
      return y;
    },
  });
}
