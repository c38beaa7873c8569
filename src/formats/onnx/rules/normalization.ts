/** Batch norm and its kin, dropout. */
import { batchNormalization } from "../../../nn/layers/batch_normalization.ts";
import { dropout } from "../../../nn/layers/dropout.ts";
import type { Lowering, Rule } from "../lowering.ts";
import { numpyUniform } from "../numpy_uniform.ts";
import {
  asItIs,
  type Computed,
  channelsLast,
  extentsOf,
  type Handle,
  type Known,
  rankOf,
  shapeOf,
  sizeOf,
  type Value,
} from "../value.ts";

/** One value a channel: a row for a layer. */
const row = (value: Known): Known => ({ ...value, shape: [value.data.length] });

/** (x − mean) / √(variance + ε) · scale + bias along the last axis. */
function normalized(
  node: Lowering,
  x: Handle,
  [scale, bias, mean, variance]: readonly Handle[],
  epsilon: number,
): Handle {
  const operands = [x, scale, bias, mean, variance].filter((one) => one !== undefined);
  return node.op("batchNorm", operands, { epsilon });
}

const batchNorm: Rule = (node) => {
  const x = node.input(0);
  const order = node.orderWithLast(x, Math.min(1, rankOf(x) - 1));
  const handle = node.handle(x, order);
  const channels = extentsOf(handle)[order.length - 1] ?? 1;
  const epsilon = node.number("epsilon", 1e-5);
  const momentum = node.number("momentum", 0.9);
  const training = node.number("training_mode", 0) === 1;
  const four = [1, 2, 3, 4].map((index) => node.input(index));
  const known = four.filter((one) => one.kind === "known");
  if (known.some(({ data }) => data.length !== channels)) node.fail(`wants ${channels} values, one a channel`);
  if (node.isModel && known.length === 4 && !node.wants(1)) {
    const [gamma, beta, mean, variance] = known.map(row) as [Known, Known, Known, Known];
    const weights = { gamma, beta, moving_mean: mean, moving_variance: variance };
    const y = node.layer(handle, weights, (name) => batchNormalization({ epsilon, momentum, name }));
    return [node.computed(y, order)];
  }
  const rows = four.map((value) => node.broadcastRow(value, channels)) as [Handle, Handle, Handle, Handle];
  if (!training) return [node.computed(normalized(node, handle, rows, epsilon), order)];
  if (node.opset < 14) node.fail("trains in the way of opset 13 or below, which is not supported");
  const [scale, bias, running, runningVariance] = rows;
  const others = asItIs(order.length - 1);
  const mean = node.op("mean", [handle], others);
  const difference = node.op("sub", [handle, mean]);
  const variance = node.op("mean", [node.op("mul", [difference, difference])], others);
  const moved = (old: Handle, fresh: Handle) =>
    node.computed(node.op("add", [node.op("mul", [old], momentum), node.op("mul", [fresh], 1 - momentum)]));
  const y = normalized(node, handle, [scale, bias, mean, variance], epsilon);
  return [node.computed(y, order), moved(running, mean), moved(runningVariance, variance)];
};

const instanceNorm: Rule = (node) => {
  const x = node.input(0);
  const order = channelsLast(rankOf(x));
  const handle = node.handle(x, order);
  const rows = [1, 2].map((index) => node.broadcastRow(node.input(index), extentsOf(handle)[order.length - 1] ?? 1));
  const epsilon = node.number("epsilon", 1e-5);
  return [node.computed(node.op("instanceNorm", [handle, ...rows], { epsilon }), order)];
};

const layerNorm: Rule = (node) => {
  const x = node.input(0);
  const first = node.axis(node.number("axis", -1), x);
  if (node.wants(1) || node.wants(2)) node.fail("gives mean and deviation, which is not supported");
  const axes = asItIs(rankOf(x)).slice(first);
  const image = shapeOf(x).slice(first);
  const rows = [node.optional(1), node.optional(2)].flatMap((value) => {
    if (value === undefined) return [];
    if (sizeOf(shapeOf(value)) !== sizeOf(image)) node.fail("wants scales of the shape that it normalizes");
    return [node.op("reshape", [node.handle(value)], image)];
  });
  const epsilon = node.number("epsilon", 1e-5);
  return [node.computed(node.op("layerNorm", [node.handle(x), ...rows], { axes, epsilon }))];
};

/** x / (bias + alpha / size · the sum of the squares of neighbouring channels) ** beta: an average pool along the channels. */
const localResponseNorm: Rule = (node) => {
  const x = node.input(0);
  const order = channelsLast(rankOf(x));
  const handle = node.handle(x, order);
  const extents = extentsOf(handle);
  const size = node.number("size") ?? node.fail("says no size");
  const channels = extents[extents.length - 1] ?? 1;
  const [batch = 1, ...rest] = extents;
  const rows = node.op("reshape", [node.op("mul", [handle, handle])], [batch, sizeOf(rest) / channels, channels, 1]);
  const before = Math.floor((size - 1) / 2);
  const padding = [
    [0, 0],
    [before, size - 1 - before],
  ];
  const means = node.op("avgPool2d", [rows], { size: [1, size], strides: [1, 1], padding, countIncludePad: true });
  const scaled = node.op("mul", [node.op("reshape", [means], extents)], node.number("alpha", 0.0001));
  const divisor = node.op("power", [node.op("add", [scaled], node.number("bias", 1))], node.number("beta", 0.75));
  return [node.computed(node.op("div", [handle, divisor]), order)];
};

const flag = (node: Lowering, index: number): boolean => (node.known(index)?.data[0] ?? 0) !== 0;

/** A model's dropout draws in training; a graph's, where the file says that it trains, is the reference implementation's. */
const dropOut: Rule = (node) => {
  const x = node.input(0);
  const rate = node.opset < 12 ? node.number("ratio", 0.5) : (node.known(1)?.data[0] ?? 0.5);
  const training = node.opset >= 12 && flag(node, 2);
  const ones = () => {
    const shape = shapeOf(x);
    if (node.isModel) return node.fail("gives its mask, which a model does not have");
    return {
      ...node.computed(node.constant(new Float32Array(sizeOf(shape)).fill(1), shape, "bool")),
      type: "bool",
    } as const;
  };
  if (node.isModel) {
    if (node.wants(1)) ones();
    if (rate === 0 || x.kind === "known") return [x];
    const drop = (handle: Handle) => node.layer(handle, {}, (name) => dropout({ rate, name }));
    const y: Computed = { ...x, handle: drop(x.handle) };
    // A dense layer takes the columns as they lie; nobody else may, or two masks would be drawn.
    return [x.columns ? node.computed(drop(node.handle(x))) : y];
  }
  if (!training || rate === 0) return node.wants(1) ? [x, ones()] : [x];
  const shape = shapeOf(x);
  const seed = node.number("seed") ?? node.fail("trains without a seed: whoever draws is to say so");
  node.spend(sizeOf(shape));
  const kept = Float32Array.from(numpyUniform(seed, sizeOf(shape)), (drawn) => (drawn >= rate ? 1 : 0));
  const scaled = node.op("mul", [node.handle(x), node.constant(kept, shape)]);
  const y = node.computed(node.op("mul", [scaled], 1 / (1 - rate)));
  const mask: Value = { kind: "known", shape, type: "bool", data: kept };
  return node.wants(1) ? [y, mask] : [y];
};

export const normalizationRules: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNorm,
  Dropout: dropOut,
  InstanceNormalization: instanceNorm,
  LRN: localResponseNorm,
  LayerNormalization: layerNorm,
};
