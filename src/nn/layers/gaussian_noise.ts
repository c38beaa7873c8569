import { ArgumentError } from "../../core/errors.ts";
import { checkOptions, describeValue } from "../../core/options.ts";
import { gaussianNoise as gaussianNoiseNode } from "../../graph/ops/gaussian_noise.ts";
import { describeNew, type Layer, layerConfig, layerOfOne } from "../layer.ts";

/**
 * In training, adds normal noise of mean 0 and standard deviation `stddev` to every value, other noise at each step; in
 * evaluation and prediction, nothing. The trainer's seed, the step, the layer's name and the place of a value fix it. Any
 * shape. Throws `ArgumentError` for a negative `stddev`.
 */
export function gaussianNoise(options: { stddev: number; name?: string }): Layer {
  checkOptions("gaussianNoise", options, { stddev: "number", name: "string" });
  const what = describeNew("gaussian_noise", options);
  const { stddev } = options;
  if (!(typeof stddev === "number" && Number.isFinite(stddev) && stddev >= 0)) {
    throw new ArgumentError(`${what}: stddev must be a number of at least 0, got ${describeValue(stddev)}.`);
  }
  return layerOfOne({
    config: layerConfig("gaussianNoise", options),
    keyword: "gaussian_noise",
    outputShape: (input) => input,
    build(x, { graph, training, random }) {
      return training && stddev !== 0 ? gaussianNoiseNode(graph, x, { stddev, ...random() }) : x;
    },
  });
}
