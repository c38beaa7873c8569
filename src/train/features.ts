import { raceAbort } from "../core/abort.ts";
import { at } from "../core/at.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkCount } from "../core/numbers.ts";
import { checkOptions, type OptionKinds } from "../core/options.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import { readRows } from "../data/data_source.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import type { Model } from "../nn/model.ts";
import { createPredictor } from "./predictor.ts";
import { checkIsDataset } from "./targets.ts";

/** How features are computed. */
export interface FeaturesOptions {
  /** Computes them. */
  backend: Backend;
  /** Images at once; default 32. */
  batchSize?: number;
  /** Told after each batch. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Aborting rejects with its reason. */
  signal?: AbortSignal;
}

const OPTIONS: OptionKinds<FeaturesOptions> = {
  ...{ backend: "any", batchSize: "number", onProgress: "any", signal: "any" },
};

/** What the device multiplies bytes by. */
const OF_BYTES = Math.fround(1 / 255);

/** Pixels as a training step sees them, to the bit. */
function asInTraining(images: Uint8Array | Float32Array): Float32Array {
  return images instanceof Uint8Array ? Float32Array.from(images, (byte) => Math.fround(byte * OF_BYTES)) : images;
}

/**
 * What a model gives for every image of a data set, once, as a data set with the same labels, targets, weights and names: the frozen
 * part of a network is computed once, and a step of training costs the rest alone.
 *
 *     const { base, head } = splitAt(network, "flatten");
 *     const known = await features(base, pictures, { backend });
 *     const trainer = await createTrainer(head, { backend, loss, optimizer, batchSize });
 *     await trainer.fit(known, { epochs: 50 });
 *     network.setParameters(head.parameters, { partial: true });
 *
 * They are the f32 that WebGPU computes for these images within the whole network: head on features trains to the bits of the network
 * with its base frozen (dropout in the head draws other numbers). They stay in memory: 4 bytes for each value of the model's output and each image. Augmentation
 * and mixing need the images, and so the whole network. A `dataSource` is read for it. Throws `ArgumentError` for data sets and models of
 * several inputs or outputs, `ShapeError` where images do not fit the model, and the signal's reason.
 */
export async function features(model: Model, dataset: Dataset, options: FeaturesOptions): Promise<Dataset> {
  checkOptions("features", options, OPTIONS);
  checkIsDataset("features", dataset);
  const { backend, onProgress, signal } = options;
  const batchSize = checkCount("features", "batchSize", options.batchSize ?? 32);
  const inputs = 1 + (dataset.more?.inputs.length ?? 0);
  if (inputs > 1 || model.inputShapes.length > 1 || model.outputShapes.length > 1) {
    throw new ArgumentError(
      `features: takes models and data sets of one input and models of one output; here are ${model.inputShapes.length} inputs, ` +
        `${model.outputShapes.length} outputs and ${inputs} inputs of the data set. For several, use createPredictor and multiDataset.`,
    );
  }
  if (!sameShape(dataset.shape, model.inputShape)) {
    throw new ShapeError(
      `features: the model wants images ${formatShape(model.inputShape)}, the data set has ${formatShape(dataset.shape)}.`,
    );
  }
  signal?.throwIfAborted();
  const { count, read } = dataset;
  const size = sizeOf(model.outputShape);
  const images = new Float32Array(count * size);
  // A data set in memory has its targets already.
  const row = read && dataset.targets ? sizeOf(dataset.targets.shape) : 0;
  const targets = row > 0 ? new Float32Array(count * row) : undefined;
  const predictor = await createPredictor(model, { backend, batchSize });
  try {
    for (let first = 0; first < count; first += batchSize) {
      // The last batch is filled up with its last image: every image is computed by the same kernels.
      const rows = Array.from({ length: batchSize }, (_, place) => Math.min(first + place, count - 1));
      const batch = await raceAbort(readRows(dataset, rows), signal);
      const { data } = at(await raceAbort(predictor.predict(asInTraining(batch.images)), signal), 0);
      const done = Math.min(batchSize, count - first);
      images.set(data.subarray(0, done * size), first * size);
      if (targets && batch.targets) targets.set(batch.targets.subarray(0, done * row), first * row);
      onProgress?.({ done: first + done, total: count });
    }
  } finally {
    predictor.dispose();
  }
  const { read: _, ...rest } = dataset;
  const known = { ...rest, images, shape: [...model.outputShape] };
  return targets && dataset.targets ? { ...known, targets: { ...dataset.targets, data: targets } } : known;
}
