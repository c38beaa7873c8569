import { matmulOp, matmulSizes } from "../../graph/ops/matmul.ts";
import { defineCpuOp, read } from "../op.ts";

export const matmulOps = [
  defineCpuOp(
    matmulOp,
    ({ node, attributes, input, output }) => {
      const { m, n, k } = matmulSizes(node.operand("a"), node.operand("b"), attributes);
      const [a, b] = [input("a"), input("b")];
      const [rowA, stepA] = attributes.transposeA ? [1, m] : [k, 1];
      const [stepB, columnB] = attributes.transposeB ? [1, k] : [n, 1];
      const sums = new Float64Array(n);
      for (let row = 0; row < m; row++) {
        sums.fill(0);
        for (let inner = 0; inner < k; inner++) {
          const value = read(a, row * rowA + inner * stepA);
          const start = inner * stepB;
          for (let column = 0; column < n; column++) {
            sums[column] = (sums[column] as number) + value * (b[start + column * columnB] as number);
          }
        }
        output.set(sums, row * n);
      }
    },
    (node) => {
      const { m, n, k } = matmulSizes(node.operand("a"), node.operand("b"), node.attributes);
      return 2 * m * n * k;
    },
  ),
];
