import { at } from "../../core/at.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { Pair } from "../../core/window_geometry.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { checkPositions, resampleAxis, type Tap } from "./resample_axis.ts";

export interface Upsample2dOptions {
  /** Factors [height, width]; the result has floor(extent · factor) pixels. */
  size?: Pair;
  /** Pixels [height, width] of the result, in place of factors. */
  outputSize?: Pair;
  /** Default "nearest". */
  interpolation?: "nearest" | "bilinear";
  /** Bilinear: the corner pixels of input and result lie on each other (PyTorch's align_corners). Default false. */
  alignCorners?: boolean;
  /**
   * Pixel centres lie at ½, 1½, … as in Keras and PyTorch's bilinear; default true. False counts from the pixels'
   * upper left corners (old TensorFlow, PyTorch's "nearest"); whole factors make no difference to "nearest".
   */
  halfPixelCenters?: boolean;
}

/** Where position `out` of the result lies in the input, in pixels of the input. */
function sourcePosition(out: number, extent: number, outExtent: number, options: Upsample2dOptions): number {
  if (options.alignCorners) return outExtent === 1 ? 0 : (out * (extent - 1)) / (outExtent - 1);
  if (options.halfPixelCenters ?? true) return ((out + 0.5) * extent) / outExtent - 0.5;
  return (out * extent) / outExtent;
}

/** What the pixels of the result are made of along one axis. */
export function tapsOf(extent: number, outExtent: number, options: Upsample2dOptions): Tap[][] {
  return Array.from({ length: outExtent }, (_, out) => {
    const place = sourcePosition(out, extent, outExtent, options);
    if ((options.interpolation ?? "nearest") === "nearest") {
      // The pixel that holds the centre, or the corner.
      const nearest = Math.floor((options.halfPixelCenters ?? true) ? place + 0.5 : place);
      return [{ index: Math.min(Math.max(nearest, 0), extent - 1), weight: 1 }];
    }
    const inside = Math.min(Math.max(place, 0), extent - 1);
    const lower = Math.floor(inside);
    const share = inside - lower;
    return [
      { index: lower, weight: 1 - share },
      { index: Math.min(lower + 1, extent - 1), weight: share },
    ];
  });
}

/** An image [batch, height, width, channels] with more (or fewer) pixels, interpolated along height, then width. */
export function upsample2d(graph: Graph, x: Node, options: Upsample2dOptions): Node {
  if (x.shape.length !== 4) {
    throw new ShapeError(`upsample2d: wants [batch, height, width, channels], got ${formatShape(x.shape)}.`);
  }
  const { size, outputSize, interpolation = "nearest", alignCorners = false } = options;
  if (interpolation !== "nearest" && interpolation !== "bilinear") {
    throw new ArgumentError(
      `upsample2d: interpolation is "nearest" or "bilinear", got ${describeValue(interpolation)}.`,
    );
  }
  if (alignCorners && interpolation === "nearest") {
    throw new ArgumentError('upsample2d: alignCorners belongs to interpolation "bilinear".');
  }
  return [1, 2].reduce((result, axis) => {
    const extent = at(x.shape, axis);
    const outExtent = outputSize?.[axis - 1] ?? Math.floor(extent * (size?.[axis - 1] ?? Number.NaN));
    if (!Number.isInteger(outExtent) || outExtent < 1) {
      throw new ArgumentError(
        `upsample2d: size (factors) or outputSize (pixels) must give at least one pixel of ${formatShape(x.shape)}, ` +
          `got size ${describeValue(size)}, outputSize ${describeValue(outputSize)}.`,
      );
    }
    checkPositions("upsample2d", outExtent);
    return outExtent === extent ? result : resampleAxis(graph, result, axis, tapsOf(extent, outExtent, options));
  }, x);
}
