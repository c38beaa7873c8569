import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type GradientRule } from "../op.ts";

/** How the two matrices are read. */
export interface MatmulOptions {
  /** Read `a` as [k, m] instead of [m, k]. */
  transposeA?: boolean;
  /** Read `b` as [n, k] instead of [k, n]. */
  transposeB?: boolean;
}

export interface MatmulAttributes {
  transposeA: boolean;
  transposeB: boolean;
}

/** Rows, columns and sum length of a product. */
export function matmulSizes(
  a: Node,
  b: Node,
  { transposeA, transposeB }: MatmulAttributes,
): { m: number; n: number; k: number } {
  return {
    m: at(a.shape, transposeA ? 1 : 0),
    k: at(a.shape, transposeA ? 0 : 1),
    n: at(b.shape, transposeB ? 0 : 1),
  };
}

export const matmulOp = defineOp<MatmulAttributes>({
  name: "matmul",
  operands: { a: FLOATS, b: FLOATS },
  infer(given, attributes, what) {
    const [a, b] = [given.operand("a"), given.operand("b")];
    const [turnedA, turnedB] = [attributes.transposeA ? "ᵀ" : "", attributes.transposeB ? "ᵀ" : ""];
    if (a.shape.length !== 2 || b.shape.length !== 2) {
      throw new ShapeError(
        `${what}: wants two matrices, got ${formatShape(a.shape)}${turnedA} and ${formatShape(b.shape)}${turnedB}.`,
      );
    }
    const { m, n, k } = matmulSizes(a, b, attributes);
    if (k !== at(b.shape, attributes.transposeB ? 1 : 0)) {
      throw new ShapeError(
        `${what}: inner sizes of ${formatShape(a.shape)}${turnedA} and ${formatShape(b.shape)}${turnedB} differ.`,
      );
    }
    return { shape: [m, n], dtype: "f32" };
  },
});

export const gradientOfMatmul: GradientRule<MatmulAttributes> = ({ graph, attributes, upstream, operand, wants }) => {
  const { transposeA, transposeB } = attributes;
  const [a, b] = [operand("a"), operand("b")];
  // C = A·B: dA = dC·Bᵀ, dB = Aᵀ·dC; a transposed operand wants its own gradient transposed.
  const dA = () =>
    transposeA
      ? matmul(graph, b, upstream, { transposeA: transposeB, transposeB: true })
      : matmul(graph, upstream, b, { transposeB: !transposeB });
  const dB = () =>
    transposeB
      ? matmul(graph, upstream, a, { transposeA: true, transposeB: transposeA })
      : matmul(graph, a, upstream, { transposeA: !transposeA });
  return { a: wants("a") ? dA() : undefined, b: wants("b") ? dB() : undefined };
};

/** Matrix product [m, k]·[k, n] → [m, n]. */
export function matmul(graph: Graph, a: Node, b: Node, options: MatmulOptions = {}): Node {
  return graph.addNode(matmulOp, [a, b], {
    transposeA: options.transposeA ?? false,
    transposeB: options.transposeB ?? false,
  });
}
