import type { ConvGeometry } from "../../core/window_geometry.ts";
import { type ConvAttributes, conv2dOp } from "../../graph/ops/conv2d.ts";
import { conv2dFilterGradientOp, conv2dInputGradientOp } from "../../graph/ops/conv2d_gradients.ts";
import { defineCpuOp, storeSums, zeroSums } from "../op.ts";

/**
 * Calls `visit` for every pair of an output pixel and an input pixel that a tap of the kernel connects, group by
 * group, with the group's first input channel, weight and output channel. Taps that fall on padding connect nothing.
 */
function forEachTap(g: ConvGeometry, visit: (input: number, filter: number, output: number) => void): void {
  for (let image = 0; image < g.batch; image++) {
    for (let outY = 0; outY < g.outHeight; outY++) {
      for (let outX = 0; outX < g.outWidth; outX++) {
        const output = ((image * g.outHeight + outY) * g.outWidth + outX) * g.outChannels;
        for (let kernelY = 0; kernelY < g.kernelHeight; kernelY++) {
          const inY = outY * g.strideHeight - g.padTop + kernelY * g.dilationHeight;
          if (inY < 0 || inY >= g.inHeight) continue;
          for (let kernelX = 0; kernelX < g.kernelWidth; kernelX++) {
            const inX = outX * g.strideWidth - g.padLeft + kernelX * g.dilationWidth;
            if (inX < 0 || inX >= g.inWidth) continue;
            const input = ((image * g.inHeight + inY) * g.inWidth + inX) * g.inChannels;
            const filter = (kernelY * g.kernelWidth + kernelX) * g.groupInChannels * g.outChannels;
            for (let group = 0; group < g.groups; group++) {
              const firstOut = group * g.groupOutChannels;
              visit(input + group * g.groupInChannels, filter + firstOut, output + firstOut);
            }
          }
        }
      }
    }
  }
}

/** A multiplication and an addition for each weight and output pixel, padding included. */
function flops({ attributes: { geometry: g } }: { attributes: ConvAttributes }): number {
  return 2 * g.batch * g.outHeight * g.outWidth * g.outChannels * g.kernelHeight * g.kernelWidth * g.groupInChannels;
}

// The three ops are one loop: each visit multiplies two of (input, filter, output) into the third. Output channels
// are innermost, where filter and output are contiguous. Elements are read without a helper: these loops are most of
// the backend's running time, and in Vite's development and test mode a call across modules is no plain call.
export const conv2dOps = [
  defineCpuOp(
    conv2dOp,
    ({ attributes: { geometry: g }, input, output }) => {
      const [x, w, sums] = [input("x"), input("filter"), zeroSums(output)];
      const { groupInChannels, groupOutChannels, outChannels } = g;
      forEachTap(g, (firstIn, firstWeight, firstOut) => {
        for (let i = 0; i < groupInChannels; i++) {
          const value = x[firstIn + i] as number;
          const weights = firstWeight + i * outChannels;
          for (let o = 0; o < groupOutChannels; o++) {
            sums[firstOut + o] = (sums[firstOut + o] as number) + value * (w[weights + o] as number);
          }
        }
      });
      storeSums(sums, output);
    },
    flops,
  ),
  defineCpuOp(
    conv2dInputGradientOp,
    ({ attributes: { geometry: g }, input, output }) => {
      const [upstream, w, sums] = [input("upstream"), input("filter"), zeroSums(output)];
      const { groupInChannels, groupOutChannels, outChannels } = g;
      forEachTap(g, (firstIn, firstWeight, firstOut) => {
        for (let i = 0; i < groupInChannels; i++) {
          const weights = firstWeight + i * outChannels;
          let sum = 0;
          for (let o = 0; o < groupOutChannels; o++) {
            sum += (upstream[firstOut + o] as number) * (w[weights + o] as number);
          }
          sums[firstIn + i] = (sums[firstIn + i] as number) + sum;
        }
      });
      storeSums(sums, output);
    },
    flops,
  ),
  defineCpuOp(
    conv2dFilterGradientOp,
    ({ attributes: { geometry: g }, input, output }) => {
      const [x, upstream, sums] = [input("x"), input("upstream"), zeroSums(output)];
      const { groupInChannels, groupOutChannels, outChannels } = g;
      forEachTap(g, (firstIn, firstWeight, firstOut) => {
        for (let i = 0; i < groupInChannels; i++) {
          const value = x[firstIn + i] as number;
          const weights = firstWeight + i * outChannels;
          for (let o = 0; o < groupOutChannels; o++) {
            sums[weights + o] = (sums[weights + o] as number) + value * (upstream[firstOut + o] as number);
          }
        }
      });
      storeSums(sums, output);
    },
    flops,
  ),
];
