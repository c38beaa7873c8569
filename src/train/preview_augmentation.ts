import type { AugmentOptions } from "../core/augmentation.ts";
import { ArgumentError } from "../core/errors.ts";
import { type ImagesPictureOptions, layOutImages, paintPicture, pictureOfImages } from "../core/images_picture.ts";
import { checkCount, checkNumber } from "../core/numbers.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import { rowsOfBatch } from "../core/rows_of_batch.ts";
import type { Tensor } from "../core/tensor.ts";
import { readRows } from "../data/data_source.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import { checkBackend } from "../graph/checks.ts";
import { Graph } from "../graph/graph.ts";
import { asksForMixing, augmentationOfShape } from "./augmentation.ts";
import { mixingOf } from "./batch_mixing.ts";
import { datasetTables, fetchBatch } from "./dataset_variables.ts";

/** Which images to show, and where. */
export interface PreviewOptions extends ImagesPictureOptions {
  /** Makes the images: `cpu()` is enough for a few. */
  readonly backend: Backend;
  /** Images; at most as many as the data set has. Default 16. */
  readonly count?: number;
  /** Of the random numbers: a trainer's seed, of which the default is 0. */
  readonly seed?: number;
  /** The step whose batch is shown, from 0 on. Default 0. */
  readonly step?: number;
  /** Whether batches are in the order that `fit` shuffles, by the same seed. Default true. */
  readonly shuffle?: boolean;
  /**
   * Where the images are drawn, side by side; it gets the picture's size. Bytes are drawn as they are; of floats outside 0…1
   * the smallest of these images' values is black and the largest white.
   */
  readonly canvas?: HTMLCanvasElement | OffscreenCanvas;
}

/** Augmented images. */
export interface AugmentationPreview {
  /** [count, height, width, channels], as the network gets them. */
  readonly images: Tensor<Float32Array>;
  /** Which images of the data set these are. */
  readonly rows: Int32Array;
}

const OPTIONS: OptionKinds<PreviewOptions> = {
  ...{ columns: "number", imageWidth: "number", gap: "number" },
  ...{ backend: "any", count: "number", seed: "number", step: "number", shuffle: "boolean", canvas: "any" },
};
const WHERE = "previewAugmentation";

/**
 * Images of a data set as `fit(dataset, { augment })` would train on them, without a model and without training: the batch that
 * a trainer with `batchSize: count` and this seed takes at a step, the same on every call. Draws them into a canvas where
 * there is one. For data sets in memory and such that are read, whose images of this batch alone are read. Throws
 * `ArgumentError` for options out of bounds, `ShapeError` where these are no images.
 *
 *     await previewAugmentation(pets, { flip: "horizontal", rotate: 15 }, { backend, canvas, imageWidth: 96 });
 */
export async function previewAugmentation(
  dataset: Dataset,
  augment: AugmentOptions,
  options: PreviewOptions,
): Promise<AugmentationPreview> {
  checkOptions(WHERE, options, OPTIONS);
  const { backend, seed = 0, step = 0, shuffle = true, canvas } = options;
  checkBackend(WHERE, backend);
  const batch = Math.min(checkCount(WHERE, "count", options.count ?? 16), dataset.count);
  checkNumber(WHERE, "seed", seed);
  if (!(Number.isInteger(step) && step >= 0 && step < 2 ** 32)) {
    throw new ArgumentError(`${WHERE}: step must be a whole number of at least 0, got ${describeValue(step)}.`);
  }
  if (dataset.more !== undefined) {
    throw new ArgumentError(`${WHERE}: takes data sets with one input and one output.`);
  }
  const mixing = asksForMixing(augment) ? mixingOf(WHERE, augment) : undefined;
  const augmentation = augmentationOfShape(WHERE, dataset.shape, augment, "these are", mixing);
  const rows = rowsOfBatch(step, { count: dataset.count, batch, shuffle, seed }).filter((row) => row >= 0);
  const layout = canvas && layOutImages(WHERE, [rows.length, ...dataset.shape], options);
  const { images } = await readRows(dataset, [...rows]);
  // The batch as a data set of its own, of which each batch is all.
  const { read: _, targets: __, sampleWeights: ___, names: ____, ...rest } = dataset;
  const shown: Dataset = { ...rest, images, labels: new Int32Array(rows.length), count: rows.length };
  const graph = new Graph();
  const { inputs } = fetchBatch(graph, shown, graph.constant(step, [], "u32"), {
    ...{ batch: rows.length, shuffle: false, seed, augment: augmentation, tables: datasetTables(shown) },
  });
  const [augmented] = inputs;
  if (augmented === undefined) throw new ArgumentError(`${WHERE}: the data set has no images.`);
  const program = await backend.compile(graph, { outputs: { images: augmented } });
  let data: Float32Array;
  try {
    const result = await program.run({});
    data = Float32Array.from(result["images"]?.data ?? []);
  } finally {
    program.dispose();
  }
  if (canvas && layout) {
    const range = rangeOf(data, images instanceof Uint8Array);
    const picture = pictureOfImages(layout, data, { channels: dataset.shape[2] ?? 1, ...range });
    paintPicture(WHERE, canvas, layout, picture);
  }
  return { images: { shape: [rows.length, ...dataset.shape], data }, rows };
}

/** The values that are black and white. */
function rangeOf(data: Float32Array, ofBytes: boolean): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (ofBytes || (low >= 0 && high <= 1)) return { low: 0, high: 1 };
  return { low, high: high > low ? high : low + 1 };
}
