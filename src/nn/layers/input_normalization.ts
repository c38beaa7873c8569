import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { checkNumber } from "../../core/numbers.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import { add, div, mul, sub } from "../../graph/ops/arithmetic.ts";
import { describeNew, type Layer, layerConfig, layerOfOne } from "../layer.ts";

/** Options of `normalization`. */
export interface NormalizationOptions {
  /** A number for all, or one a channel (the last axis). */
  mean: number | readonly number[];
  /** At least 0, likewise. */
  variance: number | readonly number[];
  /** The way back: x · √variance + mean. Default false. */
  invert?: boolean;
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}

const OPTIONS: OptionKinds<NormalizationOptions> = {
  mean: "any",
  variance: "any",
  invert: "boolean",
  name: "string",
};

/** Keras' `epsilon()`: no deviation is taken to be smaller. */
const LEAST_DEVIATION = 1e-7;

/**
 * (x − mean) / √variance, as Keras' layer of this name, for inputs of any shape. Both stand in the model's JSON and
 * travel with it, and training leaves them as they are; `adaptNormalization(dataset)` computes them. A deviation below 1e-7 counts
 * as that.
 * Throws `ArgumentError` for numbers that are not finite and a negative variance.
 */
export function normalization(options: NormalizationOptions): Layer {
  checkOptions("normalization", options, OPTIONS);
  const what = describeNew("normalization", options);
  const mean = numbersOf(what, "mean", options.mean);
  const variance = numbersOf(what, "variance", options.variance);
  const negative = [variance].flat().find((value) => value < 0);
  if (negative !== undefined) {
    throw new ArgumentError(`${what}: variance must be at least 0, got ${describeValue(negative)}.`);
  }
  if (typeof mean !== "number" && typeof variance !== "number" && mean.length !== variance.length) {
    throw new ArgumentError(
      `${what}: mean has ${mean.length} numbers, variance ${variance.length}; give one a channel.`,
    );
  }
  return layerOfOne({
    config: layerConfig("normalization", options),
    keyword: "normalization",
    outputShape(input, where) {
      for (const values of [mean, variance]) {
        if (typeof values !== "number" && input[input.length - 1] !== values.length) {
          throw new ShapeError(`${where}: has ${values.length} numbers for the channels of ${formatShape(input)}.`);
        }
      }
      return input;
    },
    multiplyAdds: sizeOf,
    build(x, { graph }) {
      const operand = (values: number | readonly number[]) =>
        typeof values === "number" ? values : graph.constant(values);
      const root = (value: number) => Math.max(Math.sqrt(value), LEAST_DEVIATION);
      const deviation = operand(typeof variance === "number" ? root(variance) : variance.map(root));
      if (options.invert) return add(graph, mul(graph, x, deviation), operand(mean));
      return div(graph, sub(graph, x, operand(mean)), deviation);
    },
  });
}

/** Throws `ArgumentError` unless it is a finite number or a list of some. */
function numbersOf(what: string, name: "mean" | "variance", given: number | readonly number[]) {
  if (typeof given === "number" || !Array.isArray(given)) return checkNumber(what, name, given as number);
  if (given.length === 0)
    throw new ArgumentError(`${what}: ${name} wants a number for each channel, got an empty list.`);
  return given.map((value: number) => checkNumber(what, name, value));
}
