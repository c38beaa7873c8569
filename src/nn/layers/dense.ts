import { ShapeError } from "../../core/errors.ts";
import { checkCount } from "../../core/numbers.ts";
import { checkOptions, type OptionKinds } from "../../core/options.ts";
import { formatShape, type Shape, sizeOf } from "../../core/shape.ts";
import { add } from "../../graph/ops/arithmetic.ts";
import { matmul } from "../../graph/ops/matmul.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import { activationName } from "../activations.ts";
import { describeNew, type Layer, layerConfig, layerOfOne } from "../layer.ts";
import { biasSpecs, checkWeightOptions, kernelSpec, WEIGHTS, type WeightOptions } from "./weights.ts";

/** Options of `dense`. */
export interface DenseOptions extends WeightOptions {
  /** Outputs. */
  units: number;
}

const DENSE: OptionKinds<DenseOptions> = { units: "number", ...WEIGHTS };

/**
 * Every output is a weighted sum of every input: [features] → [units]. Kernel [features, units]. As in Keras it acts on the
 * last axis of larger inputs, alike at each place: [height, width, features] → [height, width, units]; put `flatten()`
 * before it where each output is to see all of an image.
 */
export function dense(options: DenseOptions): Layer {
  checkOptions("dense", options, DENSE);
  const what = describeNew("dense", options);
  const units = checkCount(what, "units", options.units);
  checkWeightOptions(what, options);
  const features = (input: Shape, where: string): number => {
    const last = input[input.length - 1];
    if (last === undefined) throw new ShapeError(`${where}: wants [features], got ${formatShape(input)}.`);
    return last;
  };
  return layerOfOne({
    config: layerConfig("dense", options),
    keyword: "dense",
    activation: activationName(what, options.activation),
    trainable: options.trainable,
    outputShape(input, where) {
      features(input, where);
      return [...input.slice(0, -1), units];
    },
    parameters(input) {
      const fanIn = features(input, what);
      const fans = { fanIn, fanOut: units };
      return [kernelSpec(options, [fanIn, units], fans), ...biasSpecs(options, units, fans)];
    },
    multiplyAdds: (input, where) => (features(input, where) > 0 ? sizeOf(input) * units : 0),
    build(x, { graph, parameter }) {
      const inputs = features(x.shape, what);
      const rows = x.shape.length === 2 ? x : reshape(graph, x, [sizeOf(x.shape) / inputs, inputs]);
      const product = matmul(graph, rows, parameter("kernel"));
      const y = options.useBias === false ? product : add(graph, product, parameter("bias"));
      return x.shape.length === 2 ? y : reshape(graph, y, [...x.shape.slice(0, -1), units]);
    },
  });
}
