import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shape.ts";

/** Labelled images in memory, one behind the other. Plain data: it can be sent to a worker as it is. */
export interface Dataset {
  /** Bytes 0–255, normalised by /255 on the device, or floats taken as they are. */
  readonly images: Uint8Array | Float32Array;
  /** Class indices, 0 … classes − 1. */
  readonly labels: Int32Array;
  /** One image: [height, width, channels] or [features]. */
  readonly shape: Shape;
  readonly count: number;
  readonly classes: number;
}

/**
 * A data set from arrays: `images` holds `labels.length` images of `shape`. `classes` defaults to the largest label
 * plus one. Throws `ArgumentError` (empty, bad labels) or `ShapeError` (lengths that do not fit).
 */
export function dataset(options: {
  images: Uint8Array | Uint8ClampedArray | Float32Array;
  labels: ArrayLike<number>;
  shape: Shape;
  classes?: number;
}): Dataset {
  const { images, labels, shape } = options;
  checkShape("dataset: shape", shape);
  const count = labels.length;
  if (count === 0) throw new ArgumentError("dataset: there are no labels; a data set needs at least one image.");
  const expected = count * sizeOf(shape);
  if (images.length !== expected) {
    throw new ShapeError(
      `dataset: ${count} labels with images of ${formatShape(shape)} want ${expected} values, the images have ${images.length}.`,
    );
  }
  const classes = options.classes ?? Array.from(labels).reduce((most, label) => Math.max(most, label), 0) + 1;
  const checked = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const label = labels[index] ?? -1;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new ArgumentError(
        `dataset: label ${label} of image ${index} is not one of the ${classes} classes 0 … ${classes - 1}.`,
      );
    }
    checked[index] = label;
  }
  const bytes = images instanceof Float32Array ? images : new Uint8Array(images.buffer, images.byteOffset, images.length);
  return { images: bytes, labels: checked, shape: [...shape], count, classes };
}

/** `count` images from `first` on, as views of the same memory. Throws `ArgumentError` when there are not as many. */
export function subset(whole: Dataset, first: number, count: number): Dataset {
  if (!Number.isInteger(first) || !Number.isInteger(count) || first < 0 || count < 1 || first + count > whole.count) {
    throw new ArgumentError(`subset: ${count} images from number ${first} on are not in a data set of ${whole.count}.`);
  }
  const size = sizeOf(whole.shape);
  return {
    ...whole,
    images: whole.images.subarray(first * size, (first + count) * size),
    labels: whole.labels.subarray(first, first + count),
    count,
  };
}

/** One image as floats (bytes divided by 255), with its label. */
export function sample(whole: Dataset, index: number): { image: Float32Array; label: number } {
  const { images, labels } = subset(whole, index, 1);
  const image = images instanceof Float32Array ? images.slice() : Float32Array.from(images, (value) => value / 255);
  return { image, label: labels[0] ?? 0 };
}
