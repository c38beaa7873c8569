import { type AvgPoolAttributes, avgPool2dGradientOp, avgPool2dOp, countedRange } from "../../graph/ops/avg_pool2d.ts";
import { defineCpuOp, read, storeSums, zeroSums } from "../op.ts";

/** Taps of a window from `start` on, counted from the padded edge, that lie from `from` to before `to`. */
function countTaps(start: number, taps: number, dilation: number, from: number, to: number): number {
  let count = 0;
  for (let tap = 0; tap < taps; tap++) {
    const place = start + tap * dilation;
    if (place >= from && place < to) count++;
  }
  return count;
}

/** Calls `visit` for every place of the image that a window averages, in each channel, with the window's divisor. */
function forEachTap(
  attributes: AvgPoolAttributes,
  visit: (place: number, window: number, divisor: number) => void,
): void {
  const g = attributes.geometry;
  const range = countedRange(attributes);
  for (let image = 0; image < g.batch; image++) {
    for (let outY = 0; outY < g.outHeight; outY++) {
      const startY = outY * g.strideHeight;
      const rows = countTaps(startY, g.kernelHeight, g.dilationHeight, range.fromRow, range.toRow);
      for (let outX = 0; outX < g.outWidth; outX++) {
        const startX = outX * g.strideWidth;
        const columns = countTaps(startX, g.kernelWidth, g.dilationWidth, range.fromColumn, range.toColumn);
        for (let kernelY = 0; kernelY < g.kernelHeight; kernelY++) {
          const inY = startY - g.padTop + kernelY * g.dilationHeight;
          if (inY < 0 || inY >= g.inHeight) continue;
          for (let kernelX = 0; kernelX < g.kernelWidth; kernelX++) {
            const inX = startX - g.padLeft + kernelX * g.dilationWidth;
            if (inX < 0 || inX >= g.inWidth) continue;
            const place = ((image * g.inHeight + inY) * g.inWidth + inX) * g.channels;
            const window = ((image * g.outHeight + outY) * g.outWidth + outX) * g.channels;
            for (let channel = 0; channel < g.channels; channel++) {
              visit(place + channel, window + channel, rows * columns);
            }
          }
        }
      }
    }
  }
}

function flops({ attributes: { geometry: g } }: { attributes: AvgPoolAttributes }): number {
  return g.batch * g.outHeight * g.outWidth * g.channels * g.kernelHeight * g.kernelWidth;
}

export const avgPool2dOps = [
  defineCpuOp(
    avgPool2dOp,
    ({ attributes, input, output }) => {
      const x = input("x");
      const sums = zeroSums(output);
      const divisors = new Float64Array(output.length).fill(1);
      forEachTap(attributes, (place, window, divisor) => {
        sums[window] = read(sums, window) + read(x, place);
        divisors[window] = divisor;
      });
      for (let i = 0; i < sums.length; i++) sums[i] = read(sums, i) / read(divisors, i);
      storeSums(sums, output);
    },
    flops,
  ),
  defineCpuOp(
    avgPool2dGradientOp,
    ({ attributes, input, output }) => {
      const upstream = input("upstream");
      const sums = zeroSums(output);
      forEachTap(attributes, (place, window, divisor) => {
        sums[place] = read(sums, place) + read(upstream, window) / divisor;
      });
      storeSums(sums, output);
    },
    flops,
  ),
];
