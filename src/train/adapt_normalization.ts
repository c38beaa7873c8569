import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { sizeOf } from "../core/shape.ts";
import { readRows } from "../data/data_source.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Layer } from "../nn/layer.ts";
import { normalization } from "../nn/layers/input_normalization.ts";

/** Images that are read at a time. The mean of floats is that of their order. */
const CHUNK = 256;

/**
 * A `normalization` layer with the mean and variance of each channel (the last axis) of a data set, as Keras' `adapt` finds
 * them, in the units that the network sees: bytes count as 0…1. It goes before the first layer of a model. One pass; a
 * `dataSource` is read for it. Throws `ArgumentError` for data sets
 * of several inputs and for an image that holds a number that is not finite.
 *
 *     const model = sequential({ inputShape: pets.shape, seed: 1 }, [await adaptNormalization(pets), conv2d(…), …]);
 */
export async function adaptNormalization(dataset: Dataset, options: { name?: string } = {}): Promise<Layer> {
  checkOptions("adaptNormalization", options, { name: "string" });
  const { count, shape, more } = dataset;
  if (more !== undefined && more.inputs.length > 0) {
    throw new ArgumentError(
      "adaptNormalization: takes data sets of one input; make normalization({ mean, variance }) for each of several.",
    );
  }
  const moments = Array.from({ length: at(shape, shape.length - 1) }, () => new Moments());
  for (let first = 0; first < count; first += CHUNK) {
    const rows = Array.from({ length: Math.min(CHUNK, count - first) }, (_, place) => first + place);
    const { images } = await readRows(dataset, rows);
    const bad = images instanceof Float32Array ? images.findIndex((value) => !Number.isFinite(value)) : -1;
    if (bad >= 0) {
      throw new ArgumentError(
        `adaptNormalization: image ${first + Math.floor(bad / sizeOf(shape))} holds ${images[bad]}. Correct it, or leave it out.`,
      );
    }
    moments.forEach((channel, index) => {
      channel.take(images, index, moments.length);
    });
  }
  const unit = dataset.images instanceof Uint8Array ? 1 / 255 : 1;
  return normalization({
    ...options,
    mean: moments.map(({ mean }) => mean * unit),
    variance: moments.map(({ variance }) => variance * unit * unit),
  });
}

/** Mean and variance of what has been taken, chunk by chunk (Chan, Golub and LeVeque 1979). */
class Moments {
  #count = 0;
  #mean = 0;
  #squares = 0;

  get mean(): number {
    return this.#mean;
  }

  get variance(): number {
    return this.#squares / this.#count;
  }

  /** Every `stride`-th value from `first` on. */
  take(values: ArrayLike<number>, first: number, stride: number): void {
    const count = values.length / stride;
    let sum = 0;
    for (let index = first; index < values.length; index += stride) sum += values[index] ?? 0;
    const mean = sum / count;
    let squares = 0;
    for (let index = first; index < values.length; index += stride) squares += ((values[index] ?? 0) - mean) ** 2;
    const all = this.#count + count;
    const apart = mean - this.#mean;
    this.#squares += squares + (apart * apart * this.#count * count) / all;
    this.#mean += (apart * count) / all;
    this.#count = all;
  }
}
