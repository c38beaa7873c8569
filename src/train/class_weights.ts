import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { sizeOf } from "../core/shape.ts";
import { checkOneOutput } from "./one_input.ts";
import type { StepParts } from "./training_state.ts";

/** Weight of each class by its index, as `fit` takes it: a list, or an object that may leave out classes of weight 1. */
export type ClassWeights = Readonly<Record<number, number>> | readonly number[];

/** The weights of all classes of a model with one output. Throws `ArgumentError` for a class that is not there and for a negative weight. */
export function classWeightsOf({ model, heads }: Pick<StepParts, "model" | "heads">, weights: ClassWeights): number[] {
  checkOneOutput("fit: classWeight", model);
  // Two for a model with one output that is above or below a threshold.
  const isBinary = at(heads, 0).loss.decision?.kind === "threshold" && sizeOf(model.outputShape) === 1;
  const classes = isBinary ? 2 : model.classes;
  const given: unknown = weights;
  if (typeof given !== "object" || given === null) {
    throw new ArgumentError(
      `fit: classWeight wants a list of weights or an object, as in { 3: 2 }, got ${describeValue(given)}.`,
    );
  }
  if (Symbol.iterator in given) {
    const { length } = Array.from(weights as readonly number[]);
    if (length !== classes) {
      throw new ArgumentError(
        `fit: classWeight has ${length} weights for ${classes} classes; give one a class, or an object that names some.`,
      );
    }
  }
  const all = new Array<number>(classes).fill(1);
  for (const [name, weight] of Object.entries(weights)) {
    const index = Number(name);
    if (!Number.isInteger(index) || index < 0 || index >= classes) {
      throw new ArgumentError(`fit: classWeight names class ${name}; the classes are 0 … ${classes - 1}.`);
    }
    if (!(Number.isFinite(weight) && weight >= 0)) {
      throw new ArgumentError(
        `fit: the weight of class ${name} must be a number of at least 0, got ${describeValue(weight)}.`,
      );
    }
    all[index] = weight;
  }
  return all;
}
