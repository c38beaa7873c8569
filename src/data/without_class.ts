import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { Dataset } from "./dataset.ts";
import { subset } from "./subset.ts";

/**
 * A data set without the images of a class, a copy: the labels behind it move up by one, and its name goes. Throws
 * `ArgumentError` where there are no class labels, where the class is not there, and where no image would be left.
 *
 *     const animals = withoutClass(pictures, pictures.classNames.indexOf("plants"));
 */
export function withoutClass(whole: Dataset, label: number): Dataset {
  const { labels, classes, classNames } = whole;
  if (labels.length === 0 || !Number.isInteger(label) || label < 0 || label >= classes) {
    throw new ArgumentError(
      `withoutClass: ${describeValue(label)} is none of the labels of this data set, which has ${classes} classes.`,
    );
  }
  const rows = Array.from(labels.keys()).filter((row) => labels[row] !== label);
  if (rows.length === 0) {
    throw new ArgumentError(`withoutClass: all images are of class ${label}; nothing would be left.`);
  }
  const rest = subset(whole, rows);
  return {
    ...rest,
    labels: rest.labels.map((one) => (one > label ? one - 1 : one)),
    classes: classes - 1,
    ...(classNames ? { classNames: classNames.filter((_, index) => index !== label) } : {}),
  };
}
