import { ShapeError } from "../../../core/errors.ts";
import { checkCount } from "../../../core/numbers.ts";
import { checkOptions, type OptionKinds } from "../../../core/options.ts";
import { formatShape, type Shape, sizeOf } from "../../../core/shape.ts";
import { add } from "../../../graph/ops/arithmetic.ts";
import { matmul } from "../../../graph/ops/matmul.ts";
import { reshape } from "../../../graph/ops/reshape.ts";
import { describeNew, type Layer, layerConfig, layerOfOne } from "../../layer.ts";
import { biasSpecs, kernelSpec, type OptionRules, WEIGHTS, type WeightOptions } from "../weights.ts";

/** Options of `dense`. */
export interface DenseOptions extends WeightOptions {
  /** Outputs. */
  units: number;
}

const DENSE: OptionKinds<DenseOptions> = { units: "number", ...WEIGHTS };

/** `dense`, by these rules. */
export function denseLayer(options: DenseOptions, rules: OptionRules): Layer {
  checkOptions("dense", options, DENSE);
  const what = describeNew("dense", options);
  const units = checkCount(what, "units", options.units);
  rules.checkWeights(what, options);
  const features = (input: Shape, where: string): number => {
    const last = input[input.length - 1];
    if (last === undefined) throw new ShapeError(`${where}: wants [features], got ${formatShape(input)}.`);
    return last;
  };
  return layerOfOne({
    config: layerConfig("dense", options),
    keyword: "dense",
    activation: rules.activation(what, options.activation),
    trainable: options.trainable,
    outputShape(input, where) {
      features(input, where);
      return [...input.slice(0, -1), units];
    },
    parameters(input) {
      const fanIn = features(input, what);
      const fans = { fanIn, fanOut: units };
      return [kernelSpec(options, rules, [fanIn, units], fans), ...biasSpecs(options, rules, units, fans)];
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
