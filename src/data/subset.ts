/** Parts of data sets. */
import { ArgumentError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Dataset, DatasetInput, DatasetOutput } from "./dataset.ts";
import { readImages } from "./values.ts";

/**
 * `count` images from number `first` on: views of the same memory, nothing is copied, and posting them to a worker copies the
 * whole. Or the images of some numbers, in that order: a copy. Both keep the classes, names, targets and weights; what is
 * read when it is needed still is. Throws `ArgumentError` for images that are not there, and for none.
 */
export function subset(whole: Dataset, first: number, count: number): Dataset;
export function subset(whole: Dataset, rows: readonly number[]): Dataset;
export function subset(whole: Dataset, first: number | readonly number[], wanted = 0): Dataset {
  const rows = typeof first === "number" ? undefined : first;
  const count = rows?.length ?? wanted;
  const begin = typeof first === "number" ? first : 0;
  const isRow = (row: number) => Number.isInteger(row) && row >= 0 && row < whole.count;
  const strange = rows?.find((row) => !isRow(row));
  const isThere = rows ? strange === undefined : isRow(begin) && begin + count <= whole.count;
  if (!isThere || !Number.isInteger(count) || count < 1) {
    const asked = strange === undefined ? `${count} images from number ${begin} on are` : `image ${strange} is`;
    throw new ArgumentError(`subset: ${asked} not in a data set of ${whole.count}.`);
  }
  const part = <T extends Float32Array | Uint8Array | Int32Array>(values: T, size: number): T => {
    if (rows === undefined) return values.subarray(begin * size, (begin + count) * size) as T;
    // Of what is not there, or not in memory, the part is not either.
    if (values.length === 0) return values;
    const picked = new (values.constructor as new (length: number) => T)(count * size);
    rows.forEach((row, place) => {
      picked.set(values.subarray(row * size, (row + 1) * size), place * size);
    });
    return picked;
  };
  const rowOf = (row: number) => rows?.[row] ?? begin + row;
  const { sampleWeights, names, more, read } = whole;
  const input = ({ images, shape }: DatasetInput) => ({ images: part(images, sizeOf(shape)), shape });
  const output = ({ labels, targets, classes }: DatasetOutput) => ({
    labels: part(labels, 1),
    classes,
    ...(targets ? { targets: { ...targets, data: part(targets.data, sizeOf(targets.shape)) } } : {}),
  });
  return {
    ...whole,
    ...input(whole),
    ...output(whole),
    ...(more ? { more: { ...more, inputs: more.inputs.map(input), outputs: more.outputs.map(output) } } : {}),
    ...(sampleWeights ? { sampleWeights: part(sampleWeights, 1) } : {}),
    ...(names ? { names: Array.from({ length: count }, (_, row) => names[rowOf(row)] ?? "") } : {}),
    ...(read ? { read: (asked, ...rest) => read(asked.map(rowOf), ...rest) } : {}),
    count,
  };
}

/** The first `count` images, or all of them where there are fewer; views, as with `subset`. */
export function take(whole: Dataset, count: number): Dataset {
  if (!Number.isInteger(count) || count < 1) throw new ArgumentError(`take: ${count} is not a number of images.`);
  return subset(whole, 0, Math.min(count, whole.count));
}

/**
 * One image as floats (bytes divided by 255), a copy, with its label (0 where there are targets). Throws `ArgumentError` when
 * there is no such image, and for a `dataSource`, whose images `readSample` reads.
 */
export function sample(whole: Dataset, index: number): { image: Float32Array; label: number } {
  if (whole.read)
    throw new ArgumentError("sample: this data set is read when it is needed; await readSample(data, index).");
  if (!Number.isInteger(index) || index < 0 || index >= whole.count) {
    throw new ArgumentError(`sample: there is no image ${index} in a data set of ${whole.count}.`);
  }
  const { images, labels } = subset(whole, index, 1);
  return { image: readImages("sample", images), label: labels[0] ?? 0 };
}
