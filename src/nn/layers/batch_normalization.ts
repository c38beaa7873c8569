import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import { formatShape, type Shape, sizeOf } from "../../core/shape.ts";
import { batchNorm, batchNormOfBatch } from "../../graph/ops/batch_norm.ts";
import { movingAverage } from "../../graph/ops/moving_average.ts";
import { checkInitializer, type Initializer } from "../initializers.ts";
import { describeNew, type Layer, layerConfig, layerOfOne } from "../layer.ts";
import {
  checkScaleAndShift,
  SCALE_AND_SHIFT,
  type ScaleAndShiftOptions,
  scaleAndShiftSpecs,
} from "./scale_and_shift.ts";

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions extends ScaleAndShiftOptions {
  /** Share of the old value in a step of the moving statistics, 0…1; default 0.99. */
  momentum?: number;
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
  /** Default "zeros". */
  movingMeanInitializer?: Initializer;
  /** Default "ones". */
  movingVarianceInitializer?: Initializer;
}

const BATCH_NORMALIZATION: OptionKinds<BatchNormalizationOptions> = {
  momentum: "number",
  epsilon: "number",
  ...SCALE_AND_SHIFT,
  movingMeanInitializer: "any",
  movingVarianceInitializer: "any",
};

/**
 * Each channel (the last axis) shifted and scaled to mean 0 and variance 1, then by learned `gamma` and `beta`; any
 * shape [… , channels] stays as it is. Training uses the mean and the biased variance of the batch over all other axes
 * and moves `moving_mean` and `moving_variance` towards them, moving · momentum + batch · (1 − momentum); evaluation and
 * prediction use these. Ioffe and Szegedy 2015; names, defaults and initial values are Keras'. A convolution before it
 * needs no bias (`useBias: false`). With `trainable: false` training, too, uses the moving statistics and moves nothing. Throws `ArgumentError` for a momentum or an epsilon out of range.
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  checkOptions("batchNormalization", options, BATCH_NORMALIZATION);
  const what = describeNew("batch_normalization", options);
  const { momentum = 0.99, epsilon = 1e-3, center = true, scale = true } = options;
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new ArgumentError(`${what}: momentum must lie in [0, 1], got ${describeValue(momentum)}.`);
  }
  if (!(Number.isFinite(epsilon) && epsilon > 0)) {
    throw new ArgumentError(`${what}: epsilon must be a number above 0, got ${describeValue(epsilon)}.`);
  }
  checkScaleAndShift(what, options);
  checkInitializer(`${what}: movingMeanInitializer`, options.movingMeanInitializer);
  checkInitializer(`${what}: movingVarianceInitializer`, options.movingVarianceInitializer);
  const channelsOf = (input: Shape) => input[input.length - 1] ?? 0;

  return layerOfOne({
    config: layerConfig("batchNormalization", options),
    keyword: "batch_normalization",
    trainable: options.trainable,
    outputShape(input, where) {
      if (input.length === 0) throw new ShapeError(`${where}: wants [… , channels], got ${formatShape(input)}.`);
      return input;
    },
    parameters(input) {
      const channels = channelsOf(input);
      const common = { shape: [channels], fans: { fanIn: channels, fanOut: channels } };
      return [
        ...scaleAndShiftSpecs(options, [channels]),
        { ...common, name: "moving_mean", initializer: options.movingMeanInitializer ?? "zeros", trainable: false },
        {
          ...common,
          name: "moving_variance",
          initializer: options.movingVarianceInitializer ?? "ones",
          trainable: false,
        },
      ];
    },
    multiplyAdds: (input) => sizeOf(input),
    build(x, { graph, training, labels, parameter, update }) {
      const channels = channelsOf(x.shape);
      const filled = (value: number) => graph.constant(new Float32Array(channels).fill(value), [channels]);
      const gamma = scale ? parameter("gamma") : filled(1);
      const beta = center ? parameter("beta") : filled(0);
      const [movingMean, movingVariance] = [parameter("moving_mean"), parameter("moving_variance")];
      if (!training) {
        return batchNorm(graph, x, gamma, beta, { mean: movingMean, variance: movingVariance, epsilon });
      }
      const { y, mean, variance } = batchNormOfBatch(graph, x, gamma, beta, { epsilon, labels });
      update("moving_mean", movingAverage(graph, movingMean, mean, momentum));
      update("moving_variance", movingAverage(graph, movingVariance, variance, momentum));
      return y;
    },
  });
}
