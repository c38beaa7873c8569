/** Data sets that are never whole in memory: their images are read when a batch needs them. */
import { at } from "../core/at.ts";
import { ArgumentError, DataSourceError, ShapeError } from "../core/errors.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import { checkShape, type Shape, sizeOf } from "../core/shape.ts";
import { checkWeights, countClasses, type Dataset, type RowReader } from "./dataset.ts";
import { readLabels } from "./labels.ts";
import { readImages } from "./values.ts";

/** What a data set is read from. */
export interface DataSourceOptions {
  /** Images. */
  count: number;
  /** One image: [height, width, channels] or [features]. */
  sampleShape: Shape;
  /** What `read` fills: "u8", bytes 0–255 that are normalised by /255 on the device (default), or "f32", floats taken as they are. */
  dtype?: "u8" | "f32";
  /** Reads images. It may be called again before the promise of its last call has resolved; the same rows hold the same values. */
  read: RowReader;
  /** A class index for each image, 0 … `classes` − 1. */
  labels?: ArrayLike<number>;
  /** Classes that labels may name; default as many as `classNames`, else the largest label plus one. */
  classes?: number;
  /** What the classes are called. */
  classNames?: readonly string[];
  /** In the place of labels: the shape of one row of the targets that `read` fills in, [values] or that of the model's outputs. */
  targetShape?: Shape;
  /** What each image's loss is multiplied by, at least 0. */
  sampleWeights?: ArrayLike<number>;
}

const OPTIONS: OptionKinds<DataSourceOptions> = {
  ...{ count: "number", sampleShape: "any", dtype: "string", read: "any", labels: "any", classes: "number" },
  ...{ classNames: "any", targetShape: "any", sampleWeights: "any" },
};

/**
 * A data set of which no more than a few batches are in memory: `read` is called for the images that come next, ahead of the
 * steps that take them. Usable wherever a data set is, in a worker too: `read` stays on the page. What is trained is what
 * `dataset()` of the same values would train, to the bit.
 *
 *     const photos = dataSource({
 *       count: labels.length,
 *       sampleShape: [64, 64, 3],
 *       labels,
 *       async read(rows, into) {
 *         for (const [place, row] of rows.entries()) into.set(await pixelsOf(row), place * 64 * 64 * 3);
 *       },
 *     });
 *
 * Throws `ArgumentError` for labels that are no class indices and values of another kind, `ShapeError` where labels or weights
 * are not `count`. What `read` throws ends the call that needed the images with a `DataSourceError`.
 */
export function dataSource(options: DataSourceOptions): Dataset {
  checkOptions("dataSource", options, OPTIONS);
  const { count, sampleShape, dtype = "u8", read, classNames, targetShape, sampleWeights } = options;
  if (!Number.isInteger(count) || count < 1) {
    throw new ArgumentError(`dataSource: count must be a whole number of at least 1, got ${describeValue(count)}.`);
  }
  checkShape("dataSource: sampleShape", sampleShape);
  if (dtype !== "u8" && dtype !== "f32") {
    throw new ArgumentError(`dataSource: dtype must be "u8" or "f32", got ${describeValue(dtype)}.`);
  }
  if (typeof read !== "function") {
    throw new ArgumentError(`dataSource: read must be a function (rows, into) => …, got ${describeValue(read)}.`);
  }
  if (targetShape) checkShape("dataSource: targetShape", targetShape);
  return {
    images: dtype === "u8" ? new Uint8Array() : new Float32Array(),
    shape: [...sampleShape],
    count,
    ...labelsOf(options),
    ...(targetShape ? { targets: { data: new Float32Array(), shape: [...targetShape] } } : {}),
    ...(classNames ? { classNames: [...classNames] } : {}),
    ...(sampleWeights ? { sampleWeights: checkWeights("dataSource", sampleWeights, count) } : {}),
    read: checkedReader(read),
  };
}

function labelsOf({ count, labels, classes: wanted, classNames, targetShape }: DataSourceOptions) {
  if ((labels === undefined) === (targetShape === undefined)) {
    throw new ArgumentError(
      "dataSource: wants either labels (class indices) or a targetShape (numbers to be learnt, which read fills in), got " +
        `${labels ? "both" : "neither"}.`,
    );
  }
  if (labels === undefined) return { labels: new Int32Array(), classes: 0 };
  const classes = wanted ?? classNames?.length;
  if (classes !== undefined && (!Number.isInteger(classes) || classes < 1)) {
    throw new ArgumentError(`dataSource: classes must be a whole number of at least 1, got ${describeValue(classes)}.`);
  }
  if (classNames && classNames.length !== classes) {
    throw new ArgumentError(`dataSource: ${classes} classes have ${classNames.length} classNames.`);
  }
  const checked = readLabels("dataSource", labels, { classes, fix: "; give more classes or correct the label" });
  if (checked.length !== count) {
    throw new ShapeError(`dataSource: ${count} images want as many labels, got ${checked.length}.`);
  }
  return { labels: checked, classes: classes ?? countClasses(checked) };
}

/** Rows that a message names. */
const NAMED_ROWS = 5;

function listOf(rows: readonly number[]): string {
  const named = rows.slice(0, NAMED_ROWS).join(", ");
  const rest = rows.length - NAMED_ROWS;
  return `${rows.length === 1 ? "image" : "images"} ${named}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** The user's reader, whose faults are told as `DataSourceError`. */
function checkedReader(read: RowReader): RowReader {
  return (rows, into, reading) => {
    const { length } = into;
    const failed = (why: string, cause?: unknown) =>
      new DataSourceError(`dataSource: read failed for ${listOf(rows)}: ${why}`, [...rows], { cause });
    const thrown = (cause: unknown) =>
      failed(cause instanceof RangeError ? `${cause.message} (into has ${length} values)` : messageOf(cause), cause);
    const check = (result: unknown) => {
      if (result !== undefined && result !== into) {
        throw failed(`it returned ${describeValue(result)}; it is to fill \`into\`, as in into.set(values).`);
      }
      const targetsLeft = reading.targets === undefined || reading.targets.length > 0;
      if (into.length === length && targetsLeft) return;
      throw failed("it gave the memory of `into` or `targets` away; copy from it what is to be transferred.");
    };
    let result: unknown;
    try {
      result = read(rows, into, reading);
    } catch (cause) {
      throw thrown(cause);
    }
    if (!isThenable(result)) return check(result);
    return Promise.resolve(result).then(check, (cause: unknown) => {
      throw thrown(cause);
    });
  };
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Where nobody aborts. */
const NEVER_ABORTED = new AbortController().signal;

/**
 * One image of any data set, `dataSource` or not, as `sample` gives it. Throws `ArgumentError` when there is no such image, and
 * `DataSourceError` where it cannot be read.
 */
export async function readSample(whole: Dataset, index: number): Promise<{ image: Float32Array; label: number }> {
  if (!Number.isInteger(index) || index < 0 || index >= whole.count) {
    throw new ArgumentError(`readSample: there is no image ${index} in a data set of ${whole.count}.`);
  }
  const image = (await readRows(whole, [index])).images;
  return { image: readImages("readSample", image), label: whole.labels[index] ?? 0 };
}

/** Images of a data set of one input by their numbers, one behind the other, with their targets where it has some: copies. */
export async function readRows(
  { images, shape, targets, read }: Dataset,
  rows: readonly number[],
): Promise<{ images: Uint8Array | Float32Array; targets: Float32Array | undefined }> {
  const room = (size: number) => rows.length * size;
  const size = sizeOf(shape);
  const into = images instanceof Uint8Array ? new Uint8Array(room(size)) : new Float32Array(room(size));
  const rowOfTargets = targets && sizeOf(targets.shape);
  const given = rowOfTargets && new Float32Array(room(rowOfTargets));
  if (read) {
    await read(rows, into, { signal: NEVER_ABORTED, ...(given ? { targets: given } : {}) });
    return { images: into, targets: given || undefined };
  }
  rows.forEach((_, place) => {
    const row = at(rows, place);
    into.set(images.subarray(row * size, (row + 1) * size), place * size);
    if (targets && given && rowOfTargets) {
      given.set(targets.data.subarray(row * rowOfTargets, (row + 1) * rowOfTargets), place * rowOfTargets);
    }
  });
  return { images: into, targets: given || undefined };
}
