import { ArgumentError } from "../core/errors.ts";
import { tagOf } from "../core/facts.ts";
import { describeValue } from "../core/options.ts";
import { insteadOfLabel, insteadOfLabels } from "./instead.ts";

/** Whether something has numbered entries: a list or an array. Text has too, and is none. */
export function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "length" in value &&
    Number.isInteger(value.length) &&
    !isBlobLike(value)
  );
}

const isBlobLike = (value: object) => /^(Blob|File)$/.test(tagOf(value));

/** Throws `ArgumentError` unless `labels` is a list or an array whose entries may be numbers; says what to write instead. */
export function checkLabelList(what: string, labels: unknown): asserts labels is ArrayLike<unknown> {
  if (isArrayLike(labels) && !/^Big(Int|Uint)64Array$/.test(tagOf(labels))) return;
  throw new ArgumentError(`${what}: got ${describeValue(labels)}; ${insteadOfLabels(labels)}.`);
}

/**
 * Class indices, checked: whole numbers from 0 on, below `classes` where it is known; `fix` says what else may be done about
 * one that is not. Throws `ArgumentError`, which names the image.
 */
export function readLabels(
  what: string,
  labels: unknown,
  { classes, of = "", fix = "" }: { classes?: number | undefined; of?: string; fix?: string } = {},
): Int32Array {
  checkLabelList(`${what}: labels${of}`, labels);
  const checked = new Int32Array(labels.length);
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index];
    if (typeof label !== "number") {
      throw new ArgumentError(
        `${what}: label ${index}${of} is ${describeValue(label)}, not a class index; ${insteadOfLabel(label)}.`,
      );
    }
    if (!Number.isInteger(label) || label < 0 || label > 0x7ffffffe) {
      throw new ArgumentError(
        `${what}: label ${label} of image ${index}${of} is not a class index; labels are whole numbers from 0 on.`,
      );
    }
    if (classes !== undefined && label >= classes) {
      throw new ArgumentError(
        `${what}: label ${label} of image ${index} is not one of the ${classes} classes${of} (0 … ${classes - 1})${fix}.`,
      );
    }
    checked[index] = label;
  }
  return checked;
}
