import { ArgumentError } from "../../core/errors.ts";
import { checkNumber } from "../../core/numbers.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import { sizeOf } from "../../core/shape.ts";
import { mul, sub } from "../../graph/ops/arithmetic.ts";
import { prelu as preluNode } from "../../graph/ops/binary.ts";
import { greaterOrEqual } from "../../graph/ops/compare.ts";
import { clip, elu as eluNode, leakyRelu } from "../../graph/ops/pointwise.ts";
import { relu } from "../../graph/ops/relu.ts";
import { softmax as softmaxNode } from "../../graph/ops/softmax.ts";
import { transpose } from "../../graph/ops/transpose.ts";
import { where as whereNode } from "../../graph/ops/where.ts";
import { activationOf } from "../activation_of.ts";
import { type Constraint, checkConstraint } from "../constraints.ts";
import { checkInitializer, type Initializer } from "../initializers.ts";
import { describeNew, type Layer, layerConfig, layerOfOne } from "../layer.ts";
import { checkRegularizer, type Regularizer } from "../regularizers.ts";
import { held } from "./held.ts";
import { imageAxis } from "./image_axis.ts";

/** x above 0, negativeSlope · x below (Maas, Hannun and Ng 2013). Default 0.3, Keras' for the layer. */
export function leakyReLU(options: { negativeSlope?: number; name?: string } = {}): Layer {
  checkOptions("leakyReLU", options, { negativeSlope: "number", name: "string" });
  const slope = checkNumber(describeNew("leaky_re_lu", options), "negativeSlope", options.negativeSlope ?? 0.3, 0);
  return layerOfOne({
    config: layerConfig("leakyReLU", options),
    keyword: "leaky_re_lu",
    outputShape: (input) => input,
    build: (x, { graph }) => leakyRelu(graph, x, slope),
  });
}

/** x above 0, alpha · (eˣ − 1) below (Clevert, Unterthiner and Hochreiter 2016). Default 1. */
export function elu(options: { alpha?: number; name?: string } = {}): Layer {
  checkOptions("elu", options, { alpha: "number", name: "string" });
  const alpha = checkNumber(describeNew("elu", options), "alpha", options.alpha ?? 1);
  return layerOfOne({
    config: layerConfig("elu", options),
    keyword: "elu",
    outputShape: (input) => input,
    build: (x, { graph }) => eluNode(graph, x, alpha),
  });
}

/** Options of `reLU`. */
export interface ReLUOptions {
  /** Default: none. */
  maxValue?: number;
  /** Default 0. */
  negativeSlope?: number;
  /** Default 0. */
  threshold?: number;
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}

const RE_LU: OptionKinds<ReLUOptions> = {
  maxValue: "number",
  negativeSlope: "number",
  threshold: "number",
  name: "string",
};

/** x from `threshold` on, but at most `maxValue`; negativeSlope · (x − threshold) below it. */
export function reLU(options: ReLUOptions = {}): Layer {
  checkOptions("reLU", options, RE_LU);
  const what = describeNew("re_lu", options);
  const { maxValue, negativeSlope = 0, threshold = 0 } = options;
  checkNumber(what, "negativeSlope", negativeSlope, 0);
  checkNumber(what, "threshold", threshold, 0);
  if (maxValue !== undefined) checkNumber(what, "maxValue", maxValue, 0);
  const plain = negativeSlope === 0 && threshold === 0;
  return layerOfOne({
    config: layerConfig("reLU", options),
    keyword: "re_lu",
    // As an activation it becomes part of the kernel before it.
    activation: activationOf(
      what,
      plain && maxValue === undefined ? "relu" : plain && maxValue === 6 ? "relu6" : "linear",
    ),
    outputShape: (input) => input,
    build(x, { graph }) {
      if (plain && (maxValue === undefined || maxValue === 6)) return x;
      const below = negativeSlope === 0 ? 0 : mul(graph, sub(graph, x, threshold), negativeSlope);
      const y = plain ? relu(graph, x) : whereNode(graph, greaterOrEqual(graph, x, threshold), x, below);
      return maxValue === undefined ? y : clip(graph, y, Number.NEGATIVE_INFINITY, maxValue);
    },
  });
}

/** Options of `prelu`. */
export interface PReLUOptions {
  /** Default "zeros". */
  alphaInitializer?: Initializer;
  /** Added to the loss in training; default none. */
  alphaRegularizer?: Regularizer;
  /** Applied after each update; default none. */
  alphaConstraint?: Constraint;
  /** Axes (Keras' count: the batch is axis 0) along which one slope serves; [1, 2] is a slope a channel. Default none. */
  sharedAxes?: readonly number[];
  /** False: training leaves the slopes as they are. Default true. */
  trainable?: boolean;
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}

const P_RE_LU: OptionKinds<PReLUOptions> = {
  alphaInitializer: "any",
  alphaRegularizer: "any",
  alphaConstraint: "any",
  sharedAxes: "any",
  trainable: "boolean",
  name: "string",
};

/** x above 0, alpha · x below, with learned slopes `alpha` of one image's shape (1 along shared axes) (He et al. 2015). */
export function prelu(options: PReLUOptions = {}): Layer {
  checkOptions("prelu", options, P_RE_LU);
  const what = describeNew("p_re_lu", options);
  const { alphaInitializer = "zeros", sharedAxes = [] } = options;
  checkInitializer(`${what}: alphaInitializer`, alphaInitializer);
  checkRegularizer(`${what}: alphaRegularizer`, options.alphaRegularizer);
  checkConstraint(`${what}: alphaConstraint`, options.alphaConstraint);
  if (!Array.isArray(sharedAxes)) throw new ArgumentError(`${what}: sharedAxes wants a list such as [1, 2].`);
  return layerOfOne({
    config: layerConfig("prelu", options),
    keyword: "p_re_lu",
    trainable: options.trainable,
    outputShape(input, where) {
      for (const axis of sharedAxes) imageAxis(where, axis, input.length);
      return input;
    },
    parameters(input) {
      const shared = new Set(sharedAxes.map((axis) => imageAxis(what, axis, input.length)));
      const shape = input.map((extent, axis) => (shared.has(axis) ? 1 : extent));
      return [
        {
          name: "alpha",
          shape,
          initializer: alphaInitializer,
          fans: { fanIn: sizeOf(shape), fanOut: sizeOf(shape) },
          ...held(options.alphaRegularizer, options.alphaConstraint),
        },
      ];
    },
    multiplyAdds: sizeOf,
    build: (x, { graph, parameter }) => preluNode(graph, x, parameter("alpha")),
  });
}

/** eˣ / Σ eˣ over `axis` (Keras' count; default −1, the last). At a model's end over its last axis, losses fold it. */
export function softmax(options: { axis?: number; name?: string } = {}): Layer {
  checkOptions("softmax", options, { axis: "number", name: "string" });
  const { axis = -1 } = options;
  if (!Number.isInteger(axis)) {
    throw new ArgumentError(
      `${describeNew("softmax", options)}: axis must be a whole number, got ${describeValue(axis)}.`,
    );
  }
  return layerOfOne({
    config: layerConfig("softmax", options),
    keyword: "softmax",
    activation: activationOf("softmax", axis === -1 ? "softmax" : "linear"),
    outputShape(input, where) {
      imageAxis(where, axis, input.length);
      return input;
    },
    build(x, { graph }) {
      if (axis === -1) return x;
      const along = imageAxis("softmax", axis, x.shape.length - 1) + 1;
      const order = x.shape.map((_, index) => index);
      // Swapping twice is swapping back.
      [order[along], order[order.length - 1]] = [order.length - 1, along];
      return transpose(graph, softmaxNode(graph, transpose(graph, x, order)), order);
    },
  });
}
