import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { checkNumber } from "../../core/numbers.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import { formatShape, type Shape, sizeOf } from "../../core/shape.ts";
import { div, mul } from "../../graph/ops/arithmetic.ts";
import { maximum } from "../../graph/ops/binary.ts";
import { groupNorm, layerNorm } from "../../graph/ops/normalization.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import { sum } from "../../graph/ops/sum.ts";
import { sqrt } from "../../graph/ops/unary.ts";
import { describeNew, type Layer, layerConfig, layerOfOne } from "../layer.ts";
import { imageAxis } from "./image_axis.ts";
import {
  checkScaleAndShift,
  SCALE_AND_SHIFT,
  type ScaleAndShiftOptions,
  scaleAndShiftSpecs,
} from "./scale_and_shift.ts";

function checkEpsilon(what: string, epsilon: number): number {
  if (checkNumber(what, "epsilon", epsilon) > 0) return epsilon;
  throw new ArgumentError(`${what}: epsilon must be a number above 0, got ${describeValue(epsilon)}.`);
}

/** Throws `ArgumentError` unless these are whole numbers; imageAxes looks whether they are axes. */
function checkAxes(what: string, axis: number | readonly number[]): void {
  const axes: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (axes.length > 0 && axes.every(Number.isInteger)) return;
  throw new ArgumentError(`${what}: axis must be a whole number or a list of them, got ${describeValue(axis)}.`);
}

/** Axes in Keras' count as ascending axes of one image's shape. */
function imageAxes(what: string, axis: number | readonly number[], rank: number): number[] {
  const axes = (typeof axis === "number" ? [axis] : axis).map((one) => imageAxis(what, one, rank));
  return [...new Set(axes)].sort((a, b) => a - b);
}

/** Options of `layerNormalization`. */
export interface LayerNormalizationOptions extends ScaleAndShiftOptions {
  /** Axes that mean and variance go over and that `gamma` and `beta` have (Keras' count: the batch is axis 0); default −1. */
  axis?: number | readonly number[];
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
}

const LAYER_NORMALIZATION: OptionKinds<LayerNormalizationOptions> = {
  axis: "any",
  epsilon: "number",
  ...SCALE_AND_SHIFT,
};

/**
 * Each image's values along `axis` (default: the channels of each place) shifted and scaled to mean 0 and variance 1, then
 * by learned `gamma` and `beta`; shapes stay as they are (Ba, Kiros and Hinton 2016). The same in training and inference.
 * Throws `ArgumentError` for an option out of range.
 */
export function layerNormalization(options: LayerNormalizationOptions = {}): Layer {
  checkOptions("layerNormalization", options, LAYER_NORMALIZATION);
  const what = describeNew("layer_normalization", options);
  const { axis = -1, center = true, scale = true } = options;
  checkAxes(what, axis);
  const epsilon = checkEpsilon(what, options.epsilon ?? 1e-3);
  checkScaleAndShift(what, options);
  const ownAxes = (input: Shape, where: string) => imageAxes(where, axis, input.length);
  return layerOfOne({
    config: layerConfig("layerNormalization", options),
    keyword: "layer_normalization",
    trainable: options.trainable,
    outputShape(input, where) {
      ownAxes(input, where);
      return input;
    },
    parameters(input) {
      return scaleAndShiftSpecs(
        options,
        ownAxes(input, what).map((own) => input[own] ?? 1),
      );
    },
    multiplyAdds: sizeOf,
    build(x, { graph, parameter }) {
      const axes = ownAxes(x.shape.slice(1), what).map((own) => own + 1);
      // Stretches along the axes that the parameters do not have.
      const stretched = x.shape.map((extent, own) => (axes.includes(own) ? extent : 1));
      return layerNorm(graph, x, {
        axes,
        epsilon,
        gamma: scale ? reshape(graph, parameter("gamma"), stretched) : undefined,
        beta: center ? reshape(graph, parameter("beta"), stretched) : undefined,
      });
    },
  });
}

/** Options of `groupNormalization`. */
export interface GroupNormalizationOptions extends ScaleAndShiftOptions {
  /** How many groups the channels make; −1 is one a channel, instance normalisation. Default 32. */
  groups?: number;
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
}

const GROUP_NORMALIZATION: OptionKinds<GroupNormalizationOptions> = {
  groups: "number",
  epsilon: "number",
  ...SCALE_AND_SHIFT,
};

/**
 * Each image's channels (the last axis) in `groups` of neighbours, each group shifted and scaled to mean 0 and variance 1
 * over all its places, then each channel by learned `gamma` and `beta`; shapes stay as they are (Wu and He 2018; `groups`
 * as many as channels, or −1: Ulyanov, Vedaldi and Lempitsky 2016). The same in training and inference. Throws
 * `ArgumentError` for an option out of range and `ShapeError` where the channels do not divide.
 */
export function groupNormalization(options: GroupNormalizationOptions = {}): Layer {
  checkOptions("groupNormalization", options, GROUP_NORMALIZATION);
  const what = describeNew("group_normalization", options);
  const { groups = 32, center = true, scale = true } = options;
  if (!Number.isInteger(groups) || (groups < 1 && groups !== -1)) {
    throw new ArgumentError(
      `${what}: groups must be a whole number of at least 1, or −1, got ${describeValue(groups)}.`,
    );
  }
  const epsilon = checkEpsilon(what, options.epsilon ?? 1e-3);
  checkScaleAndShift(what, options);
  const channelsOf = (shape: Shape) => shape[shape.length - 1] ?? 0;
  const groupsOf = (shape: Shape) => (groups === -1 ? channelsOf(shape) : groups);
  return layerOfOne({
    config: layerConfig("groupNormalization", options),
    keyword: "group_normalization",
    trainable: options.trainable,
    outputShape(input, where) {
      if (input.length === 0 || channelsOf(input) % groupsOf(input) !== 0) {
        throw new ShapeError(
          `${where}: the channels of ${formatShape(input)} cannot be split into ${groups} groups; choose another number.`,
        );
      }
      return input;
    },
    parameters: (input) => scaleAndShiftSpecs(options, [channelsOf(input)]),
    multiplyAdds: sizeOf,
    build: (x, { graph, parameter }) =>
      groupNorm(graph, x, {
        groups: groupsOf(x.shape),
        epsilon,
        gamma: scale ? parameter("gamma") : undefined,
        beta: center ? parameter("beta") : undefined,
      }),
  });
}

/** Each image's values along `axis` (Keras' count; default −1) divided by their norm √Σx², which becomes 1. */
export function unitNormalization(options: { axis?: number | readonly number[]; name?: string } = {}): Layer {
  checkOptions("unitNormalization", options, { axis: "any", name: "string" });
  const what = describeNew("unit_normalization", options);
  const { axis = -1 } = options;
  checkAxes(what, axis);
  return layerOfOne({
    config: layerConfig("unitNormalization", options),
    keyword: "unit_normalization",
    outputShape(input, where) {
      imageAxes(where, axis, input.length);
      return input;
    },
    multiplyAdds: sizeOf,
    build(x, { graph }) {
      const axes = imageAxes(what, axis, x.shape.length - 1).map((own) => own + 1);
      // Keras keeps a sum of squares of 0 from dividing by at least this.
      const squares = maximum(graph, sum(graph, mul(graph, x, x), axes, true), 1e-12);
      return mul(graph, x, div(graph, 1, sqrt(graph, squares)));
    },
  });
}
