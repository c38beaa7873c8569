import { isOp } from "../../graph/op.ts";
import { matmulSizes } from "../../graph/ops/matmul.ts";
import { outerProduct } from "../outer_product.ts";
import { product } from "../product.ts";
import { inStages, type Task, type Value } from "../task.ts";
import { taskOf } from "./pointwise.ts";
import type { Rule } from "./rule.ts";
import { packedWeights } from "./weights.ts";

const FLOAT = 4;
const PLAIN = { bias: false, relu: false, pool: false };
/** Rows of a that are walked through their table. */
const MOST_ROWS = 2 ** 16;

export const matmul: Rule = (node): Task | undefined => {
  if (!isOp(node, "matmul")) return undefined;
  const [a, b] = [node.operand("a"), node.operand("b")];
  const { m, n, k } = matmulSizes(a, b, node.attributes);
  const { transposeA, transposeB } = node.attributes;
  if (transposeA || m > MOST_ROWS || m * n * k === 0) return undefined;
  const weights = packedWeights(
    node,
    b,
    transposeB
      ? { columns: n, columnStep: k * FLOAT, groups: 1, groupStep: 0, rowsOfGroup: k, rowStep: FLOAT }
      : { columns: n, columnStep: FLOAT, groups: 1, groupStep: 0, rowsOfGroup: k, rowStep: n * FLOAT },
  );
  const multiply = product(
    {
      rows: Array.from({ length: m }, (_, row) => row * k * FLOAT),
      ...{ images: 1, imageStepA: 0, imageStepC: 0, segments: [0], run: k, columns: n, rowStepC: n * FLOAT },
    },
    PLAIN,
  );
  return {
    ...taskOf(node, "product", [a]),
    ...{ first: weights.task, reads: [a, weights.packed], tables: multiply.tables, kernels: [multiply.kernel] },
    bind(places) {
      const [left, right, to] = [a, weights.packed, node].map((value: Value) => places.array(value).address) as [
        number,
        number,
        number,
      ];
      const tables = [places.table(0), places.table(1)] as const;
      return places.inSlices(multiply.slices({ a: left, b: right, c: to }, tables));
    },
  };
};

/** aᵀ · b, as the gradient of a dense layer's weights is: a sum over rows of both. */
export const matmulOfRows: Rule = (node): Task | undefined => {
  if (!isOp(node, "matmul")) return undefined;
  const [a, b] = [node.operand("a"), node.operand("b")];
  const { m, n, k } = matmulSizes(a, b, node.attributes);
  if (!node.attributes.transposeA || node.attributes.transposeB || m > MOST_ROWS || m * n * k === 0) return undefined;
  const multiply = outerProduct({
    offsets: Array.from({ length: m }, (_, row) => row * FLOAT),
    ...{ images: 1, imageStepA: 0, outHeight: 1, outWidth: k, stepX: m * FLOAT, stepY: k * m * FLOAT },
    ...{ columns: n, rowStepB: n * FLOAT, rowStepC: n * FLOAT },
  });
  return {
    ...taskOf(node, "outer product", [a, b]),
    ...{ scratch: multiply.scratch, own: multiply.own, tables: multiply.tables, kernels: multiply.kernels },
    bind(places) {
      const stages = multiply.stages({
        ...{ a: places.array(a).address, b: places.array(b).address, c: places.array(node).address },
        ...{ offsets: places.table(0), sums: places.scratch(0), panels: places.scratch(1), own: places.own(0) },
      });
      return inStages(places, stages);
    },
  };
};
