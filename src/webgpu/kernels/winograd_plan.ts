import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { DeviceTraits } from "../kernel.ts";

/** Values of a transformed tile of F(2×2, 3×3). */
export const PLACES = 16;

/** One convolution of 3 × 3 taps without strides: forward, or the input gradient, which is one with turned filters. */
export interface WinogradPlan {
  readonly batch: number;
  readonly source: { readonly height: number; readonly width: number };
  readonly result: { readonly height: number; readonly width: number };
  /** Channels of the source, and of the result; multiples of four. */
  readonly summed: number;
  readonly kept: number;
  /** May be negative: the input gradient of a convolution that pads more than its kernel reaches. */
  readonly padTop: number;
  readonly padLeft: number;
  /** Filters turned and read with their channels exchanged. */
  readonly flip: boolean;
  /** Tiles of 2 × 2 pixels of the result, along and in all. */
  readonly tilesDown: number;
  readonly tilesAcross: number;
  readonly tiles: number;
}

export function winogradPlan(g: ConvGeometry, direction: "forward" | "inputGradient"): WinogradPlan {
  const forward = direction === "forward";
  const [image, output] = [
    { height: g.inHeight, width: g.inWidth },
    { height: g.outHeight, width: g.outWidth },
  ];
  const result = forward ? output : image;
  const [tilesDown, tilesAcross] = [Math.ceil(result.height / 2), Math.ceil(result.width / 2)];
  return {
    batch: g.batch,
    source: forward ? image : output,
    result,
    summed: forward ? g.inChannels : g.outChannels,
    kept: forward ? g.outChannels : g.inChannels,
    padTop: forward ? g.padTop : 2 - g.padTop,
    padLeft: forward ? g.padLeft : 2 - g.padLeft,
    flip: !forward,
    tilesDown,
    tilesAcross,
    tiles: g.batch * tilesDown * tilesAcross,
  };
}

/**
 * A tile of c summed and k kept channels takes 16 c k multiply-adds in place of 36 c k, and 16 (c + k) values that are
 * written and read once more each: with c = k, c / 6.4 operations are saved for a byte of traffic. From 128 channels on
 * that is 20, more than GPUs' plain kernels do in the time of a byte.
 */
const LEAST_CHANNELS = 128;
/** Fewer are not worth the autotuner's time: five operations saved for a byte. */
const LEAST_TRIED_CHANNELS = 32;
/** Transformed tensors larger than what every device can bind (the specification's 128 MiB) are not made. */
const MOST_TRANSFORMED_BYTES = 2 ** 27;

/**
 * Whether a convolution or its input gradient runs as Winograd's by rule. Software adapters never do: they pay for loads,
 * of which it has more, and not for products (bench/NOTES.md).
 */
export function winogradPays(g: ConvGeometry, direction: "forward" | "inputGradient", traits: DeviceTraits): boolean {
  return winogradFits(g, direction, traits, LEAST_CHANNELS);
}

/** Whether the autotuner may time Winograd's algorithm against the direct kernels. */
export function winogradMayPay(g: ConvGeometry, direction: "forward" | "inputGradient", traits: DeviceTraits): boolean {
  return winogradFits(g, direction, traits, LEAST_TRIED_CHANNELS);
}

function winogradFits(
  g: ConvGeometry,
  direction: "forward" | "inputGradient",
  { software, winograd = true }: DeviceTraits,
  leastChannels: number,
): boolean {
  if (software || !winograd || g.groups !== 1 || g.kernelHeight !== 3 || g.kernelWidth !== 3) return false;
  if (g.strideHeight !== 1 || g.strideWidth !== 1 || g.dilationHeight !== 1 || g.dilationWidth !== 1) return false;
  if (g.inChannels % 4 !== 0 || g.outChannels % 4 !== 0) return false;
  const { tiles, summed, kept } = winogradPlan(g, direction);
  return (
    Math.min(summed, kept) >= leastChannels && PLACES * tiles * Math.max(summed, kept) * 4 <= MOST_TRANSFORMED_BYTES
  );
}
