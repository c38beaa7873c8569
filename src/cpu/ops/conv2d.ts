import type { ConvGeometry } from "../../core/window_geometry.ts";
import { conv2dFilterGradientOp, conv2dInputGradientOp, conv2dOp } from "../../graph/ops/conv2d.ts";
import { defineCpuOp, read } from "../op.ts";

/**
 * Calls `visit` for every pair of an output pixel and an input pixel that a tap of the kernel connects, with the first
 * element of each pixel and of the tap's weights. Taps that fall on padding connect nothing.
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
            visit(input, (kernelY * g.kernelWidth + kernelX) * g.groupInChannels * g.outChannels, output);
          }
        }
      }
    }
  }
}

// The three ops are one loop: each visit multiplies two of (input, filter, output) into the third.
export const conv2dOps = [
  defineCpuOp(conv2dOp, ({ attributes: { geometry: g }, input, output }) => {
    const [x, w] = [input(0), input(1)];
    const sums = new Float64Array(output.length);
    forEachTap(g, (pixel, tap, result) => {
      for (let group = 0; group < g.groups; group++) {
        const [firstIn, firstOut] = [group * g.groupInChannels, group * g.groupOutChannels];
        for (let i = 0; i < g.groupInChannels; i++) {
          const value = read(x, pixel + firstIn + i);
          const weights = tap + i * g.outChannels + firstOut;
          for (let o = 0; o < g.groupOutChannels; o++) {
            const at = result + firstOut + o;
            sums[at] = read(sums, at) + value * read(w, weights + o);
          }
        }
      }
    });
    output.set(sums);
  }),
  defineCpuOp(conv2dInputGradientOp, ({ attributes: { geometry: g }, input, output }) => {
    const [upstream, w] = [input(0), input(1)];
    const sums = new Float64Array(output.length);
    forEachTap(g, (pixel, tap, result) => {
      for (let group = 0; group < g.groups; group++) {
        const [firstIn, firstOut] = [group * g.groupInChannels, group * g.groupOutChannels];
        for (let i = 0; i < g.groupInChannels; i++) {
          const weights = tap + i * g.outChannels + firstOut;
          let sum = 0;
          for (let o = 0; o < g.groupOutChannels; o++)
            sum += read(upstream, result + firstOut + o) * read(w, weights + o);
          const at = pixel + firstIn + i;
          sums[at] = read(sums, at) + sum;
        }
      }
    });
    output.set(sums);
  }),
  defineCpuOp(conv2dFilterGradientOp, ({ attributes: { geometry: g }, input, output }) => {
    const [x, upstream] = [input(0), input(1)];
    const sums = new Float64Array(output.length);
    forEachTap(g, (pixel, tap, result) => {
      for (let group = 0; group < g.groups; group++) {
        const [firstIn, firstOut] = [group * g.groupInChannels, group * g.groupOutChannels];
        for (let i = 0; i < g.groupInChannels; i++) {
          const value = read(x, pixel + firstIn + i);
          const weights = tap + i * g.outChannels + firstOut;
          for (let o = 0; o < g.groupOutChannels; o++) {
            sums[weights + o] = read(sums, weights + o) + value * read(upstream, result + firstOut + o);
          }
        }
      }
    });
    output.set(sums);
  }),
];
