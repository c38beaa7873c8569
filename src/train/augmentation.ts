import { at } from "../core/at.ts";
import {
  type AugmentOptions,
  checkChannels,
  checkImageAugmentation,
  IMAGE_AUGMENTATION,
  type ImageAugmentationSettings,
} from "../core/augmentation.ts";
import { ShapeError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { augmentImages } from "../graph/ops/augment_images.ts";
import type { Model } from "../nn/model.ts";
import { checkOneInput } from "./one_input.ts";

/** Which batch images are of, and how its random numbers come about. */
interface AugmentedBatch {
  /** Number of the batch, u32 scalar. */
  readonly cursor: Node;
  readonly seed: number;
  /** Whether they came as bytes, whose colours stay within 0…1. */
  readonly ofBytes: boolean;
}

/** Makes random copies of the images of each batch. */
export interface Augmentation {
  readonly settings: ImageAugmentationSettings;
  /** Of images [batch, height, width, channels], each with random numbers of its own. */
  move(graph: Graph, images: Node, batch: AugmentedBatch): Node;
}

/** Throws `ArgumentError` for options out of their bounds, `ShapeError` for a model that takes no images. */
export function augmentationOf(model: Model, augment: AugmentOptions): Augmentation {
  checkOneInput("fit: augment", model);
  return augmentationOfShape("fit: augment", model.inputShape, augment, "the model takes");
}

/** The same for images of a shape. `whose` begins what says of which shape they are instead. */
export function augmentationOfShape(where: string, shape: Shape, augment: AugmentOptions, whose: string): Augmentation {
  checkOptions(where, augment, IMAGE_AUGMENTATION);
  const settings = checkImageAugmentation(where, augment);
  if (shape.length !== 3) {
    throw new ShapeError(`${where} changes images [height, width, channels]; ${whose} ${formatShape(shape)}.`);
  }
  checkChannels(where, settings, at(shape, 2));
  return {
    settings,
    move: (graph, images, { cursor, seed, ofBytes }) =>
      augmentImages(graph, images, cursor, { ...augment, seed, clip: ofBytes }),
  };
}
