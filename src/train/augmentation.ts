import { at } from "../core/at.ts";
import {
  AUGMENT_OPTIONS,
  type AugmentOptions,
  checkChannels,
  checkImageAugmentation,
  type ImageAugmentationSettings,
} from "../core/augmentation.ts";
import { ShapeError } from "../core/errors.ts";
import { checkMixing, type Mixing } from "../core/mixing.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { add, mul, sub } from "../graph/ops/arithmetic.ts";
import { augmentImages } from "../graph/ops/augment_images.ts";
import { cast } from "../graph/ops/cast.ts";
import { gatherRows } from "../graph/ops/gather_rows.ts";
import { mixImages, mixingPlan } from "../graph/ops/mix_images.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { slice } from "../graph/ops/slice.ts";
import { meanOfRows } from "../nn/losses/row_losses.ts";
import type { Model } from "../nn/model.ts";
import type { MixedTargets } from "./dataset_variables.ts";
import { checkOneInput } from "./one_input.ts";

/** Which batch images are of, and how its random numbers come about. */
interface AugmentedBatch {
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

/** Throws `ArgumentError` for options out of their bounds, `ShapeError` for a model that takes no images. */
export function augmentationOf(model: Model, augment: AugmentOptions): Augmentation {
  checkOneInput("fit: augment", model);
  return augmentationOfShape("fit: augment", model.inputShape, augment, "the model takes");
}

/** The same for images of a shape. `whose` begins what says of which shape they are instead. */
export function augmentationOfShape(where: string, shape: Shape, augment: AugmentOptions, whose: string): Augmentation {
  checkOptions(where, augment, AUGMENT_OPTIONS);
  const { mixup: _, cutMix: __, ...options } = augment;
  const settings = checkImageAugmentation(where, options);
  const mixing = checkMixing(where, augment);
  if (shape.length !== 3) {
    throw new ShapeError(`${where} changes images [height, width, channels]; ${whose} ${formatShape(shape)}.`);
  }
  checkChannels(where, settings, at(shape, 2));
  return {
    settings: { ...settings, ...mixing },
    apply(graph, images, { cursor, count, batch, seed, ofBytes }) {
      const changed = augmentImages(graph, images, cursor, { ...options, seed, clip: ofBytes });
      if (mixing.mixup === 0 && mixing.cutMix === 0) return { images: changed };
      const [height, width] = [at(shape, 0), at(shape, 1)];
      const plan = mixingPlan(graph, cursor, { ...mixing, count, batch, height, width, seed });
      return { images: mixImages(graph, changed, plan), mixed: mixedTargets(graph, plan, batch) };
    },
  };
}

/** Losses by both targets of each row: its own, and that of its partner. */
function mixedTargets(graph: Graph, plan: Node, batch: number): MixedTargets {
  const column = (index: number) => reshape(graph, slice(graph, plan, [0, index], [batch, 1]), [batch]);
  return mixedBy(graph, column(0), cast(graph, column(1), "i32"), (node) => node);
}

/** `partners`: rows of what `wholeOf` gives for targets and weights. */
function mixedBy(graph: Graph, share: Node, partners: Node, wholeOf: (node: Node) => Node): MixedTargets {
  const rest = sub(graph, 1, share);
  return {
    loss(loss, outputs, targets, { mask, weights }) {
      const others = weights ? mul(graph, rest, gatherRows(graph, wholeOf(weights), partners)) : rest;
      const own = weights ? mul(graph, share, weights) : share;
      return add(
        graph,
        meanOfRows(graph, loss, outputs, targets, { mask, weights: own }),
        meanOfRows(graph, loss, outputs, gatherRows(graph, wholeOf(targets), partners), { mask, weights: others }),
      );
    },
    part: (begin, size, ofBatch) =>
      mixedBy(graph, slice(graph, share, [begin], [size]), slice(graph, partners, [begin], [size]), ofBatch),
  };
}
