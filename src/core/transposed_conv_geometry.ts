import { ArgumentError, ShapeError } from "./errors.ts";
import { formatShape, type Shape } from "./shape.ts";
import {
  type ConvGeometry,
  checkPair,
  checkWindowOptions,
  convGeometry,
  type Padding,
  type Pair,
} from "./window_geometry.ts";

export interface TransposedConvOptions {
  strides: Pair;
  padding: Padding;
  /** Rows and columns added at the end of the result; undefined follows Keras (see `conv2dTranspose`). */
  outputPadding: Pair | undefined;
  dilations: Pair;
  groups: number;
}

interface TransposedAxis {
  /** Extent of the result. */
  out: number;
  padBefore: number;
  padAfter: number;
}

function transposedAxis(
  what: string,
  axis: "height" | "width",
  extent: number,
  options: {
    kernel: number;
    stride: number;
    dilation: number;
    padding: "same" | "valid" | Pair;
    outputPadding: number | undefined;
  },
): TransposedAxis {
  const { kernel, stride, dilation, padding, outputPadding } = options;
  const span = (kernel - 1) * dilation + 1;
  if (outputPadding !== undefined && outputPadding >= Math.max(stride, dilation)) {
    throw new ArgumentError(
      `${what}: outputPadding ${outputPadding} along ${axis} must be less than the stride ${stride} or the dilation ` +
        `${dilation}: what lies further out belongs to a larger input.`,
    );
  }
  /** What the windows of all inputs cover before anything is cropped. */
  const covered = (extent - 1) * stride + span;
  const extra = outputPadding ?? 0;
  let out: number;
  let padBefore: number;
  if (padding === "same") {
    out = outputPadding === undefined ? extent * stride : covered - 2 * Math.floor(span / 2) + outputPadding;
    if (Math.ceil(out / stride) !== extent) {
      throw new ArgumentError(
        `${what}: padding "same" with outputPadding ${extra} along ${axis} gives ${out}, of which a convolution with ` +
          `stride ${stride} makes ${Math.ceil(out / stride)} and not ${extent}. Leave outputPadding out, or give padding explicitly.`,
      );
    }
    padBefore = Math.floor(Math.max(0, covered - out) / 2);
  } else if (padding === "valid") {
    out = outputPadding === undefined ? Math.max(covered, extent * stride) : covered + outputPadding;
    padBefore = 0;
  } else {
    out = covered - padding[0] - padding[1] + extra;
    padBefore = padding[0];
  }
  if (out < 1) {
    throw new ShapeError(
      `${what}: ${extent} inputs along ${axis} cover ${covered}, of which padding crops everything (${out} remain). ` +
        `Crop less, or use a larger kernel or input.`,
    );
  }
  return { out, padBefore, padAfter: Math.max(0, covered - padBefore - out) };
}

/**
 * The convolution whose input gradient is `conv2dTranspose(input, filter)`: its input is the result and its output the
 * given image. Filters are [kh, kw, outChannels / groups, inChannels], which that convolution reads as its own
 * [kh, kw, in / groups, out]. Throws `ShapeError` and `ArgumentError`; `what` names the layer.
 */
export function transposedConvGeometry(
  what: string,
  input: Shape,
  filter: Shape,
  options: TransposedConvOptions,
): ConvGeometry {
  const [batch, height, width, inChannels] = input;
  if (
    input.length !== 4 ||
    batch === undefined ||
    height === undefined ||
    width === undefined ||
    inChannels === undefined
  ) {
    throw new ShapeError(`${what}: wants an input [batch, height, width, channels], got ${formatShape(input)}.`);
  }
  const [kernelHeight, kernelWidth, groupOutChannels] = filter;
  if (
    filter.length !== 4 ||
    kernelHeight === undefined ||
    kernelWidth === undefined ||
    groupOutChannels === undefined ||
    filter[3] !== inChannels
  ) {
    throw new ShapeError(
      `${what}: wants a filter [kh, kw, outChannels / groups, inChannels] with inChannels ${inChannels} for input ` +
        `${formatShape(input)}, got ${formatShape(filter)}.`,
    );
  }
  const { strides, padding, outputPadding, dilations, groups } = options;
  checkWindowOptions(what, { kernel: [kernelHeight, kernelWidth], strides, padding, dilations });
  if (outputPadding !== undefined) checkPair(what, "outputPadding", outputPadding, 0);
  if (!Number.isInteger(groups) || groups < 1 || inChannels % groups !== 0) {
    throw new ArgumentError(
      `${what}: groups must be a whole number that divides the ${inChannels} channels of the input, got ${groups}.`,
    );
  }
  const along = (axis: 0 | 1, extent: number, kernel: number): TransposedAxis =>
    transposedAxis(what, axis === 0 ? "height" : "width", extent, {
      kernel,
      stride: strides[axis],
      dilation: dilations[axis],
      padding: typeof padding === "string" ? padding : padding[axis],
      outputPadding: outputPadding?.[axis],
    });
  const [down, across] = [along(0, height, kernelHeight), along(1, width, kernelWidth)];
  const convolution = convGeometry(what, [batch, down.out, across.out, groupOutChannels * groups], filter, {
    strides,
    padding: [
      [down.padBefore, down.padAfter],
      [across.padBefore, across.padAfter],
    ],
    dilations,
    groups,
  });
  // With outputPadding of a stride or more, more windows would fit into the result than the image has pixels.
  return { ...convolution, outHeight: height, outWidth: width };
}
