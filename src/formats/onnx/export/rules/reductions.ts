/** Sums and their like over axes, softmax, the place of a maximum, matrix products. */
import { at } from "../../../../core/at.ts";
import type { MatmulAttributes } from "../../../../graph/ops/matmul.ts";
import type { ReduceAttributes } from "../../../../graph/ops/sum.ts";
import { asItIs } from "../../value.ts";
import { BOOL, FLOAT, INT32, type WrittenAttribute } from "../file.ts";
import { extentsOf, type Held, type Value } from "../values.ts";
import type { Writing } from "../writing.ts";
import type { Rules } from "./rule.ts";

/** The op over some axes; the others keep their order. */
export function reduced(node: Writing, op: string, { axes, keepDims }: ReduceAttributes, axesAreInput = false): Value {
  const x = node.operand("x");
  const order = node.orderOf(x);
  const places = order.flatMap((axis, place) => (axes.includes(axis) ? [place] : []));
  const keepdims = keepDims ? 1 : 0;
  const name = node.at(x, order);
  const isImage = order.length === 4 && keepDims && places.join() === "2,3";
  const pooled = isImage ? { ReduceMean: "GlobalAveragePool", ReduceMax: "GlobalMaxPool" }[op] : undefined;
  const y = pooled
    ? node.emit(pooled, [name])
    : axesAreInput
      ? node.emit(op, [name, node.ints(places)], { keepdims })
      : node.emit(op, [name], { axes: places, keepdims });
  const left = order.filter((axis) => !axes.includes(axis));
  const own = keepDims ? order : left.map((axis) => axis - axes.filter((gone) => gone < axis).length);
  return node.made(y, own);
}

const softmax =
  (op: string) =>
  (node: Writing): Value => {
    const x = node.operand("x");
    const order = node.orderOf(x);
    const y = node.emit(op, [node.at(x, order)], { axis: order.indexOf(order.length - 1) });
    return node.made(y, order);
  };

/** Weights [in, out], or [out, in] where they are transposed, for columns in another order than this library's. */
function turnedRows(node: Writing, from: readonly number[], b: Held, transposeB: boolean): string {
  const units = at(b.shape, transposeB ? 0 : 1);
  const rows = from.length;
  const data = new Float64Array(b.data.length);
  from.forEach((row, place) => {
    for (let unit = 0; unit < units; unit++) {
      const [to, own] = transposeB
        ? [unit * rows + place, unit * rows + row]
        : [place * units + unit, row * units + unit];
      data[to] = b.data[own] ?? 0;
    }
  });
  return node.writer.tensor(`${b.name} rows ${from.join()}`, b.name, () => ({ shape: b.shape, type: b.type, data }));
}

export function product(node: Writing, { transposeA, transposeB }: MatmulAttributes, bias?: Held): Value {
  const [a, b] = [node.operand("a"), node.operand("b")];
  const rows = a.kind === "made" ? a.rowsOf : undefined;
  if (rows && a.kind === "made" && b.kind === "held" && !transposeA && !transposeB) {
    const name = node.emit("MatMul", [node.at(rows), node.held(b)], {}, { own: true });
    const units = at(b.shape, 1);
    const whole = node.made(name, asItIs(rows.extents.length), [...rows.extents.slice(0, -1), units], rows.type);
    return { ...node.made("", asItIs(2)), rowsOf: whole };
  }
  const columns = a.kind === "made" && b.kind === "held" && !transposeA ? a.columns : undefined;
  const names =
    columns && b.kind === "held"
      ? [columns.lying(), turnedRows(node, columns.from, b, transposeB)]
      : [node.at(a), node.at(b)];
  if (!bias && !transposeA && !transposeB) return node.made(node.emit("MatMul", names, {}, { own: true }));
  const turning: Record<string, WrittenAttribute> = {
    ...(transposeA ? { transA: 1 } : {}),
    ...(transposeB ? { transB: 1 } : {}),
  };
  return node.made(node.emit("Gemm", bias ? [...names, node.held(bias)] : names, turning, { own: true }));
}

export const reductionRules: Rules = {
  argmax(node) {
    const x = node.operand("x");
    const order = node.orderOf(x);
    const last = order.length - 1;
    const found = node.emit("ArgMax", [node.at(x, order)], { axis: order.indexOf(last), keepdims: 0 });
    const name = node.emit("Cast", [found], { to: INT32 });
    return node.made(
      name,
      order.filter((axis) => axis !== last),
      node.node.extents,
      INT32,
    );
  },
  cumsum(node, { axis, exclusive, reverse }) {
    const x = node.operand("x");
    const order = node.orderOf(x);
    const flags = { ...(exclusive ? { exclusive: 1 } : {}), ...(reverse ? { reverse: 1 } : {}) };
    return node.made(node.emit("CumSum", [node.at(x, order), node.ints([order.indexOf(axis)])], flags), order);
  },
  logSoftmax: softmax("LogSoftmax"),
  matmul: (node, attributes) => product(node, attributes),
  max: (node, attributes) => reduced(node, "ReduceMax", attributes),
  min: (node, attributes) => reduced(node, "ReduceMin", attributes),
  oneHot(node, { depth }) {
    const x = node.operand("indices");
    const counted = node.counted(x);
    const wide = node.emit("Unsqueeze", [node.at(counted), node.ints([extentsOf(x).length])]);
    const places = node.writer.tensor(`places ${depth}`, "places", () => ({
      shape: [depth],
      type: INT32,
      data: asItIs(depth),
    }));
    return node.cast(node.made(node.emit("Equal", [wide, places]), undefined, undefined, BOOL), FLOAT);
  },
  product: (node, attributes) => reduced(node, "ReduceProd", attributes),
  softmax: softmax("Softmax"),
  sum: (node, attributes) => reduced(node, "ReduceSum", attributes, true),
};
