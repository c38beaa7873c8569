import { at } from "../core/at.ts";
import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../core/shape.ts";
import type { Dataset, DatasetOutput } from "../data/dataset.ts";
import { columnsOf } from "../data/multi_dataset.ts";
import type { Loss } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";
import type { PlacedLayer } from "../nn/placed_layer.ts";
import type { Head } from "./heads.ts";
import { finalActivation } from "./output_activation.ts";

/** Which of a data set's inputs and outputs the model's are, by their places. */
export interface DatasetOrder {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Places of `wanted` among `given` names; their own order where none were given. */
function placesOf(what: string, wanted: readonly string[], count: number, given: readonly string[] | undefined) {
  const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
  if (count !== wanted.length) {
    throw new ArgumentError(
      `The data set has ${count} ${what}s, the model ${wanted.length} (${list(wanted)}); make it with multiDataset().`,
    );
  }
  if (given === undefined) return wanted.map((_, index) => index);
  return wanted.map((name) => {
    const place = given.indexOf(name);
    if (place >= 0) return place;
    throw new ArgumentError(`The data set has no ${what} "${name}"; it has ${list(given)}.`);
  });
}

/** Throws `ArgumentError` where the data set has other inputs or outputs than the model. */
export function orderOf(model: Model, dataset: Dataset): DatasetOrder {
  const { inputs, outputs } = columnsOf(dataset);
  return {
    inputs: placesOf("input", model.inputNames, inputs.length, dataset.more?.inputNames),
    outputs: placesOf("output", model.outputNames, outputs.length, dataset.more?.outputNames),
  };
}

/** Throws unless each of the model's outputs is what its loss takes. */
export function checkLossesFitModel(heads: readonly Head[], model: Model): void {
  heads.forEach(({ loss }, index) => {
    const layer = at(model.outputLayers, index);
    checkLossFitsOutput(loss, { shape: at(model.outputShapes, index), layer }, finalActivation(model, layer));
  });
}

/** What is known of an output of a model. */
interface Output {
  readonly shape: Shape;
  /** What makes it. */
  readonly layer: PlacedLayer;
}

function checkLossFitsOutput(
  loss: Loss,
  { shape: outputShape, layer }: Output,
  { activation, layer: activated }: ReturnType<typeof finalActivation>,
): void {
  if (loss.targets === "class" && outputShape.length !== 1) {
    throw new ShapeError(
      `createTrainer: loss "${loss.name}" wants one row of logits an image, the model gives ` +
        `${formatShape(outputShape)}; end it in flatten() and dense().`,
    );
  }
  const other = loss.folded === "softmax" ? "sigmoid" : loss.folded === "sigmoid" ? "softmax" : undefined;
  if (activation === other) {
    const fit = loss.folded === "softmax" ? "binaryCrossentropy" : "categoricalCrossentropy";
    throw new ArgumentError(
      `createTrainer: loss "${loss.name}" takes logits or a final ${String(loss.folded)}, but the model's layer ` +
        `"${activated.name}" ends in ${activation}; take loss "${fit}", or another activation.`,
    );
  }
  if (loss.folded !== undefined && activation === loss.folded && activated !== layer) {
    throw new ArgumentError(
      `createTrainer: loss "${loss.name}" contains the ${activation}, which the model's layer "${activated.name}" would apply ` +
        `a second time: only that of the last layer is left out, and "${layer.name}" comes after it. Put it before.`,
    );
  }
}

/** Throws `ArgumentError` unless it is a data set. */
export function checkIsDataset(where: string, dataset: Dataset): void {
  const given: unknown = dataset;
  if (typeof given === "object" && given !== null && "images" in given && "count" in given) return;
  throw new ArgumentError(`${where}: wants a data set, as dataset() makes it, got ${describeValue(given)}.`);
}

/** Throws unless the data set's images fit the model, and its labels or targets the model's outputs and their losses. */
export function checkDataset(model: Model, heads: readonly Head[], dataset: Dataset): void {
  const { inputs, outputs } = columnsOf(dataset);
  const order = orderOf(model, dataset);
  order.inputs.forEach((place, index) => {
    const [given, wanted] = [at(inputs, place).shape, at(model.inputShapes, index)];
    if (sameShape(given, wanted)) return;
    const which = inputs.length === 1 ? "" : ` of input "${at(model.inputNames, index)}"`;
    throw new ShapeError(
      `The data set's images${which} are ${formatShape(given)}, the model wants ${formatShape(wanted)}.`,
    );
  });
  order.outputs.forEach((place, index) => {
    const output = { shape: at(model.outputShapes, index), layer: at(model.outputLayers, index) };
    checkOutput(at(outputs, place), at(heads, index).loss, output);
  });
}

function checkOutput({ targets, classes }: DatasetOutput, loss: Loss, output: Output): void {
  const { shape: outputShape, layer: outputLayer } = output;
  const logits = outputShape[outputShape.length - 1] ?? 0;
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
  if (loss.targets === "class" && classes > logits) {
    throw new ArgumentError(
      `The data set has ${classes} classes, the model's last layer "${outputLayer.name}" only ` +
        `${logits} outputs; give it at least ${classes} units.`,
    );
  }
}
