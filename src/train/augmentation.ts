import { at } from "../core/at.ts";
import {
  AUGMENT_OPTIONS,
  type AugmentOptions,
  checkChannels,
  checkImageAugmentation,
  type ImageAugmentationSettings,
} from "../core/augmentation.ts";
import { ShapeError } from "../core/errors.ts";
import type { Mixing } from "../core/mixing.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { augmentImages } from "../graph/ops/augment_images.ts";
import type { Model } from "../nn/model.ts";
import type { BatchMixing } from "./batch_mixing.ts";
import type { MixedTargets } from "./dataset_variables.ts";
import { checkOneInput } from "./one_input.ts";

/** Which batch images are of, and how its random numbers come about. */
export interface AugmentedBatch {
  /** Number of the batch, u32 scalar. */
  readonly cursor: Node;
  /** Images of the data set, and of a batch. */
  readonly count: number;
  readonly batch: number;
  readonly seed: number;
  /** Whether they came as bytes, whose colours stay within 0…1. */
  readonly ofBytes: boolean;
}

/** Makes random copies of the images of each batch. */
export interface Augmentation {
  readonly settings: ImageAugmentationSettings & Required<Mixing>;
  /** Of images [batch, height, width, channels], each with random numbers of its own. */
  apply(graph: Graph, images: Node, batch: AugmentedBatch): { images: Node; mixed?: MixedTargets };
}

/** Whether options ask for mixing, which lies in a module of its own: `mixingOf`. */
export const asksForMixing = ({ mixup = 0, cutMix = 0 }: Mixing): boolean => mixup !== 0 || cutMix !== 0;

/**
 * `mixing`: what `mixingOf` made of the same options. Throws `ArgumentError` for options out of their bounds, `ShapeError` for a
 * model that takes no images.
 */
export function augmentationOf(model: Model, augment: AugmentOptions, mixing?: BatchMixing): Augmentation {
  checkOneInput("fit: augment", model);
  return augmentationOfShape("fit: augment", model.inputShape, augment, "the model takes", mixing);
}

/** The same for images of a shape. `whose` begins what says of which shape they are instead. */
export function augmentationOfShape(
  where: string,
  shape: Shape,
  augment: AugmentOptions,
  whose: string,
  mixing?: BatchMixing,
): Augmentation {
  checkOptions(where, augment, AUGMENT_OPTIONS);
  const { mixup: _, cutMix: __, ...options } = augment;
  const settings = checkImageAugmentation(where, options);
  if (shape.length !== 3) {
    throw new ShapeError(`${where} changes images [height, width, channels]; ${whose} ${formatShape(shape)}.`);
  }
  checkChannels(where, settings, at(shape, 2));
  return {
    settings: { ...settings, ...(mixing?.settings ?? { mixup: 0, cutMix: 0 }) },
    apply(graph, images, batch) {
      const { cursor, seed, ofBytes } = batch;
      const changed = augmentImages(graph, images, cursor, { ...options, seed, clip: ofBytes });
      return mixing ? mixing.apply(graph, changed, batch) : { images: changed };
    },
  };
}
