import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import { defaultInitializer, type InitializerName } from "../initializers.ts";
import { activationName, checkCount, defineLayer, type Layer } from "../layer.ts";

export interface DenseOptions {
  /** Outputs. */
  units: number;
  /** Default "linear". */
  activation?: string;
  /** Default true. */
  useBias?: boolean;
  /** Default "heNormal" before a ReLU, else "glorotUniform". Keras: "glorotUniform" always. */
  kernelInitializer?: InitializerName;
  name?: string;
}

/** Every output is a weighted sum of every input: [features] → [units]. Kernel [features, units]. */
export function dense(options: DenseOptions): Layer {
  const { name, ...plain } = options;
  const what = `layer dense${name === undefined ? "" : ` "${name}"`}`;
  const units = checkCount(what, "units", options.units);
  const features = (input: Shape, where: string): number => {
    if (input.length !== 1) {
      throw new ShapeError(`${where}: wants [features], got ${formatShape(input)}; put flatten() before it.`);
    }
    return input[0] ?? 0;
  };
  return defineLayer({
    config: { kind: "dense", ...(name === undefined ? {} : { name }), options: plain },
    keyword: "dense",
    activation: activationName(what, options.activation),
    outputShape(input, where) {
      features(input, where);
      return [units];
    },
    parameters(input) {
      const fanIn = input[0] ?? 0;
      const fans = { fanIn, fanOut: units };
      return [
        {
          name: "kernel",
          shape: [fanIn, units],
          initializer: options.kernelInitializer ?? defaultInitializer(options.activation),
          fans,
        },
        ...(options.useBias === false ? [] : [{ name: "bias", shape: [units], initializer: "zeros" as const, fans }]),
      ];
    },
    multiplyAdds: (input, where) => features(input, where) * units,
    build(x, { graph, parameter }) {
      const y = graph.matmul(x, parameter("kernel"));
      return options.useBias === false ? y : graph.add(y, parameter("bias"));
    },
  });
}
