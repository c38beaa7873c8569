/** Matrix products. */
import { dense } from "../../../nn/layers/dense.ts";
import type { Lowering, Rule } from "../lowering.ts";
import {
  type Computed,
  extentsOf,
  type Handle,
  type Known,
  rankOf,
  shapeOf,
  sizeOf,
  transposed,
  type Value,
} from "../value.ts";

/** Products of matrices in a stack are computed as sums over a tensor of this many elements at most. */
const MOST_PRODUCTS = 2 ** 24;

/** Weights [in, out] for columns in another order than the file's. */
function rowsFor(x: Value, w: Known): Known {
  if (x.kind === "known" || !x.columns) return w;
  const units = w.shape[1] ?? 1;
  const data = new Float64Array(w.data.length);
  x.columns.from.forEach((row, place) => {
    for (let unit = 0; unit < units; unit++) data[place * units + unit] = w.data[row * units + unit] ?? 0;
  });
  return { ...w, data };
}

/** A dense layer on the last axis: w [in, out], bias [out]. */
function denseOf(node: Lowering, x: Value, w: Known, bias: Known | undefined): Computed {
  const handle: Handle = x.kind === "computed" && x.columns ? x.handle : node.handle(x);
  const weights = { kernel: rowsFor(x, w), ...(bias ? { bias } : {}) };
  const y = node.layer(handle, weights, (name) => dense({ units: w.shape[1] ?? 1, useBias: bias !== undefined, name }));
  return node.computed(y);
}

const scaled = (value: Known, factor: number): Known =>
  factor === 1 ? value : { ...value, data: Float64Array.from(value.data, (one) => one * factor) };

/** A bias as one value a column; undefined where it has others for each row. */
function rowOf(value: Known, columns: number): Known | undefined {
  const size = value.data.length;
  if (size !== 1 && (size !== columns || value.shape[value.shape.length - 1] !== columns)) return undefined;
  const data = size === 1 ? new Float64Array(columns).fill(value.data[0] ?? 0) : value.data;
  return { ...value, shape: [columns], data };
}

const gemm: Rule = (node) => {
  const [a, b, c] = [node.input(0), node.input(1), node.optional(2)];
  if (rankOf(a) !== 2 || rankOf(b) !== 2) node.fail("wants two matrices");
  const [alpha, beta] = [node.number("alpha", 1), node.number("beta", 1)];
  const [transposeA, transposeB] = [node.number("transA", 0) !== 0, node.number("transB", 0) !== 0];
  if (
    node.isModel &&
    !transposeA &&
    a.kind === "computed" &&
    b.kind === "known" &&
    (c === undefined || c.kind === "known")
  ) {
    const w = scaled(transposeB ? transposed(b, [1, 0]) : b, alpha);
    const bias = c && rowOf(scaled(c, beta), w.shape[1] ?? 1);
    if (c === undefined || bias) return [denseOf(node, a, w, bias)];
  }
  const product = node.op("matmul", [node.handle(a), node.handle(b)], { transposeA, transposeB });
  const sum = alpha === 1 ? product : node.op("mul", [product], alpha);
  if (c === undefined || beta === 0) return [node.computed(sum)];
  const addend = beta === 1 ? node.handle(c) : node.op("mul", [node.handle(c)], beta);
  return [node.computed(node.op("add", [sum, addend]))];
};

/** Of stacks of matrices, element by element. */
function stacked(node: Lowering, a: Value, b: Value): Computed {
  const [left, right] = [shapeOf(a), shapeOf(b)];
  if (left.length < 2 || right.length < 2)
    node.fail("multiplies a matrix by a vector, which is not supported; use two matrices");
  const columns = right[right.length - 1] ?? 1;
  const rest = sizeOf((left.length > right.length ? left : right).slice(node.isModel ? 1 : 0, -2));
  const products = rest * (left[left.length - 2] ?? 1) * (left[left.length - 1] ?? 1) * columns;
  if (products > MOST_PRODUCTS) node.fail("multiplies stacks of matrices that are too large here");
  const wideA = node.op("reshape", [node.handle(a)], [...left, 1]);
  const wideB = node.op("reshape", [node.handle(b)], [...right.slice(0, -2), 1, ...right.slice(-2)]);
  const terms = node.op("mul", [wideA, wideB]);
  return node.computed(node.op("sum", [terms], [extentsOf(terms).length - 2]));
}

const matMul: Rule = (node) => {
  const [a, b] = [node.input(0), node.input(1)];
  const bias = node.optional(2);
  if (node.isModel && a.kind === "computed" && b.kind === "known" && rankOf(b) === 2 && rankOf(a) >= 2) {
    const row = bias?.kind === "known" ? rowOf(bias, b.shape[1] ?? 1) : undefined;
    const y = denseOf(node, a, b, row);
    return [bias && !row ? node.computed(node.op("add", [y.handle, node.handle(bias)])) : y];
  }
  const product =
    rankOf(a) === 2 && rankOf(b) === 2
      ? node.computed(node.op("matmul", [node.handle(a), node.handle(b)]))
      : stacked(node, a, b);
  return [bias ? node.computed(node.op("add", [product.handle, node.handle(bias)])) : product];
};

export const productRules: Readonly<Record<string, Rule>> = { Gemm: gemm, MatMul: matMul };
