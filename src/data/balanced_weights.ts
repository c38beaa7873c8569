import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { Dataset } from "./dataset.ts";

/**
 * Weights with which all classes count alike, however many images each has: images / (classes × images of the class), as
 * scikit-learn's "balanced". A class without images has weight 1, and is not counted.
 *
 *     await trainer.fit(pets, { epochs: 10, classWeight: balancedClassWeights(pets) });
 *
 * Throws `ArgumentError` for a data set without class labels.
 */
export function balancedClassWeights(dataset: Dataset): number[] {
  const given: unknown = dataset;
  if (typeof given !== "object" || given === null || !("labels" in given) || dataset.labels.length === 0) {
    throw new ArgumentError(`balancedClassWeights: wants a data set with class labels, got ${describeValue(given)}.`);
  }
  const counts = new Array<number>(dataset.classes).fill(0);
  for (const label of dataset.labels) counts[label] = (counts[label] ?? 0) + 1;
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count === 0 ? 1 : dataset.labels.length / (present * count)));
}
