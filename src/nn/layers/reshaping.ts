import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { checkCount, checkNumber } from "../../core/numbers.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import { formatShape, type Shape, sizeOf } from "../../core/shape.ts";
import { add, mul } from "../../graph/ops/arithmetic.ts";
import { pad } from "../../graph/ops/pad.ts";
import { reshape as reshapeNode } from "../../graph/ops/reshape.ts";
import { slice } from "../../graph/ops/slice.ts";
import { transpose } from "../../graph/ops/transpose.ts";
import { upsample2d } from "../../graph/ops/upsample2d.ts";
import { checkImage, describeNew, type Layer, layerConfig, layerOfOne, toPair } from "../layer.ts";

/**
 * The same values, row by row, under another shape: any → `targetShape`, without the batch axis; one extent may be −1, which
 * takes what is left.
 */
export function reshape(options: { targetShape: readonly number[]; name?: string }): Layer {
  checkOptions("reshape", options, { targetShape: "any", name: "string" });
  const what = describeNew("reshape", options);
  const { targetShape } = options;
  const known = Array.isArray(targetShape) && targetShape.every((e) => e === -1 || (Number.isInteger(e) && e >= 1));
  if (!known || targetShape.filter((extent) => extent === -1).length > 1) {
    throw new ArgumentError(
      `${what}: targetShape wants whole numbers of at least 1, one of them may be −1; got ${describeValue(targetShape)}.`,
    );
  }
  const target = (input: Shape, where: string): Shape => {
    const fixed = targetShape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
    const shape = targetShape.map((extent) => (extent === -1 ? sizeOf(input) / fixed : extent));
    if (!shape.every(Number.isInteger) || sizeOf(shape) !== sizeOf(input)) {
      throw new ShapeError(
        `${where}: ${sizeOf(input)} values of ${formatShape(input)} do not fill ${formatShape(targetShape)}.`,
      );
    }
    return shape;
  };
  return layerOfOne({
    config: layerConfig("reshape", options),
    keyword: "reshape",
    outputShape: target,
    build: (x, { graph }) => reshapeNode(graph, x, [x.shape[0] ?? 1, ...target(x.shape.slice(1), what)]),
  });
}

/** The axes in another order, counted from 1 as in Keras: `permute({ dims: [3, 1, 2] })` puts the channels first. */
export function permute(options: { dims: readonly number[]; name?: string }): Layer {
  checkOptions("permute", options, { dims: "any", name: "string" });
  const what = describeNew("permute", options);
  const { dims } = options;
  // Whole numbers first: what a stranger puts there need not compare.
  const whole = Array.isArray(dims) && dims.every(Number.isInteger);
  if (!whole || [...dims].sort((a, b) => a - b).some((dim, index) => dim !== index + 1)) {
    throw new ArgumentError(`${what}: dims must name each axis from 1 on once, got ${describeValue(dims)}.`);
  }
  return layerOfOne({
    config: layerConfig("permute", options),
    keyword: "permute",
    outputShape(input, where) {
      if (input.length !== dims.length) {
        throw new ShapeError(`${where}: dims [${dims.join(", ")}] do not fit the axes of ${formatShape(input)}.`);
      }
      return dims.map((dim) => input[dim - 1] ?? 1);
    },
    build: (x, { graph }) => transpose(graph, x, [0, ...dims]),
  });
}

/** One number for all sides, [height, width] for both sides of each, or [[top, bottom], [left, right]]. */
export type Sides =
  | number
  | readonly [number, number]
  | readonly [readonly [number, number], readonly [number, number]];

function toSides(what: string, name: string, sides: Sides): [[number, number], [number, number]] {
  const both = typeof sides === "number" ? [sides, sides] : sides;
  const pairs = Array.isArray(both) ? both.map((side) => (typeof side === "number" ? [side, side] : side)) : [];
  const fits =
    pairs.length === 2 &&
    pairs.every((p) => Array.isArray(p) && p.length === 2 && p.every((n) => Number.isInteger(n) && n >= 0));
  if (!fits) {
    throw new ArgumentError(
      `${what}: ${name} wants a whole number of at least 0, [height, width] or [[top, bottom], [left, right]], ` +
        `got ${describeValue(sides)}.`,
    );
  }
  return pairs as [[number, number], [number, number]];
}

/** Zeros around an image: [height, width, channels] → [top + height + bottom, left + width + right, channels]. Default 1. */
export function zeroPadding2d(options: { padding?: Sides; name?: string } = {}): Layer {
  checkOptions("zeroPadding2d", options, { padding: "any", name: "string" });
  const [rows, columns] = toSides(describeNew("zero_padding2d", options), "padding", options.padding ?? 1);
  return layerOfOne({
    config: layerConfig("zeroPadding2d", options),
    keyword: "zero_padding2d",
    outputShape(input, where) {
      const [height, width, channels] = checkImage(where, input);
      return [rows[0] + height + rows[1], columns[0] + width + columns[1], channels];
    },
    build: (x, { graph }) => pad(graph, x, [[0, 0], rows, columns, [0, 0]]),
  });
}

/** An image without its borders: [height, width, channels] → [height − top − bottom, width − left − right, channels]. Default 0. */
export function cropping2d(options: { cropping?: Sides; name?: string } = {}): Layer {
  checkOptions("cropping2d", options, { cropping: "any", name: "string" });
  const [rows, columns] = toSides(describeNew("cropping2d", options), "cropping", options.cropping ?? 0);
  const cropped = (input: Shape, where: string): Shape => {
    const [height, width, channels] = checkImage(where, input);
    const shape = [height - rows[0] - rows[1], width - columns[0] - columns[1], channels];
    if (shape.some((extent) => extent < 1)) {
      throw new ShapeError(
        `${where}: nothing is left of ${formatShape(input)} after cropping ${describeValue([rows, columns])}.`,
      );
    }
    return shape;
  };
  return layerOfOne({
    config: layerConfig("cropping2d", options),
    keyword: "cropping2d",
    outputShape: cropped,
    build(x, { graph }) {
      const size = [x.shape[0] ?? 1, ...cropped(x.shape.slice(1), "layer cropping2d")];
      return size.every((extent, axis) => extent === x.shape[axis])
        ? x
        : slice(graph, x, [0, rows[0], columns[0], 0], size);
    },
  });
}

/** Options of `upSampling2d`. */
export interface UpSampling2dOptions {
  /** Factors, a number or [height, width]; default 2. */
  size?: number | readonly [number, number];
  /** Default "nearest". */
  interpolation?: "nearest" | "bilinear";
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}

/** Each row and column has its own weights, which the graph holds as a list. */
const MOST_PIXELS = 65_536;

const UP_SAMPLING2D: OptionKinds<UpSampling2dOptions> = { size: "any", interpolation: "string", name: "string" };

/** A larger image: [height, width, channels] → [height · size, width · size, channels]; pixel centres lie at ½, 1½, … */
export function upSampling2d(options: UpSampling2dOptions = {}): Layer {
  checkOptions("upSampling2d", options, UP_SAMPLING2D);
  const what = describeNew("up_sampling2d", options);
  const size = toPair(what, "size", options.size ?? 2);
  const interpolation = options.interpolation ?? "nearest";
  if (interpolation !== "nearest" && interpolation !== "bilinear") {
    throw new ArgumentError(
      `${what}: interpolation must be "nearest" or "bilinear", got ${describeValue(interpolation)}.`,
    );
  }
  return layerOfOne({
    config: layerConfig("upSampling2d", options),
    keyword: "up_sampling2d",
    outputShape(input, where) {
      const [height, width, channels] = checkImage(where, input);
      const shape = [height * size[0], width * size[1], channels];
      if (shape.some((extent, axis) => axis < 2 && extent > MOST_PIXELS)) {
        throw new ShapeError(`${where}: makes sides of at most ${MOST_PIXELS}, not ${formatShape(shape)}.`);
      }
      return shape;
    },
    build: (x, { graph }) => upsample2d(graph, x, { size, interpolation }),
  });
}

/** x · scale + offset, each a number or one a channel (the last axis): `rescaling({ scale: 1 / 255 })`. Offset: default 0. */
export function rescaling(options: {
  scale: number | readonly number[];
  offset?: number | readonly number[];
  /** Default: made from the kind of layer, Keras' way. */
  name?: string;
}): Layer {
  checkOptions("rescaling", options, { scale: "any", offset: "any", name: "string" });
  const what = describeNew("rescaling", options);
  const { scale, offset = 0 } = options;
  for (const [name, values] of Object.entries({ scale, offset })) {
    for (const value of Array.isArray(values) ? values : [values]) checkNumber(what, name, value);
  }
  return layerOfOne({
    config: layerConfig("rescaling", options),
    keyword: "rescaling",
    outputShape(input, where) {
      for (const values of [scale, offset]) {
        if (Array.isArray(values)) checkLastAxis(where, input, values.length);
      }
      return input;
    },
    multiplyAdds: sizeOf,
    build(x, { graph }) {
      const operand = (values: number | readonly number[]) =>
        typeof values === "number" ? values : graph.constant(values);
      const scaled = scale === 1 ? x : mul(graph, x, operand(scale));
      return offset === 0 ? scaled : add(graph, scaled, operand(offset));
    },
  });
}

function checkLastAxis(where: string, input: Shape, count: number): void {
  checkCount(where, "the number of values", count);
  if (input[input.length - 1] !== count) {
    throw new ShapeError(`${where}: has ${count} values for the channels of ${formatShape(input)}.`);
  }
}
