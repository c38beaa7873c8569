import type { PoolGeometry } from "../../core/window_geometry.ts";
import { maxPool2dOp } from "../../graph/ops/max_pool2d.ts";
import { maxPool2dGradientOp } from "../../graph/ops/max_pool2d_gradient.ts";
import { type CpuArray, defineCpuOp, read, storeSums, zeroSums } from "../op.ts";

/** Calls `visit` for every window and channel, with the element that wins: the first maximum; NaN beats everything. */
function forEachWinner(g: PoolGeometry, x: CpuArray, visit: (winner: number, output: number) => void): void {
  for (let image = 0; image < g.batch; image++) {
    for (let outY = 0; outY < g.outHeight; outY++) {
      for (let outX = 0; outX < g.outWidth; outX++) {
        for (let channel = 0; channel < g.channels; channel++) {
          let winner = -1;
          for (let kernelY = 0; kernelY < g.kernelHeight; kernelY++) {
            const inY = outY * g.strideHeight - g.padTop + kernelY * g.dilationHeight;
            if (inY < 0 || inY >= g.inHeight) continue;
            for (let kernelX = 0; kernelX < g.kernelWidth; kernelX++) {
              const inX = outX * g.strideWidth - g.padLeft + kernelX * g.dilationWidth;
              if (inX < 0 || inX >= g.inWidth) continue;
              const candidate = ((image * g.inHeight + inY) * g.inWidth + inX) * g.channels + channel;
              const value = read(x, candidate);
              if (winner < 0 || value > read(x, winner) || (Number.isNaN(value) && !Number.isNaN(read(x, winner)))) {
                winner = candidate;
              }
            }
          }
          visit(winner, ((image * g.outHeight + outY) * g.outWidth + outX) * g.channels + channel);
        }
      }
    }
  }
}

export const maxPool2dOps = [
  defineCpuOp(maxPool2dOp, ({ attributes: { geometry }, input, output }) => {
    const x = input("x");
    forEachWinner(geometry, x, (winner, window) => {
      output[window] = winner < 0 ? Number.NEGATIVE_INFINITY : read(x, winner);
    });
  }),
  defineCpuOp(maxPool2dGradientOp, ({ attributes: { geometry }, input, output }) => {
    const [x, upstream] = [input("x"), input("upstream")];
    const sums = zeroSums(output);
    forEachWinner(geometry, x, (winner, window) => {
      if (winner >= 0) sums[winner] = read(sums, winner) + read(upstream, window);
    });
    storeSums(sums, output);
  }),
];
