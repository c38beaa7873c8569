import { reluOp } from "../../graph/ops/relu.ts";
import { reluGradientOp } from "../../graph/ops/relu_gradient.ts";
import { defineCpuOp, read } from "../op.ts";

export const reluOps = [
  defineCpuOp(reluOp, ({ input, output }) => {
    const x = input("x");
    for (let i = 0; i < output.length; i++) {
      const value = read(x, i);
      // Written so that NaN stays NaN, as IEEE comparison would not.
      output[i] = value <= 0 ? 0 : value;
    }
  }),
  defineCpuOp(reluGradientOp, ({ input, output }) => {
    const [y, upstream] = [input("y"), input("upstream")];
    // Written so that a NaN among the activations does not stop the gradient, as in PyTorch.
    for (let i = 0; i < output.length; i++) output[i] = read(y, i) <= 0 ? 0 : read(upstream, i);
  }),
];
