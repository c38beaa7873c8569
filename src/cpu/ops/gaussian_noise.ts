import { gaussianNoiseOf } from "../../core/gaussian_noise.ts";
import { gaussianNoiseOp } from "../../graph/ops/gaussian_noise.ts";
import { defineCpuOp, read } from "../op.ts";

export const gaussianNoiseOps = [
  defineCpuOp(gaussianNoiseOp, ({ attributes: { stddev, seed, stream }, input, output }) => {
    const x = input("x");
    const noise = gaussianNoiseOf(seed, stream, read(input("step"), 0));
    for (let i = 0; i < output.length; i++) output[i] = read(x, i) + stddev * noise(i);
  }),
];
