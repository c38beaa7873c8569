/** Convolutions, pools, batch norm: what ONNX has channels first. */
import type { WindowGeometry } from "../../../../core/window_geometry.ts";
import type { AvgPoolAttributes } from "../../../../graph/ops/avg_pool2d.ts";
import type { ConvAttributes } from "../../../../graph/ops/conv2d.ts";
import type { PoolAttributes } from "../../../../graph/ops/max_pool2d.ts";
import type { WrittenAttribute } from "../file.ts";
import { channelsFirst, type Held, type Value } from "../values.ts";
import type { Writing } from "../writing.ts";
import type { Rules } from "./rule.ts";

/** Of a filter [kh, kw, in, out]: [out, in, kh, kw]. */
const FILTER = [3, 2, 0, 1];
const IMAGE = channelsFirst(4);

const windowOf = (g: WindowGeometry): Record<string, WrittenAttribute> => ({
  ...{ kernel_shape: [g.kernelHeight, g.kernelWidth], strides: [g.strideHeight, g.strideWidth] },
  pads: [g.padTop, g.padLeft, g.padBottom, g.padRight],
});

const dilationsOf = (g: WindowGeometry): Record<string, WrittenAttribute> =>
  isDilated(g) ? { dilations: [g.dilationHeight, g.dilationWidth] } : {};

const isDilated = (g: WindowGeometry) => g.dilationHeight > 1 || g.dilationWidth > 1;

export function convolution(node: Writing, { geometry: g }: ConvAttributes, bias?: Held): Value {
  const inputs = [node.at(node.operand("x"), IMAGE), node.at(node.operand("filter"), FILTER)];
  const attributes = { ...windowOf(g), ...dilationsOf(g), ...(g.groups > 1 ? { group: g.groups } : {}) };
  return node.made(node.emit("Conv", bias ? [...inputs, node.held(bias)] : inputs, attributes, { own: true }), IMAGE);
}

/** The input gradient of a convolution is ONNX' transposed convolution, with the same filter. */
export function transposedConvolution(node: Writing, { geometry: g }: ConvAttributes, bias?: Held): Value {
  const inputs = [node.at(node.operand("upstream"), IMAGE), node.at(node.operand("filter"), FILTER)];
  const extra = (out: number, steps: number, stride: number, span: number, pads: number) =>
    out - ((steps - 1) * stride + span - pads);
  const rows = extra(
    ...([g.inHeight, g.outHeight, g.strideHeight] as const),
    (g.kernelHeight - 1) * g.dilationHeight + 1,
    g.padTop + g.padBottom,
  );
  const columns = extra(
    ...([g.inWidth, g.outWidth, g.strideWidth] as const),
    (g.kernelWidth - 1) * g.dilationWidth + 1,
    g.padLeft + g.padRight,
  );
  const attributes = {
    ...{ ...windowOf(g), ...dilationsOf(g), ...(g.groups > 1 ? { group: g.groups } : {}) },
    ...(rows > 0 || columns > 0 ? { output_padding: [rows, columns] } : {}),
  };
  const name = node.emit("ConvTranspose", bias ? [...inputs, node.held(bias)] : inputs, attributes, { own: true });
  return node.made(name, IMAGE);
}

/** Whether the last windows hang over the padded edge. */
function isCeiled(g: WindowGeometry): boolean {
  const span = (kernel: number, dilation: number) => (kernel - 1) * dilation + 1;
  const over = (out: number, stride: number, covered: number, whole: number) => (out - 1) * stride + covered > whole;
  return (
    over(g.outHeight, g.strideHeight, span(g.kernelHeight, g.dilationHeight), g.padTop + g.inHeight + g.padBottom) ||
    over(g.outWidth, g.strideWidth, span(g.kernelWidth, g.dilationWidth), g.padLeft + g.inWidth + g.padRight)
  );
}

/** Runtimes refuse pads of a pool that are as large as its window. */
const isWide = (g: WindowGeometry) =>
  Math.max(g.padTop, g.padBottom) >= g.kernelHeight || Math.max(g.padLeft, g.padRight) >= g.kernelWidth;

/** What no maximum is. */
const LEAST = -3.4028234663852886e38;

function maxPool(node: Writing, { geometry: g }: PoolAttributes): Value {
  const x = node.at(node.operand("x"), IMAGE);
  const ceil = isCeiled(g) ? { ceil_mode: 1 } : {};
  const attributes = { ...windowOf(g), ...dilationsOf(g), ...ceil };
  if (!isWide(g)) return node.made(node.emit("MaxPool", [x], attributes, { own: true }), IMAGE);
  const pads = node.ints([0, 0, g.padTop, g.padLeft, 0, 0, g.padBottom, g.padRight]);
  const padded = node.emit("Pad", [x, pads, node.scalar(LEAST)]);
  return node.made(node.emit("MaxPool", [padded], { ...attributes, pads: [0, 0, 0, 0] }, { own: true }), IMAGE);
}

/** How many places each window's divisor counts, along one axis. */
function counts(out: number, stride: number, kernel: number, dilation: number, from: number, to: number): number[] {
  return Array.from({ length: out }, (_, step) => {
    const taps = Array.from({ length: kernel }, (__, tap) => step * stride + tap * dilation);
    return taps.filter((place) => place >= from && place < to).length;
  });
}

/** ONNX' average pool of opset 17 has no dilations, and runtimes differ about ceil_mode: such pools are sums, and a product. */
function averagePool(node: Writing, { geometry: g, countIncludePad }: AvgPoolAttributes): Value {
  const x = node.at(node.operand("x"), IMAGE);
  if (!isDilated(g) && !isCeiled(g) && !isWide(g)) {
    const attributes = { ...windowOf(g), ...(countIncludePad ? { count_include_pad: 1 } : {}) };
    return node.made(node.emit("AveragePool", [x], attributes, { own: true }), IMAGE);
  }
  const along = (
    out: number,
    stride: number,
    kernel: number,
    dilation: number,
    before: number,
    size: number,
    after: number,
  ) =>
    countIncludePad
      ? counts(out, stride, kernel, dilation, 0, before + size + after)
      : counts(out, stride, kernel, dilation, before, before + size);
  const down = along(g.outHeight, g.strideHeight, g.kernelHeight, g.dilationHeight, g.padTop, g.inHeight, g.padBottom);
  const across = along(g.outWidth, g.strideWidth, g.kernelWidth, g.dilationWidth, g.padLeft, g.inWidth, g.padRight);
  const hanging = (out: number, stride: number, kernel: number, dilation: number, whole: number) =>
    Math.max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - whole);
  const bottom = hanging(
    g.outHeight,
    g.strideHeight,
    g.kernelHeight,
    g.dilationHeight,
    g.padTop + g.inHeight + g.padBottom,
  );
  const right = hanging(g.outWidth, g.strideWidth, g.kernelWidth, g.dilationWidth, g.padLeft + g.inWidth + g.padRight);
  const ones = new Float32Array(g.channels * g.kernelHeight * g.kernelWidth).fill(1);
  const filter = node.floats("ones", [g.channels, 1, g.kernelHeight, g.kernelWidth], ones);
  const sums = node.emit("Conv", [x, filter], {
    ...{ ...windowOf(g), ...dilationsOf(g), group: g.channels },
    pads: [g.padTop, g.padLeft, g.padBottom + bottom, g.padRight + right],
  });
  const shares = Float64Array.from(down.flatMap((rows) => across.map((columns) => 1 / (rows * columns))));
  return node.made(node.emit("Mul", [sums, node.floats("shares", [1, 1, g.outHeight, g.outWidth], shares)]), IMAGE);
}

export const windowRules: Rules = {
  conv2d: (node, attributes) => convolution(node, attributes),
  conv2dInputGradient: (node, attributes) => transposedConvolution(node, attributes),
  maxPool2d: maxPool,
  avgPool2d: averagePool,
  batchNorm(node, { epsilon }) {
    const rank = node.node.extents.length;
    const order = channelsFirst(rank);
    const names = ["gamma", "beta", "mean", "variance"].map((name) => node.at(node.operand(name)));
    const momentum = node.optionsOf("batchNormalization")?.["momentum"] ?? 0.99;
    const attributes = { epsilon: { float: epsilon }, momentum: { float: Number(momentum) } };
    const inputs = [node.at(node.operand("x"), order), ...names];
    return node.made(node.emit("BatchNormalization", inputs, attributes, { own: true }), order);
  },
};
