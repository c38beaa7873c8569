import { ArgumentError } from "../../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import { dropout as dropoutNode } from "../../graph/ops/dropout.ts";
import { checkImage, describeNew, type Layer, layerConfig, layerOfOne } from "../layer.ts";

/** Options of `dropout`. */
export interface DropoutLayerOptions {
  /** Share of the values that a training step sets to 0, in [0, 1). */
  rate: number;
  /**
   * Shape of the mask [batch, …]; null stands for the extent of the values, 1 for one decision along that axis. Default: every
   * value is decided for itself.
   */
  noiseShape?: readonly (number | null)[];
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}

const DROPOUT: OptionKinds<DropoutLayerOptions> = { rate: "number", noiseShape: "any", name: "string" };

function checkRate(what: string, rate: number): number {
  if (typeof rate === "number" && rate >= 0 && rate < 1) return rate;
  throw new ArgumentError(`${what}: rate must be a number of at least 0 and below 1, got ${describeValue(rate)}.`);
}

/**
 * In training, sets a random share `rate` of the values to 0, others at each step, and multiplies the rest by
 * 1 / (1 − rate); in evaluation and prediction, nothing (Srivastava et al. 2014). The trainer's seed, the step, the layer's
 * name and the place of a value fix the mask. Any shape. Throws `ArgumentError` for a rate outside [0, 1).
 */
export function dropout(options: DropoutLayerOptions): Layer {
  checkOptions("dropout", options, DROPOUT);
  const what = describeNew("dropout", options);
  const rate = checkRate(what, options.rate);
  const { noiseShape } = options;
  if (noiseShape !== undefined && !Array.isArray(noiseShape)) {
    throw new ArgumentError(`${what}: noiseShape must be a list such as [null, 1], got ${describeValue(noiseShape)}.`);
  }
  const maskOf = (shape: Shape, where: string): Shape => {
    if (noiseShape === undefined) return shape;
    const fits =
      noiseShape.length === shape.length &&
      noiseShape.every((extent, axis) => extent === null || extent === 1 || (axis > 0 && extent === shape[axis]));
    if (!fits) {
      throw new ArgumentError(
        `${where}: noiseShape wants null, 1 or the extent for each of [batch, ${shape.slice(1).join(", ")}], got ` +
          `${describeValue(noiseShape)}.`,
      );
    }
    return noiseShape.map((extent, axis) => extent ?? shape[axis] ?? 1);
  };
  return layerOfOne({
    config: layerConfig("dropout", options),
    keyword: "dropout",
    outputShape(input, where) {
      maskOf([1, ...input], where);
      return input;
    },
    build(x, { graph, training, random }) {
      if (!training || rate === 0) return x;
      return dropoutNode(graph, x, { rate, noiseShape: maskOf(x.shape, what), ...random() });
    },
  });
}

/** `dropout` of whole channels of an image [height, width, channels] (Tompson et al. 2015). Throws as `dropout` does. */
export function spatialDropout2d(options: { rate: number; name?: string }): Layer {
  checkOptions("spatialDropout2d", options, { rate: "number", name: "string" });
  const rate = checkRate(describeNew("spatial_dropout2d", options), options.rate);
  return layerOfOne({
    config: layerConfig("spatialDropout2d", options),
    keyword: "spatial_dropout2d",
    outputShape(input, where) {
      checkImage(where, input);
      return input;
    },
    build(x, { graph, training, random }) {
      if (!training || rate === 0) return x;
      const noiseShape = [x.shape[0] ?? 1, 1, 1, x.shape[3] ?? 1];
      return dropoutNode(graph, x, { rate, noiseShape, ...random() });
    },
  });
}
