import { ArgumentError, ShapeError } from "./errors.ts";
import { describeValue } from "./options.ts";
import { formatShape, type Shape } from "./shape.ts";

/** `[height, width]`. */
export type Pair = readonly [number, number];

/**
 * Zero padding of the two spatial axes. `"same"` gives ceil(input / stride) outputs, the odd row or column of
 * padding at the end, as in Keras; `"valid"` pads nothing; explicit: `[[top, bottom], [left, right]]`.
 */
export type Padding = "same" | "valid" | readonly [Pair, Pair];

/** How a sliding window covers an image: shared by convolution and pooling, on every backend. */
export interface WindowGeometry {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padBottom: number;
  readonly padLeft: number;
  readonly padRight: number;
}

/** The one record of a 2-D convolution's shapes. Images are NHWC, filters [kh, kw, inChannels / groups, outChannels]. */
export interface ConvGeometry extends WindowGeometry {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  /** Channels that one filter sees: inChannels / groups. */
  readonly groupInChannels: number;
  /** Filters of one group: outChannels / groups. */
  readonly groupOutChannels: number;
}

/** The one record of a 2-D pooling's shapes. */
export interface PoolGeometry extends WindowGeometry {
  readonly channels: number;
}

export interface WindowOptions {
  kernel: Pair;
  strides: Pair;
  padding: Padding;
  dilations: Pair;
  /** Round the output size up, so that a last window may hang over the padded edge (pooling only). */
  ceilMode?: boolean;
}

export function checkPair(what: string, name: string, pair: Pair, least: number): void {
  if (pair.length !== 2 || !pair.every((value) => Number.isInteger(value) && value >= least)) {
    throw new ArgumentError(
      `${what}: ${name} must be two whole numbers of at least ${least}, got [${pair.join(", ")}].`,
    );
  }
}

/** Throws `ArgumentError` unless sizes, strides, dilations and padding are what they must be. */
export function checkWindowOptions(what: string, { kernel, strides, padding, dilations }: WindowOptions): void {
  checkPair(what, "kernel size", kernel, 1);
  checkPair(what, "strides", strides, 1);
  checkPair(what, "dilations", dilations, 1);
  if (typeof padding !== "string") {
    checkPair(what, "padding [top, bottom]", padding[0], 0);
    checkPair(what, "padding [left, right]", padding[1], 0);
  } else if (padding !== "same" && padding !== "valid") {
    throw new ArgumentError(
      `${what}: padding must be "same", "valid" or [[top, bottom], [left, right]], got ${describeValue(padding)}.`,
    );
  }
}

interface Axis {
  out: number;
  padBefore: number;
  padAfter: number;
}

function axisGeometry(
  what: string,
  axis: "height" | "width",
  extent: number,
  options: { kernel: number; stride: number; dilation: number; padding: "same" | "valid" | Pair; ceilMode: boolean },
): Axis {
  const span = (options.kernel - 1) * options.dilation + 1;
  const { stride, padding, ceilMode } = options;
  if (padding === "same") {
    const out = Math.ceil(extent / stride);
    const total = Math.max(0, (out - 1) * stride + span - extent);
    const padBefore = Math.floor(total / 2);
    return { out, padBefore, padAfter: total - padBefore };
  }
  const [padBefore, padAfter] = padding === "valid" ? [0, 0] : padding;
  const room = extent + padBefore + padAfter - span;
  // Rounded up, one window may hang over an input that is smaller than itself.
  if (room < 0 && !(ceilMode && room > -stride)) {
    throw new ShapeError(
      `${what}: a window of ${span} along ${axis} does not fit into ${extent} (+ ${padBefore} + ${padAfter} padding). ` +
        `Use a smaller kernel or dilation, padding "same", or a larger input.`,
    );
  }
  let out = (ceilMode ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  // A window that starts in the trailing padding would cover nothing (PyTorch's rule for ceil_mode).
  if (ceilMode && (out - 1) * stride >= extent + padBefore) out--;
  return { out, padBefore, padAfter };
}

/** Shapes of a window sliding over `[batch, height, width, channels]`; throws `ShapeError` where it does not fit. */
export function windowGeometry(what: string, input: Shape, options: WindowOptions): WindowGeometry {
  const [batch, inHeight, inWidth] = input;
  if (input.length !== 4 || batch === undefined || inHeight === undefined || inWidth === undefined) {
    throw new ShapeError(`${what}: wants an input [batch, height, width, channels], got ${formatShape(input)}.`);
  }
  checkWindowOptions(what, options);
  const { padding } = options;
  const ceilMode = options.ceilMode ?? false;
  const [height, width] = ([0, 1] as const).map((axis) =>
    axisGeometry(what, axis === 0 ? "height" : "width", axis === 0 ? inHeight : inWidth, {
      kernel: options.kernel[axis],
      stride: options.strides[axis],
      dilation: options.dilations[axis],
      padding: typeof padding === "string" ? padding : padding[axis],
      ceilMode,
    }),
  ) as [Axis, Axis];
  return {
    batch,
    inHeight,
    inWidth,
    outHeight: height.out,
    outWidth: width.out,
    kernelHeight: options.kernel[0],
    kernelWidth: options.kernel[1],
    strideHeight: options.strides[0],
    strideWidth: options.strides[1],
    dilationHeight: options.dilations[0],
    dilationWidth: options.dilations[1],
    padTop: height.padBefore,
    padBottom: height.padAfter,
    padLeft: width.padBefore,
    padRight: width.padAfter,
  };
}

/** The geometry of `conv2d(input, filter)`; `what` names the layer in errors. */
export function convGeometry(
  what: string,
  input: Shape,
  filter: Shape,
  options: { strides: Pair; padding: Padding; dilations: Pair; groups: number },
): ConvGeometry {
  const [kernelHeight, kernelWidth, groupInChannels, outChannels] = filter;
  if (
    filter.length !== 4 ||
    kernelHeight === undefined ||
    kernelWidth === undefined ||
    groupInChannels === undefined ||
    outChannels === undefined
  ) {
    throw new ShapeError(
      `${what}: wants a filter [kh, kw, inChannels / groups, outChannels], got ${formatShape(filter)}.`,
    );
  }
  const geometry = windowGeometry(what, input, {
    kernel: [kernelHeight, kernelWidth],
    strides: options.strides,
    padding: options.padding,
    dilations: options.dilations,
  });
  const inChannels = input[3] ?? 0;
  const { groups } = options;
  if (!Number.isInteger(groups) || groups < 1) {
    throw new ArgumentError(`${what}: groups must be a whole number of at least 1, got ${groups}.`);
  }
  if (inChannels !== groupInChannels * groups) {
    throw new ShapeError(
      `${what}: input ${formatShape(input)} has ${inChannels} channels, but filter ${formatShape(filter)} with ` +
        `${groups} group${groups === 1 ? "" : "s"} wants ${groupInChannels * groups}.`,
    );
  }
  if (outChannels % groups !== 0) {
    throw new ShapeError(`${what}: ${outChannels} filters cannot be split into ${groups} equal groups.`);
  }
  return { ...geometry, inChannels, outChannels, groups, groupInChannels, groupOutChannels: outChannels / groups };
}

/** The first position along an axis whose window meets no value of the input. */
function emptyWindow(
  out: number,
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padBefore: number,
): number | undefined {
  // Of the windows that begin before the input, each stands like the one `dilation` positions earlier, but nearer to it.
  const early = Math.min(out, Math.ceil(padBefore / stride), dilation);
  for (let position = 0; position < early; position++) {
    const first = position * stride - padBefore;
    // The first tap that is not before the input.
    const tap = Math.ceil(-first / dilation);
    if (tap >= kernel || first + tap * dilation >= size) return position;
  }
  // The others begin ever further behind.
  const late = Math.ceil((size + padBefore) / stride);
  return late < out ? late : undefined;
}

/** The geometry of a pooling over `[batch, height, width, channels]`. */
export function poolGeometry(
  what: string,
  input: Shape,
  options: Omit<WindowOptions, "kernel"> & { size: Pair },
): PoolGeometry {
  const { size, ...rest } = options;
  const g = windowGeometry(what, input, { ...rest, kernel: size });
  const emptyRow = emptyWindow(g.outHeight, g.inHeight, g.kernelHeight, g.strideHeight, g.dilationHeight, g.padTop);
  const emptyColumn = emptyWindow(g.outWidth, g.inWidth, g.kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft);
  if (emptyRow !== undefined || emptyColumn !== undefined) {
    const place = emptyRow !== undefined ? `row ${emptyRow}` : `column ${emptyColumn}`;
    throw new ShapeError(
      `${what}: with padding [[${g.padTop}, ${g.padBottom}], [${g.padLeft}, ${g.padRight}]], windows of ` +
        `${size[0]}×${size[1]} with dilations ${options.dilations[0]}×${options.dilations[1]} cover nothing but padding ` +
        `in ${place} of the result for ${formatShape(input)}, which has no maximum; pad or dilate less.`,
    );
  }
  return { ...g, channels: input[3] ?? 0 };
}
