/** Convolutions and pools. */
import { averagePooling2d } from "../../../nn/layers/average_pooling.ts";
import { conv2d } from "../../../nn/layers/conv2d.ts";
import { conv2dTranspose, depthwiseConv2d } from "../../../nn/layers/conv2d_variants.ts";
import { maxPooling2d } from "../../../nn/layers/pooling.ts";
import type { Lowering, Rule } from "../lowering.ts";
import {
  channelsLast,
  extentsOf,
  type Handle,
  type Known,
  rankOf,
  shapeOf,
  sizeOf,
  transposed,
  type Value,
} from "../value.ts";

type Pair = [number, number];
type Pads = [Pair, Pair];

/** How a window slides over an image of 2 spatial axes; one of a single axis has a height of 1. */
interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Pads;
}

function pair(node: Lowering, list: readonly number[], filling: number): Pair {
  const [first = filling, second] = list;
  if (list.length > 2 || !list.every((one) => Number.isSafeInteger(one)))
    node.fail("is about more than 2 spatial axes");
  return second === undefined ? [filling, first] : [first, second];
}

/** `pads` is [begin of each axis, end of each axis]. */
function padPairs(node: Lowering, spatial: number): Pads {
  const list = node.list("pads") ?? new Array<number>(2 * spatial).fill(0);
  if (list.length !== 2 * spatial) node.fail(`has ${list.length} pads for ${spatial} spatial axes`);
  if (list.some((one) => one < 0)) node.fail("has pads below 0");
  const pairs = Array.from({ length: spatial }, (_, axis): Pair => [list[axis] ?? 0, list[axis + spatial] ?? 0]);
  const [first = [0, 0], second] = pairs;
  return second ? [first, second] : [[0, 0], first];
}

/** Padding before and after that SAME_UPPER and SAME_LOWER share out, the odd row at the end or at the start. */
function shared(total: number, autoPad: string): Pair {
  const small = Math.floor(Math.max(0, total) / 2);
  const large = Math.max(0, total) - small;
  return autoPad === "SAME_LOWER" ? [large, small] : [small, large];
}

function windowOf(node: Lowering, x: Value, kernel: readonly number[]): Window {
  const spatial = rankOf(x) - 2;
  const size = pair(node, kernel, 1);
  const strides = pair(node, node.list("strides") ?? new Array<number>(spatial).fill(1), 1);
  const dilations = pair(node, node.list("dilations") ?? new Array<number>(spatial).fill(1), 1);
  const autoPad = node.text("auto_pad", "NOTSET");
  if (!autoPad.startsWith("SAME")) {
    const none: Pads = [
      [0, 0],
      [0, 0],
    ];
    return { size, strides, dilations, pads: autoPad === "VALID" ? none : padPairs(node, spatial) };
  }
  const extents = pair(node, shapeOf(x).slice(2), 1);
  const along = (axis: 0 | 1): Pair => {
    const span = (size[axis] - 1) * dilations[axis] + 1;
    const out = Math.ceil(extents[axis] / strides[axis]);
    return shared((out - 1) * strides[axis] + span - extents[axis], autoPad);
  };
  return { size, strides, dilations, pads: [along(0), along(1)] };
}

const isKnown = (value: Value | undefined): value is Known => value?.kind === "known";

/** A filter [out, in / groups, …kernel], or [in, out / groups, …kernel] of a transposed one, with both kernel axes. */
function filterOf(node: Lowering, w: Value): Value {
  if (rankOf(w) === 4) return w;
  if (rankOf(w) !== 3) node.fail(`has a filter of ${rankOf(w)} axes; images of 1 or 2 spatial axes are supported`);
  const [first = 1, second = 1, third = 1] = shapeOf(w);
  const shape = [first, second, 1, third];
  return isKnown(w) ? { ...w, shape } : node.computed(node.op("reshape", [node.handle(w)], shape));
}

function withBias(node: Lowering, y: Handle, bias: Value | undefined): Handle {
  const channels = extentsOf(y)[3] ?? 1;
  return bias === undefined ? y : node.op("add", [y, node.broadcastRow(bias, channels)]);
}

const options = ({ strides, dilations, pads }: Window) => ({ strides, padding: pads, dilations });

const convolution: Rule = (node) => {
  const [x, given, bias] = [node.input(0), node.input(1), node.optional(2)];
  const w = filterOf(node, given);
  const [filters = 1, inGroup = 1, ...kernel] = shapeOf(w);
  const window = windowOf(node, x, rankOf(given) === 3 ? kernel.slice(1) : kernel);
  const groups = node.number("group", 1);
  const image = node.image(x);
  if (!node.isModel || !isKnown(w) || (bias && !isKnown(bias))) {
    const y = node.op("conv2d", [image, node.handle(w, [2, 3, 1, 0])], { ...options(window), groups });
    return [node.fromImage(withBias(node, y, bias), rankOf(x))];
  }
  const common = {
    ...{ kernelSize: window.size, strides: window.strides, dilationRate: window.dilations, padding: window.pads },
    useBias: bias !== undefined,
  };
  const hwio = transposed(w, [2, 3, 1, 0]);
  const channels = extentsOf(image)[3] ?? 1;
  const isDepthwise = groups > 1 && groups === channels && inGroup === 1 && filters % channels === 0;
  const weightsOf = (kernelValue: Known) => ({
    kernel: kernelValue,
    ...(bias && isKnown(bias) ? { bias: { ...bias, shape: [bias.data.length] } } : {}),
  });
  const depthMultiplier = filters / channels;
  const y = isDepthwise
    ? node.layer(image, weightsOf({ ...hwio, shape: [...window.size, channels, depthMultiplier] }), (name) =>
        depthwiseConv2d({ ...common, depthMultiplier, name }),
      )
    : node.layer(image, weightsOf(hwio), (name) => conv2d({ ...common, filters, groups, name }));
  return [node.fromImage(y, rankOf(x))];
};

/** What of the padding and of the result of a transposed convolution its attributes decide together. */
function transposedWindow(node: Lowering, x: Value, kernel: readonly number[]): Window & { outputPadding: Pair } {
  const spatial = rankOf(x) - 2;
  const autoPad = node.text("auto_pad", "NOTSET");
  const plain = windowOf(node, x, kernel);
  const outputPadding = pair(node, node.list("output_padding") ?? new Array<number>(spatial).fill(0), 0);
  const extents = pair(node, shapeOf(x).slice(2), 1);
  const declared = node.list("output_shape")?.slice(-spatial);
  const wanted = declared ? pair(node, declared, 1) : undefined;
  const isSame = autoPad.startsWith("SAME");
  if (wanted === undefined && !isSame) return { ...plain, outputPadding };
  const along = (axis: 0 | 1): { pads: Pair; extra: number } => {
    const span = (plain.size[axis] - 1) * plain.dilations[axis] + 1;
    const out = wanted?.[axis] ?? extents[axis] * plain.strides[axis];
    const total = plain.strides[axis] * (extents[axis] - 1) + outputPadding[axis] + span - out;
    // What is not covered at all is more of the result's end.
    const pads = shared(total, autoPad === "SAME_UPPER" ? autoPad : "SAME_LOWER");
    return { pads, extra: outputPadding[axis] + Math.max(0, -total) };
  };
  const [down, across] = [along(0), along(1)];
  return { ...plain, pads: [down.pads, across.pads], outputPadding: [down.extra, across.extra] };
}

const transposedConvolution: Rule = (node) => {
  const [x, given, bias] = [node.input(0), node.input(1), node.optional(2)];
  const w = filterOf(node, given);
  const [, groupFilters = 1, ...kernel] = shapeOf(w);
  const window = transposedWindow(node, x, rankOf(given) === 3 ? kernel.slice(1) : kernel);
  const groups = node.number("group", 1);
  const image = node.image(x);
  // An op adds less than a stride at the end by itself; the rest are rows that no window covers, but for the bias.
  const fits = ([0, 1] as const).every(
    (axis) => window.outputPadding[axis] < Math.max(window.strides[axis], window.dilations[axis]),
  );
  const outputPadding: Pair = fits ? window.outputPadding : [0, 0];
  if (node.isModel && fits && groups === 1 && isKnown(w) && (bias === undefined || isKnown(bias))) {
    const weights = {
      kernel: transposed(w, [2, 3, 1, 0]),
      ...(bias ? { bias: { ...bias, shape: [bias.data.length] } } : {}),
    };
    const y = node.layer(image, weights, (name) =>
      conv2dTranspose({
        ...{ filters: groupFilters, kernelSize: window.size, strides: window.strides, padding: window.pads },
        ...{ dilationRate: window.dilations, outputPadding, useBias: bias !== undefined, name },
      }),
    );
    return [node.fromImage(y, rankOf(x))];
  }
  const filter = node.handle(w, [2, 3, 1, 0]);
  const covered = node.op("conv2dTranspose", [image, filter], { ...options(window), groups, outputPadding });
  const [bottom, right] = window.outputPadding;
  const y = fits
    ? covered
    : node.op(
        "pad",
        [covered],
        [
          [0, 0],
          [0, bottom],
          [0, right],
          [0, 0],
        ],
      );
  return [node.fromImage(withBias(node, y, bias), rankOf(x))];
};

/** Where each window's first maximum lies in the whole tensor, as the file counts. */
function winners(node: Lowering, x: Value, image: Handle, y: Handle, window: Window): Value {
  const [batch = 1, height = 1, width = 1, channels = 1] = extentsOf(image);
  const [, outHeight = 1, outWidth = 1] = extentsOf(y);
  const [[top, bottom], [left, right]] = window.pads;
  const columnMajor = node.number("storage_order", 0) === 1;
  node.spend(batch * outHeight * outWidth * channels * sizeOf(window.size));
  // Places are exact in f32 up to 2²⁴.
  if (batch * height * width * channels > 2 ** 24) node.fail("counts more places than f32 holds exactly");
  const padding = [
    [0, 0],
    [top, bottom + window.size[0] * window.dilations[0]],
    [left, right + window.size[1] * window.dilations[1]],
    [0, 0],
  ];
  const padded = node.op("pad", [image], padding, { mode: "constant", value: -3e38 });
  const taps = Array.from(
    { length: sizeOf(window.size) },
    (_, tap): Pair => [Math.floor(tap / window.size[1]), tap % window.size[1]],
  );
  const [strideDown, strideAcross] = window.strides;
  const placeOf = ([row, column]: Pair) => {
    const places = new Float32Array(batch * outHeight * outWidth * channels);
    let index = 0;
    for (let image = 0; image < batch; image++)
      for (let down = 0; down < outHeight; down++)
        for (let across = 0; across < outWidth; across++)
          for (let channel = 0; channel < channels; channel++) {
            const y = down * strideDown - top + row * window.dilations[0];
            const x = across * strideAcross - left + column * window.dilations[1];
            const plane = (image * channels + channel) * height * width;
            places[index++] = plane + (columnMajor ? x * height + y : y * width + x);
          }
    return node.constant(places, [batch, outHeight, outWidth, channels]);
  };
  const found = taps.reduceRight((others: Handle | undefined, tap) => {
    const [row, column] = [tap[0] * window.dilations[0], tap[1] * window.dilations[1]];
    const sizes = [batch, (outHeight - 1) * strideDown + 1, (outWidth - 1) * strideAcross + 1, channels];
    const values = node.op("slice", [padded], [0, row, column, 0], sizes, [1, strideDown, strideAcross, 1]);
    const place = placeOf(tap);
    return others ? node.op("where", [node.op("equal", [values, y]), place, others]) : place;
  }, undefined);
  return { ...node.fromImage(node.op("cast", [found ?? y], "i32"), rankOf(x)), type: "int" };
}

const maxPool: Rule = (node) => {
  const x = node.input(0);
  const window = windowOf(node, x, node.list("kernel_shape") ?? node.fail("has no kernel_shape"));
  const image = node.image(x);
  const ceilMode = node.number("ceil_mode", 0) === 1;
  const isPlain = !ceilMode && window.dilations.every((one) => one === 1);
  const y =
    node.isModel && isPlain
      ? node.layer(image, {}, (name) =>
          maxPooling2d({ poolSize: window.size, strides: window.strides, padding: window.pads, name }),
        )
      : node.op("maxPool2d", [image], { size: window.size, ...options(window), ceilMode });
  const places = node.wants(1) ? [winners(node, x, image, y, window)] : [];
  return [node.fromImage(y, rankOf(x)), ...places];
};

const averagePool: Rule = (node) => {
  const x = node.input(0);
  const window = windowOf(node, x, node.list("kernel_shape") ?? node.fail("has no kernel_shape"));
  const image = node.image(x);
  const ceilMode = node.number("ceil_mode", 0) === 1;
  const countIncludePad = node.number("count_include_pad", 0) === 1;
  const isPlain = !ceilMode && !countIncludePad && window.dilations.every((one) => one === 1);
  const y =
    node.isModel && isPlain
      ? node.layer(image, {}, (name) =>
          averagePooling2d({ poolSize: window.size, strides: window.strides, padding: window.pads, name }),
        )
      : node.op("avgPool2d", [image], { size: window.size, ...options(window), ceilMode, countIncludePad });
  return [node.fromImage(y, rankOf(x))];
};

/** Over all spatial axes, which stay with an extent of 1. */
const global =
  (op: "mean" | "max"): Rule =>
  (node) => {
    const x = node.input(0);
    const order = channelsLast(rankOf(x));
    if (rankOf(x) < 3) node.fail("wants an image");
    const axes = order.slice(1, -1).map((_, place) => place + 1);
    return [node.computed(node.op(op, [node.handle(x, order)], axes, true), order)];
  };

export const windowRules: Readonly<Record<string, Rule>> = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: global("mean"),
  GlobalMaxPool: global("max"),
};
