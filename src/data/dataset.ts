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
  /** Images. */
  readonly count: number;
  /** Classes that labels may name. */
  readonly classes: number;
}

/** The largest label plus one. */
function countClasses(labels: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < labels.length; index++) largest = Math.max(largest, labels[index] ?? 0);
  return largest + 1;
}

/** The labels as class indices; `classes` is `undefined` where nobody has said how many there are. */
function checkLabels(labels: ArrayLike<number>, classes: number | undefined): Int32Array {
  const checked = new Int32Array(labels.length);
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index];
    if (label === undefined || !Number.isInteger(label) || label < 0 || label > 0x7ffffffe) {
      throw new ArgumentError(
        `dataset: label ${label} of image ${index} is not a class index; labels are whole numbers from 0 on.`,
      );
    }
    if (classes !== undefined && label >= classes) {
      throw new ArgumentError(
        `dataset: label ${label} of image ${index} is not one of the ${classes} classes 0 … ${classes - 1}; give more classes or correct the label.`,
      );
    }
    checked[index] = label;
  }
  return checked;
}

/**
 * A data set from arrays.
 *
 * - `images`: `labels.length` images of `shape`, one behind the other. Bytes 0–255 are normalised by /255 on the
 *   device; floats are taken as they are. The array is not copied.
 * - `labels`: class indices, 0 … `classes` − 1.
 * - `shape`: one image, [height, width, channels] or [features].
 * - `classes`: by default the largest label plus one.
 *
 * Throws `ArgumentError` for an empty data set, labels that are no class indices and arrays of another type,
 * `ShapeError` for images that are not as many values as labels × shape.
 */
export function dataset(options: {
  images: Uint8Array | Uint8ClampedArray | Float32Array;
  labels: ArrayLike<number>;
  shape: Shape;
  classes?: number;
}): Dataset {
  const { images, labels, shape, classes } = options;
  checkShape("dataset: shape", shape);
  if (!(images instanceof Float32Array || images instanceof Uint8Array || images instanceof Uint8ClampedArray)) {
    throw new ArgumentError("dataset: images must be a Uint8Array (0–255) or a Float32Array.");
  }
  if (classes !== undefined && (!Number.isInteger(classes) || classes < 1)) {
    throw new ArgumentError(`dataset: classes must be a whole number of at least 1, got ${classes}.`);
  }
  const count = labels.length;
  if (count === 0) throw new ArgumentError("dataset: there are no labels; a data set needs at least one image.");
  const expected = count * sizeOf(shape);
  if (images.length !== expected) {
    throw new ShapeError(
      `dataset: ${count} labels with images of ${formatShape(shape)} want ${expected} values, the images have ${images.length}` +
        ` (${images.length / sizeOf(shape)} images); check shape, or which labels belong to them.`,
    );
  }
  const checked = checkLabels(labels, classes);
  return {
    images:
      images instanceof Uint8ClampedArray ? new Uint8Array(images.buffer, images.byteOffset, images.length) : images,
    labels: checked,
    shape: [...shape],
    count,
    classes: classes ?? countClasses(checked),
  };
}

/**
 * `count` images from number `first` on. The arrays are views of the same memory: nothing is copied, and posting
 * them to a worker copies the whole. Throws `ArgumentError` when there are not as many.
 */
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

/** The first `count` images, or all of them where there are fewer; views, as with `subset`. */
export function take(whole: Dataset, count: number): Dataset {
  if (!Number.isInteger(count) || count < 1) throw new ArgumentError(`take: ${count} is not a number of images.`);
  return subset(whole, 0, Math.min(count, whole.count));
}

/** One image as floats (bytes divided by 255), a copy, with its label. Throws `ArgumentError` when there is no such image. */
export function sample(whole: Dataset, index: number): { image: Float32Array; label: number } {
  if (!Number.isInteger(index) || index < 0 || index >= whole.count) {
    throw new ArgumentError(`sample: there is no image ${index} in a data set of ${whole.count}.`);
  }
  const { images, labels } = subset(whole, index, 1);
  const image = images instanceof Float32Array ? images.slice() : Float32Array.from(images, (value) => value / 255);
  return { image, label: labels[0] ?? 0 };
}
