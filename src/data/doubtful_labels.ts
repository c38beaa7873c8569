import { ArgumentError, ShapeError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "./dataset.ts";

/** An image whose label a network doubts. */
export interface DoubtfulLabel {
  /** Its number in the data set. */
  readonly index: number;
  /** Its file, or its number where the data set has no names. */
  readonly name: string;
  /** The class that it has. */
  readonly label: number;
  /** The network's probability of that class, 0…1. */
  readonly probability: number;
  /** The class that the network would give it. */
  readonly predicted: number;
  /** The network's probability of that one. */
  readonly predictedProbability: number;
}

/**
 * The images whose labels a trained network doubts most, the most doubtful first: those where it gives the label's class the
 * smallest probability. Among them are the mislabelled ones, and those that nobody could tell.
 *
 *     const evaluation = await trainer.evaluate(pets, { outputs: true });
 *     for (const { name, label, predicted } of doubtfulLabels(pets, evaluation)) …
 *
 * `evaluation`: of the same data set, by a trainer whose loss is a cross-entropy, so that outputs are logits; of one output, those of
 * the second of two classes. `most`: how many, at most; default 10. Throws `ArgumentError` where there are no outputs or no labels,
 * `ShapeError` where they are not of the same images and classes.
 */
export function doubtfulLabels(
  dataset: Dataset,
  evaluation: { readonly outputs?: Tensor },
  options: { most?: number } = {},
): DoubtfulLabel[] {
  checkOptions("doubtfulLabels", options, { most: "number" });
  const { most = 10 } = options;
  if (!Number.isInteger(most) || most < 1) {
    throw new ArgumentError(`doubtfulLabels: most must be a whole number of at least 1, got ${describeValue(most)}.`);
  }
  const { labels, count, classes, names } = dataset;
  if (labels.length !== count) {
    throw new ArgumentError(
      "doubtfulLabels: the data set has targets in the place of class labels; there is nothing to doubt.",
    );
  }
  const { outputs } = evaluation;
  if (outputs === undefined) {
    throw new ArgumentError(
      "doubtfulLabels: there are no outputs; ask for them: trainer.evaluate(data, { outputs: true }).",
    );
  }
  const size = outputs.data.length / count;
  if (outputs.shape[0] !== count || (size === 1 ? classes > 2 : size < classes)) {
    throw new ShapeError(
      `doubtfulLabels: ${count} images of ${classes} classes want outputs [${count}, ${classes}], got ${formatShape(outputs.shape)}; ` +
        "evaluate the same data set.",
    );
  }
  const all = Array.from(labels, (label, index) => {
    const logits = logitsOf(outputs, index, size);
    return { index, label, logits, doubt: -logProbability(logits, label) };
  });
  all.sort((a, b) => b.doubt - a.doubt || a.index - b.index);
  return all.slice(0, most).map(({ index, label, logits }) => {
    const predicted = logits.indexOf(Math.max(...logits));
    const probability = (one: number) => Math.exp(logProbability(logits, one));
    return {
      ...{ index, name: names?.[index] ?? String(index), label, probability: probability(label) },
      ...{ predicted, predictedProbability: probability(predicted) },
    };
  });
}

/** Of a single output, that of the second of two classes, whose sigmoid is the softmax beside 0. */
function logitsOf({ data }: Tensor, index: number, size: number): number[] {
  const row = Array.from(data.subarray(index * size, (index + 1) * size));
  return size === 1 ? [0, ...row] : row;
}

/** The logarithm of softmax, without overflow. */
function logProbability(logits: readonly number[], label: number): number {
  const largest = Math.max(...logits);
  return (logits[label] ?? 0) - largest - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
}
