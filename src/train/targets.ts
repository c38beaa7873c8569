import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Loss } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";

/** Throws unless the model's outputs are what the loss takes. */
export function checkLossFitsModel(loss: Loss, model: Model): void {
  const { outputShape, outputLayer } = model;
  if (loss.targets === "class" && outputShape.length !== 1) {
    throw new ShapeError(
      `createTrainer: loss "${loss.name}" wants one row of logits an image, the model gives ` +
        `${formatShape(outputShape)}; end it in flatten() and dense().`,
    );
  }
  const last: string = outputLayer.layer.activation;
  const other = loss.folded === "softmax" ? "sigmoid" : loss.folded === "sigmoid" ? "softmax" : undefined;
  if (last === other) {
    const fit = loss.folded === "softmax" ? "binaryCrossentropy" : "categoricalCrossentropy";
    throw new ArgumentError(
      `createTrainer: loss "${loss.name}" takes logits or a final ${String(loss.folded)}, but the model's last layer ` +
        `"${outputLayer.name}" ends in ${last}; take loss "${fit}", or another activation.`,
    );
  }
}

/** Throws unless the data set's images fit the model, and its labels or targets the model's outputs and the loss. */
export function checkDataset(model: Model, loss: Loss, dataset: Dataset): void {
  const { outputShape, outputLayer } = model;
  if (!sameShape(dataset.shape, model.inputShape)) {
    throw new ShapeError(
      `The data set's images are ${formatShape(dataset.shape)}, the model wants ${formatShape(model.inputShape)}.`,
    );
  }
  const { targets, classes } = dataset;
  if (targets) {
    if (loss.targets === "class") {
      throw new ArgumentError(
        `Loss "${loss.name}" wants class labels, the data set has targets ${formatShape(targets.shape)}; give it ` +
          `dataset({ labels }), or take loss "categoricalCrossentropy" for one-hot rows.`,
      );
    }
    if (loss.targets !== "any" && !sameShape(targets.shape, outputShape)) {
      throw new ShapeError(
        `The data set's targets are ${formatShape(targets.shape)}, the outputs of the model's last layer ` +
          `"${outputLayer.name}" are ${formatShape(outputShape)}; loss "${loss.name}" wants them equal: change the layer, ` +
          `the targets, or targetShape.`,
      );
    }
    return;
  }
  if (loss.targets === "values") {
    const instead =
      loss.folded === "softmax" ? `, or take loss "sparseCategoricalCrossentropy", which takes class labels` : "";
    throw new ArgumentError(
      `Loss "${loss.name}" wants targets of ${formatShape(outputShape)} an image, the data set has class labels; give it ` +
        `dataset({ targets: Float32Array, targetShape: ${formatShape(outputShape)} })${instead}.`,
    );
  }
  if (loss.targets === "binary") {
    if (sizeOf(outputShape) === 1 && classes <= 2) return;
    throw new ArgumentError(
      `Loss "${loss.name}" takes class labels 0 and 1 for a model with one output; the data set has ${classes} classes, the ` +
        `model's outputs are ${formatShape(outputShape)}. Give it dataset({ targets }) of that shape, or take loss ` +
        `"sparseCategoricalCrossentropy".`,
    );
  }
  if (loss.targets === "class" && classes > model.classes) {
    throw new ArgumentError(
      `The data set has ${classes} classes, the model's last layer "${outputLayer.name}" only ` +
        `${model.classes} outputs; give it at least ${classes} units.`,
    );
  }
}

/** Weight of each class by its index, as `fit` takes it: a list, or an object that may leave out classes of weight 1. */
export type ClassWeights = Readonly<Record<number, number>> | readonly number[];

/** The weights of all `classes`. Throws `ArgumentError` for a class that is not there and for a negative weight. */
export function checkClassWeights(weights: ClassWeights, classes: number): number[] {
  const all = new Array<number>(classes).fill(1);
  for (const [name, weight] of Object.entries(weights)) {
    const index = Number(name);
    if (!Number.isInteger(index) || index < 0 || index >= classes) {
      throw new ArgumentError(`fit: classWeight names class ${name}; the classes are 0 … ${classes - 1}.`);
    }
    if (!(Number.isFinite(weight) && weight >= 0)) {
      throw new ArgumentError(
        `fit: the weight of class ${name} must be a number of at least 0, got ${String(weight)}.`,
      );
    }
    all[index] = weight;
  }
  return all;
}
