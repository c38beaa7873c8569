import { type AffineRanges, checkAffineRanges } from "../core/affine.ts";
import { ShapeError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { randomAffine } from "../graph/ops/random_affine.ts";
import type { Model } from "../nn/model.ts";
import { checkOneInput } from "./one_input.ts";

/** Moves the images of each batch a little. */
export interface Augmentation {
  readonly ranges: Required<AffineRanges>;
  /** The images [batch, height, width, channels] of batch number `cursor`, each moved by random numbers of its own. */
  move(graph: Graph, images: Node, cursor: Node, seed: number): Node;
}

/** Throws `ArgumentError` for ranges out of their bounds, `ShapeError` for a model that takes no images. */
export function augmentationOf(model: Model, augment: AffineRanges): Augmentation {
  const ranges = checkAffineRanges("fit: augment", augment);
  if (model.inputShape.length !== 3) {
    throw new ShapeError(
      `fit: augment moves images [height, width, channels]; the model takes ${formatShape(model.inputShape)}.`,
    );
  }
  checkOneInput("fit: augment", model);
  return { ranges, move: (graph, images, cursor, seed) => randomAffine(graph, images, cursor, { ...ranges, seed }) };
}
