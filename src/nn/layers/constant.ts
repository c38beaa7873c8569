import { ArgumentError } from "../../core/errors.ts";
import { checkOptions, describeValue } from "../../core/options.ts";
import { sizeOf } from "../../core/shape.ts";
import { checkLength, type TypedArray } from "../../core/tensor.ts";
import { activated, callable, describeNew, layerConfig } from "../layer.ts";
import { graphLayers } from "../own_layers.ts";
import { checkTensorShape, type SymbolicTensor } from "../symbolic_tensor.ts";

/** Values that a model's JSON holds; more are with the weights alone. */
const MOST_IN_CONFIG = 64;

/** Options of `constant`: a tensor, and a name. */
export interface ConstantOptions {
  /** Extents, without a batch axis; [] is a scalar. */
  shape: readonly number[];
  /** Row by row, finite, kept as f32. Left out, they come with the weights: `setParameters`, `modelFromConfig(config, { weights })`. */
  data?: ArrayLike<number>;
  /** Default: "constant", numbered. */
  name?: string;
}

/**
 * A tensor that is the same for every image, to call layers on: `operation({ op: "conv2d" })(x, constant({ shape: [1, 1, 3, 1],
 * data: [0.3, 0.6, 0.1] }))`. It has no batch axis for `operation`; every other layer sees it once for each image:
 * `concatenate()([x, constant({ shape: [7, 7, 2], data })])`.
 *
 * Its values are a parameter of the model that is not trained, "constant/value": in `parameters`, checkpoints and safetensors
 * they are with the weights. A model's JSON has them up to 64; a larger constant has to be opened with its weights.
 *
 * To open a JSON with it, give its maker: `modelFromConfig(config, { weights, layers: { constant, operation } })`.
 *
 * Throws `ArgumentError` for values that are not finite, `ShapeError` where there are more or fewer than the shape holds.
 */
export function constant(options: ConstantOptions): SymbolicTensor {
  graphLayers.set("constant", constant);
  checkOptions("constant", options, { shape: "any", data: "any", name: "string" });
  const what = describeNew("constant", options);
  const { shape, data } = options;
  if (!Array.isArray(shape)) throw new ArgumentError(`${what}: shape must be a list, got ${describeValue(shape)}.`);
  checkTensorShape(what, shape);
  const values = data === undefined ? undefined : valuesOf(what, shape, data);
  const isSmall = values !== undefined && values.length <= MOST_IN_CONFIG;
  const type = { shape: [...shape], dtype: "f32", isConstant: true } as const;
  const { name } = options;
  const kept = { shape: type.shape, ...(isSmall ? { data: [...values] } : {}), name };
  const layer = callable({
    config: layerConfig("constant", kept),
    keyword: "constant",
    ...activated(),
    trainable: false,
    outputTypes(inputs, where) {
      if (inputs.length > 0) throw new ArgumentError(`${where}: a constant takes no tensors, got ${inputs.length}.`);
      return [type];
    },
    outputShapes: () => [type.shape],
    parameters: () => [
      {
        name: "value",
        shape: type.shape,
        initializer: "zeros",
        fans: { fanIn: 1, fanOut: 1 },
        initial() {
          if (values) return values;
          throw new ArgumentError(
            `${what}: its ${sizeOf(shape)} values are not in the model's JSON; give them with the weights, as in ` +
              "modelFromConfig(config, { weights }).",
          );
        },
      },
    ],
    multiplyAdds: () => 0,
    build: (_, { parameter }) => [parameter("value")],
  });
  return layer([]);
}

function valuesOf(what: string, shape: readonly number[], data: ArrayLike<number>): Float32Array {
  const isList = Array.isArray(data) || (ArrayBuffer.isView(data) && !(data instanceof DataView));
  if (!isList) throw new ArgumentError(`${what}: data must be a list of numbers, got ${describeValue(data)}.`);
  checkLength(what, shape, data as TypedArray | readonly number[]);
  const place = Array.from(data).findIndex(
    (value) => typeof value !== "number" || !Number.isFinite(Math.fround(value)),
  );
  if (place >= 0) {
    throw new ArgumentError(
      `${what}: data must be numbers that are finite as f32, got ${describeValue(data[place])} at ${place}.`,
    );
  }
  return Float32Array.from(data);
}
