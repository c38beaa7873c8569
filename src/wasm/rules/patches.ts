import type { ConvGeometry } from "../../core/window_geometry.ts";
import { paddedSource } from "../padding.ts";

export const FLOAT = 4;

export const range = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));

/** Bytes from a patch's beginning to each run of values that lie side by side in it, and the values of a run. */
export function segmentsOf(g: ConvGeometry, rowBytes: number, channels: number, groupChannels: number) {
  const rowStep = g.dilationHeight * rowBytes;
  if (g.dilationWidth === 1 && channels === groupChannels) {
    return { segments: range(g.kernelHeight, (y) => y * rowStep), run: g.kernelWidth * channels };
  }
  const pixelStep = g.dilationWidth * channels * FLOAT;
  const taps = range(g.kernelHeight, (y) => range(g.kernelWidth, (x) => y * rowStep + x * pixelStep));
  return { segments: taps.flat(), run: groupChannels };
}

/** Bytes from an image's beginning to the patch of each place, line by line. */
export const patchesOf = (height: number, width: number, stepY: number, stepX: number): number[] =>
  range(height, (y) => range(width, (x) => y * stepY + x * stepX)).flat();

/** The input of a convolution, with its padding. */
export const inputOf = (g: ConvGeometry) =>
  paddedSource({
    ...{ batch: g.batch, height: g.inHeight, width: g.inWidth, channels: g.inChannels },
    ...{ top: g.padTop, left: g.padLeft },
    paddedHeight: (g.outHeight - 1) * g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight + 1,
    paddedWidth: (g.outWidth - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth + 1,
  });
