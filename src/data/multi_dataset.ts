import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import { type Dataset, type DatasetInput, type DatasetOutput, dataset } from "./dataset.ts";
import type { ImageBatch } from "./values.ts";

/** One input of a model with several: as `images` and `shape` of `dataset()`. */
export interface InputOptions {
  /** Bytes 0–255, normalised by /255 on the device, or other numbers, taken as they are; bytes and floats are not copied. */
  images: ImageBatch;
  /** One image: [height, width, channels] or [features]. */
  shape: Shape;
}

/** What one output of a model with several is to learn: as with `dataset()`, labels or targets. */
export interface OutputOptions {
  /** A class index for each image. */
  labels?: ArrayLike<number>;
  /** Classes that labels may name; default the largest label plus one. */
  classes?: number;
  /** For each image a row of numbers of `targetShape`; a `Float32Array` is not copied. */
  targets?: ImageBatch;
  /** Default [values of a row]. */
  targetShape?: Shape;
}

/** Several of something: in the model's order, or by the names of its inputs or outputs. */
export type Several<T> = readonly T[] | Readonly<Record<string, T>>;

function isList<T>(several: Several<T>): several is readonly T[] {
  return Array.isArray(several);
}

/** The entries with what each is called in messages; names only where they were given. */
function listed<T>(what: string, several: Several<T>): { label: string; name: string | undefined; value: T }[] {
  if (typeof several !== "object" || several === null) {
    throw new ArgumentError(
      `multiDataset: ${what}s must be a list, or an object by their names, got ${describeValue(several)}.`,
    );
  }
  const entries = isList(several)
    ? several.map((value, index) => ({ label: `${what} ${index}`, name: undefined, value }))
    : Object.entries(several).map(([name, value]) => ({ label: `${what} "${name}"`, name, value }));
  if (entries.length === 0) throw new ArgumentError(`multiDataset: there are no ${what}s; give at least one.`);
  return entries;
}

/** Runs a check of `dataset()`, and says which input or output it was about. */
function told<T>(label: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    const message = `multiDataset: ${label}: ${error instanceof Error ? error.message : String(error)}`;
    if (error instanceof ShapeError) throw new ShapeError(message, { cause: error });
    if (error instanceof ArgumentError) throw new ArgumentError(message, { cause: error });
    throw error;
  }
}

/**
 * A data set for a model with several inputs or outputs: each as with `dataset()`, in lists in the order of the model's
 * inputs and outputs, or in objects by their names (`model.inputNames`, `model.outputNames`). All have as many images.
 *
 *     multiDataset({ inputs: { left: { images, shape }, right: { … } }, outputs: { digit: { labels }, sum: { targets } } })
 *
 * Throws `ArgumentError` and `ShapeError` as `dataset()` does, naming the input or output.
 */
export function multiDataset(options: {
  inputs: Several<InputOptions>;
  outputs: Several<OutputOptions>;
  sampleWeights?: ArrayLike<number>;
}): Dataset {
  checkOptions("multiDataset", options, { inputs: "any", outputs: "any", sampleWeights: "any" });
  const inputs = listed("input", options.inputs);
  const outputs = listed("output", options.outputs);
  const { sampleWeights } = options;
  const [firstInput, firstOutput] = [inputs[0], outputs[0]];
  if (!firstInput || !firstOutput) throw new ArgumentError("multiDataset: wants at least one input and one output.");
  const whole = told(`${firstInput.label} with ${firstOutput.label}`, () =>
    dataset({ ...firstInput.value, ...firstOutput.value, ...(sampleWeights ? { sampleWeights } : {}) }),
  );
  const moreInputs = inputs.slice(1).map(({ label, value }): DatasetInput => {
    const { images, shape, count } = told(label, () => dataset({ ...value, ...firstOutput.value }));
    if (count !== whole.count) {
      throw new ShapeError(`multiDataset: ${label} has ${count} images, ${firstInput.label} has ${whole.count}.`);
    }
    return { images, shape };
  });
  const moreOutputs = outputs.slice(1).map(({ label, value }): DatasetOutput => {
    const { labels, targets, classes } = told(label, () =>
      dataset({ images: whole.images, shape: whole.shape, ...value }),
    );
    return { labels, classes, ...(targets ? { targets } : {}) };
  });
  const names = (entries: readonly { name: string | undefined }[]) => entries.flatMap(({ name }) => name ?? []);
  const [inputNames, outputNames] = [names(inputs), names(outputs)];
  return {
    ...whole,
    more: {
      inputs: moreInputs,
      outputs: moreOutputs,
      ...(inputNames.length > 0 ? { inputNames } : {}),
      ...(outputNames.length > 0 ? { outputNames } : {}),
    },
  };
}

/** All inputs and outputs of a data set, in its own order. */
export function columnsOf(whole: Dataset): { inputs: readonly DatasetInput[]; outputs: readonly DatasetOutput[] } {
  return { inputs: [whole, ...(whole.more?.inputs ?? [])], outputs: [whole, ...(whole.more?.outputs ?? [])] };
}
