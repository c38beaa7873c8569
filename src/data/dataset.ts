import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkOptions, type OptionKinds } from "../core/options.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { TypedArray } from "../core/tensor.ts";
import { readLabels } from "./labels.ts";
import { bytesOrFloats, type ImageBatch, readImages, readTargets } from "./values.ts";

/** Values of one input of a model. */
export interface DatasetInput {
  /** Bytes 0–255, normalised by /255 on the device, or floats taken as they are. */
  readonly images: Uint8Array | Float32Array;
  /** One image: [height, width, channels] or [features]. */
  readonly shape: Shape;
}

/** What one output of a model is to learn. */
export interface DatasetOutput {
  /** Class indices, 0 … classes − 1; empty where the data set has targets. */
  readonly labels: Int32Array;
  /** Numbers to be learnt, one row of `shape` behind the other: one-hot rows, values to be predicted, images. */
  readonly targets?: { readonly data: Float32Array; readonly shape: Shape };
  /** Classes that labels may name; 0 where the data set has targets. */
  readonly classes: number;
}

/** What else a `RowReader` is given. */
export interface RowReading {
  /** To be filled, like the images, with the rows' targets, one behind the other; only where the data set has targets. */
  readonly targets?: Float32Array;
  /** Aborts when nobody waits for these rows any more; what is read then goes nowhere. */
  readonly signal: AbortSignal;
}

/**
 * Fills `into` with the images `rows`, numbers from 0 on, in their order and one behind the other: rows.length times the values of
 * an image. At once, or by the time its promise resolves.
 */
export type RowReader = (
  rows: readonly number[],
  into: Uint8Array | Float32Array,
  reading: RowReading,
) => void | PromiseLike<void>;

/**
 * Images in memory, one behind the other, each with a class label or with a target of numbers. Plain data: it can be
 * sent to a worker as it is. Or, of `dataSource`, images that are read when they are needed.
 */
export interface Dataset extends DatasetInput, DatasetOutput {
  /** Of `dataSource`: reads images, and targets. `images` and the targets' `data` are empty then. */
  readonly read?: RowReader;
  /** What each image's loss is multiplied by; all 1 where left out. */
  readonly sampleWeights?: Float32Array;
  /** Images. */
  readonly count: number;
  /** What each class is called, in the order of the labels. */
  readonly classNames?: readonly string[];
  /** What each image is called: where its file lies. */
  readonly names?: readonly string[];
  /** Of `multiDataset`: the inputs and outputs after the first, and the names of all where they were given. */
  readonly more?: {
    readonly inputs: readonly DatasetInput[];
    readonly outputs: readonly DatasetOutput[];
    readonly inputNames?: readonly string[];
    readonly outputNames?: readonly string[];
  };
}

/** The largest label plus one. */
export function countClasses(labels: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < labels.length; index++) largest = Math.max(largest, labels[index] ?? 0);
  return largest + 1;
}

/** One image as numbers: in a row, or in lists of lists as its shape has them. */
export type NestedNumbers = TypedArray | readonly (number | NestedNumbers)[];

interface DatasetOptions {
  images: ImageBatch | readonly NestedNumbers[];
  shape: Shape;
  labels?: ArrayLike<number>;
  classes?: number;
  classNames?: readonly string[];
  targets?: ImageBatch;
  targetShape?: Shape;
  sampleWeights?: ArrayLike<number>;
}

const OPTIONS: OptionKinds<DatasetOptions> = {
  ...{ images: "any", shape: "any", labels: "any", classes: "number", classNames: "any" },
  ...{ targets: "any", targetShape: "any", sampleWeights: "any" },
};

/** Images that are lists or arrays of their own, behind one another. Throws `ShapeError` for one that is not of `shape`. */
function joined(given: unknown, shape: Shape): unknown {
  if (!Array.isArray(given) || typeof given[0] !== "object") return given;
  const size = sizeOf(shape);
  const images = given.map((one, index) => {
    const values = bytesOrFloats(`dataset: image ${index}`, Array.isArray(one) ? one.flat(Infinity) : one);
    if (values.length === size) return values;
    throw new ShapeError(
      `dataset: image ${index} has ${values.length} values; one of ${formatShape(shape)} has ${size}. Give each as a list, or all of ` +
        "them behind one another.",
    );
  });
  const areBytes = images.every((image) => image instanceof Uint8Array);
  const all = new (areBytes ? Uint8Array : Float32Array)(images.length * size);
  images.forEach((image, index) => {
    all.set(areBytes ? image : readImages("dataset", image), index * size);
  });
  return all;
}

/** The targets with the shape of one row; `rows` is the number of images. */
function checkTargets(given: unknown, rows: number, shape: Shape | undefined): NonNullable<Dataset["targets"]> {
  const targets = readTargets("dataset: targets", given);
  if (shape !== undefined) checkShape("dataset: targetShape", shape);
  const size = shape === undefined ? targets.length / rows : sizeOf(shape);
  if (!Number.isInteger(size) || size < 1 || targets.length !== rows * size) {
    throw new ShapeError(
      `dataset: ${rows} images with targets of ${shape === undefined ? "equal size" : formatShape(shape)} want ` +
        `${shape === undefined ? `a multiple of ${rows}` : rows * size} values, the targets have ${targets.length}; check shape and targetShape.`,
    );
  }
  return { data: targets, shape: shape === undefined ? [size] : [...shape] };
}

/** The weights of `count` images. Throws where there are not as many, or one is no number of at least 0. */
export function checkWeights(what: string, given: unknown, count: number): Float32Array {
  const weights = bytesOrFloats(`${what}: sampleWeights`, given);
  if (weights.length !== count) {
    throw new ShapeError(`${what}: ${count} images want as many sampleWeights, got ${weights.length}.`);
  }
  return Float32Array.from(weights, (weight, index) => {
    if (Number.isFinite(weight) && weight >= 0) return weight;
    throw new ArgumentError(`${what}: the weight of image ${index} is ${weight}; weights are numbers of at least 0.`);
  });
}

/**
 * A data set from arrays.
 *
 * - `images`: images of `shape`, one behind the other. Bytes 0–255 (`Uint8Array`, `Uint8ClampedArray`) are normalised by
 *   /255 on the device; all other numbers are taken as they are. Bytes and a `Float32Array` are not copied; other arrays and
 *   lists become a `Float32Array`. Or a list of images, each an array of its own or lists in lists ([[0, 1], [1, 0]]): a copy.
 * - `shape`: one image, [height, width, channels] or [features].
 * - `labels`: a class index for each image, 0 … `classes` − 1; `classes` is by default as many as `classNames`, else the largest
 *   label plus one.
 * - `targets`, in the place of labels: for each image a row of numbers of `targetShape`, by default [values of a row]. Of
 *   the shape of the model's outputs: one-hot rows, values to be predicted, other images. They are taken as they are; bytes
 *   beyond 1 are refused. A `Float32Array` is not copied.
 * - `sampleWeights`: what each image's loss is multiplied by, at least 0.
 *
 * Throws `ArgumentError` for an empty data set, labels that are no class indices and arrays of another type,
 * `ShapeError` where images, labels, targets and weights are not equally many, and for an image of another size in a list.
 */
export function dataset(options: DatasetOptions): Dataset {
  checkOptions("dataset", options, OPTIONS);
  const { labels, shape, classNames, targets, targetShape, sampleWeights } = options;
  const { classes = classNames?.length } = options;
  checkShape("dataset: shape", shape);
  const images = bytesOrFloats("dataset: images", joined(options.images, shape));
  if (classes !== undefined && (!Number.isInteger(classes) || classes < 1)) {
    throw new ArgumentError(`dataset: classes must be a whole number of at least 1, got ${classes}.`);
  }
  if (classNames && classNames.length !== classes) {
    throw new ArgumentError(`dataset: ${classes} classes have ${classNames.length} classNames.`);
  }
  if ((labels === undefined) === (targets === undefined)) {
    throw new ArgumentError(
      `dataset: wants either labels (class indices) or targets (numbers to be learnt), got ${labels ? "both" : "neither"}.`,
    );
  }
  const fix = "; give more classes or correct the label";
  const checked = labels === undefined ? new Int32Array() : readLabels("dataset", labels, { classes, fix });
  const found = images.length / sizeOf(shape);
  const count = labels === undefined ? found : checked.length;
  if (count === 0) {
    throw new ArgumentError(
      `dataset: there are no ${labels ? "labels" : "images"}; a data set needs at least one image.`,
    );
  }
  if (found !== count || !Number.isInteger(found)) {
    throw new ShapeError(
      `dataset: ${labels ? `${count} labels with ` : ""}images of ${formatShape(shape)} want ${labels ? "" : "a multiple of "}` +
        `${labels ? count * sizeOf(shape) : sizeOf(shape)} values, the images have ${images.length} (${found} images); check ` +
        "shape, or which labels belong to them.",
    );
  }
  return {
    images,
    labels: checked,
    ...(targets === undefined ? {} : { targets: checkTargets(targets, count, targetShape) }),
    ...(sampleWeights === undefined ? {} : { sampleWeights: checkWeights("dataset", sampleWeights, count) }),
    shape: [...shape],
    count,
    classes: labels === undefined ? 0 : (classes ?? countClasses(checked)),
    ...(classNames ? { classNames: [...classNames] } : {}),
  };
}
