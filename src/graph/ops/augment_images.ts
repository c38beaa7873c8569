import { type AffineRanges, checkAffineRanges } from "../../core/affine.ts";
import { at } from "../../core/at.ts";
import {
  checkChannels,
  checkImageAugmentation,
  IMAGE_AUGMENTATION,
  type ImageAugmentation,
  type ImageAugmentationSettings,
} from "../../core/augmentation.ts";
import { ShapeError } from "../../core/errors.ts";
import { checkOptions } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { COUNTS, defineOp, FLOATS, type OpDefinition } from "../op.ts";
import { sum } from "./sum.ts";

export interface AugmentImagesAttributes extends ImageAugmentationSettings {
  readonly seed: number;
  /** Whether colours stay within 0…1, as those of bytes are. */
  readonly clip: boolean;
}

export const augmentImagesOp: OpDefinition<AugmentImagesAttributes> = defineOp<AugmentImagesAttributes>({
  name: "augmentImages",
  // Of each image the sum of each channel [batch, channels], of which contrast makes the mean.
  operands: { x: FLOATS, batch: COUNTS, "sums?": FLOATS },
  infer(given, attributes, what) {
    const [x, batch] = [given.operand("x"), given.operand("batch")];
    if (x.shape.length !== 4 || batch.shape.length !== 0) {
      throw new ShapeError(
        `${what}: wants images [batch, height, width, channels] and a scalar, got ${formatShape(x.shape)} and ` +
          `${formatShape(batch.shape)}.`,
      );
    }
    checkChannels(what, attributes, at(x.shape, 3));
    return { shape: x.shape, dtype: "f32" };
  },
  // It stands where a network's data come in.
  gradient: () => ({}),
});

/**
 * A random copy of each image [batch, height, width, channels]: flipped, moved, in other colours, with noise, with a square
 * cut out; `ImageAugmentation` says how. The same `seed` and number `batch` (u32 scalar) give the same images on every
 * backend; flips, crops and squares exactly, what is computed with up to rounding. With `clip` (default false) contrast,
 * brightness and saturation leave values in 0…1. No gradient flows. Throws `ArgumentError` for settings out of bounds, and
 * for saturation of other than three channels.
 */
export function augmentImages(
  graph: Graph,
  x: Node,
  batch: Node,
  options: ImageAugmentation & { seed: number; clip?: boolean },
): Node {
  checkOptions("augmentImages", options, { ...IMAGE_AUGMENTATION, seed: "number", clip: "boolean" });
  const { seed, clip = false, ...given } = options;
  const settings = checkImageAugmentation("augmentImages", given);
  const sums = settings.contrast > 0 && x.shape.length === 4 ? [sum(graph, x, [1, 2])] : [];
  return graph.addNode(augmentImagesOp, [x, batch, ...sums], { ...settings, seed, clip });
}

/**
 * A random shift, rotation, zoom and slant of each image about its middle, with bilinear interpolation and zeros outside
 * (spatial transformers' sampling: Jaderberg et al. 2015). The same `seed` and number `batch` (u32 scalar) give the same
 * images on every backend. No gradient flows. Throws `ArgumentError` for ranges out of bounds.
 */
export function randomAffine(graph: Graph, x: Node, batch: Node, options: AffineRanges & { seed: number }): Node {
  const { seed, ...ranges } = options;
  return augmentImages(graph, x, batch, { ...checkAffineRanges("randomAffine", ranges), seed });
}
