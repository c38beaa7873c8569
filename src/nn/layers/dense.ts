import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import { activationName } from "../activations.ts";
import { checkCount, defineLayer, describeNew, type Layer, layerConfig } from "../layer.ts";
import { biasSpecs, checkWeightOptions, kernelSpec, type WeightOptions } from "./weights.ts";

/** Options of `dense`. */
export interface DenseOptions extends WeightOptions {
  /** Outputs. */
  units: number;
}

/** Every output is a weighted sum of every input: [features] → [units]. Kernel [features, units]. */
export function dense(options: DenseOptions): Layer {
  const what = describeNew("dense", options);
  const units = checkCount(what, "units", options.units);
  checkWeightOptions(what, options);
  const features = (input: Shape, where: string): number => {
    if (input.length !== 1) {
      throw new ShapeError(`${where}: wants [features], got ${formatShape(input)}; put flatten() before it.`);
    }
    return input[0] ?? 0;
  };
  return defineLayer({
    config: layerConfig("dense", options),
    keyword: "dense",
    activation: activationName(what, options.activation),
    trainable: options.trainable,
    outputShape(input, where) {
      features(input, where);
      return [units];
    },
    parameters(input) {
      const fanIn = input[0] ?? 0;
      const fans = { fanIn, fanOut: units };
      return [kernelSpec(options, [fanIn, units], fans), ...biasSpecs(options, units, fans)];
    },
    multiplyAdds: (input, where) => features(input, where) * units,
    build(x, { graph, parameter }) {
      const y = graph.matmul(x, parameter("kernel"));
      return options.useBias === false ? y : graph.add(y, parameter("bias"));
    },
  });
}
