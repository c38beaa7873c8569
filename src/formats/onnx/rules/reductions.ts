/** Sums and their like over axes, softmax, the place of a maximum. */
import { activation } from "../../../nn/layers/activation.ts";
import type { Lowering, Rule } from "../lowering.ts";
import { asItIs, type Computed, type Handle, rankOf, shapeOf, sizeOf, type Value } from "../value.ts";

/** The op over some of the file's axes; the others keep their order. */
function over(
  node: Lowering,
  x: Value,
  axes: readonly number[],
  keep: boolean,
  compute: (handle: Handle, places: number[]) => Handle,
): Computed {
  const order = x.kind === "known" || x.columns ? asItIs(rankOf(x)) : x.order;
  const places = order.flatMap((axis, place) => (axes.includes(axis) ? [place] : []));
  const y = compute(node.handle(x, order), places);
  if (keep) return node.computed(y, order);
  const left = order.filter((axis) => !axes.includes(axis));
  return node.computed(
    y,
    left.map((axis) => axis - axes.filter((gone) => gone < axis).length),
  );
}

const reduction =
  (op: string, since: number): Rule =>
  (node) => {
    const x = node.input(0);
    const given = node.opset < since ? node.list("axes") : node.numbers(1);
    const isNothing = (given === undefined || given.length === 0) && node.number("noop_with_empty_axes", 0) === 1;
    if (isNothing) return [x];
    const axes = given?.length ? given.map((axis) => node.axis(axis, x)) : asItIs(rankOf(x));
    const keep = node.number("keepdims", 1) !== 0;
    return [over(node, x, axes, keep, (handle, places) => node.op(op, [handle], places, keep))];
  };

/** Along one axis; before opset 13 over everything from the axis on. */
const softmax =
  (op: "softmax" | "logSoftmax"): Rule =>
  (node) => {
    const x = node.input(0);
    const rank = rankOf(x);
    const compute = (handle: Handle) =>
      node.isModel && op === "softmax"
        ? node.layer(handle, {}, (name) => activation("softmax", { name }))
        : node.op(op, [handle]);
    const axis = node.axis(node.number("axis", node.opset < 13 ? 1 : -1), x);
    if (node.opset < 13 && axis !== rank - 1) {
      const shape = shapeOf(x);
      const rows = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))];
      const flat = compute(node.op("reshape", [node.handle(x)], rows));
      return [node.computed(node.op("reshape", [flat], shape))];
    }
    const order = node.orderWithLast(x, axis);
    return [node.computed(compute(node.handle(x, order)), order)];
  };

const argMax: Rule = (node) => {
  const x = node.input(0);
  if (node.number("select_last_index", 0) === 1)
    node.fail("takes the last of equal maxima; the first is what is supported");
  const axis = node.axis(node.number("axis", 0), x);
  const order = asItIs(rankOf(x));
  const y = node.op("argmax", [node.handle(x, order)], axis);
  if (node.number("keepdims", 1) === 0) return [node.computed(y, undefined, "int")];
  const shape = shapeOf(x).map((extent, other) => (other === axis ? 1 : extent));
  return [node.computed(node.op("reshape", [y], shape), order, "int")];
};

const cumSum: Rule = (node) => {
  const x = node.input(0);
  const axis = node.axis(node.numbers(1)?.[0] ?? node.fail("says no axis"), x);
  const order = x.kind === "known" || x.columns ? asItIs(rankOf(x)) : x.order;
  const flags = { exclusive: node.number("exclusive", 0) !== 0, reverse: node.number("reverse", 0) !== 0 };
  return [node.computed(node.op("cumsum", [node.handle(x, order)], order.indexOf(axis), flags), order)];
};

export const reductionRules: Readonly<Record<string, Rule>> = {
  ArgMax: argMax,
  CumSum: cumSum,
  LogSoftmax: softmax("logSoftmax"),
  ReduceL1: reduction("l1Norm", 18),
  ReduceL2: reduction("l2Norm", 18),
  ReduceLogSumExp: reduction("logSumExp", 18),
  ReduceMax: reduction("max", 18),
  ReduceMean: reduction("mean", 18),
  ReduceMin: reduction("min", 18),
  ReduceProd: reduction("product", 18),
  ReduceSum: reduction("sum", 13),
  Softmax: softmax("softmax"),
};
