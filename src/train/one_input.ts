import { ArgumentError } from "../core/errors.ts";
import type { ImageBatch } from "../data/values.ts";
import type { Model } from "../nn/model.ts";

/** Whether these are the batches of several inputs, not one: a list of arrays. A list of numbers is a batch. */
export function isBatchList(x: ImageBatch | readonly ImageBatch[]): x is readonly ImageBatch[] {
  return Array.isArray(x) && x.every((entry: unknown) => typeof entry === "object");
}

/** Throws `ArgumentError` unless the model has one output, which is what classes are read from. */
export function checkOneOutput(what: string, model: Model): void {
  const outputs = model.outputShapes.length;
  if (outputs === 1) return;
  throw new ArgumentError(`${what}: takes models with one output, this one has ${outputs}; use createPredictor().`);
}

/** Throws `ArgumentError` unless the model has one input. */
export function checkOneInput(what: string, model: Model): void {
  const inputs = model.inputShapes.length;
  if (inputs === 1) return;
  throw new ArgumentError(
    `${what}: takes models with one input, this one has ${inputs} (${model.inputNames.join(", ")}).`,
  );
}

/** Throws `ArgumentError` unless the model has one input and one output, which is what images and labels feed. */
export function checkOneInputAndOutput(what: string, model: Model, instead = "createPredictor() runs it"): void {
  const [inputs, outputs] = [model.inputShapes.length, model.outputShapes.length];
  if (inputs === 1 && outputs === 1) return;
  throw new ArgumentError(
    `${what}: takes models with one input and one output, this one has ${inputs} (${model.inputNames.join(", ")}) and ` +
      `${outputs}; ${instead}.`,
  );
}
