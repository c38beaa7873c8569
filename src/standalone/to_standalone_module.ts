import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { checkPictureOptions, type PictureOptions } from "../data/picture.ts";
import { Model } from "../nn/model.ts";
import { finalActivation, outputActivation } from "../train/output_activation.ts";
import { predictionGraph } from "../train/programs.ts";
import { planFor } from "./plan.ts";
import { knownOps, moduleSource } from "./source.ts";
import { stepsFor } from "./steps.ts";
import { Weights } from "./weights.ts";

/** What a module of a network is made with; the first two and the pictures' options mean what they mean for `createClassifier`. */
export interface StandaloneOptions extends PictureOptions {
  /** Names of the classes; default "0", "1", … Of a model with one output: the names of "no" and "yes", or that of "yes" alone. */
  labels?: readonly string[];
  /** How the outputs of a model that ends in logits become probabilities; default "softmax", of one output "sigmoid". */
  activation?: "softmax" | "sigmoid";
  /** How weights are stored: "float32" (default), the same numbers, or "float16", half as large and rounded. */
  weights?: "float32" | "float16";
}

/** How a module names classes; undefined where the model's outputs are no one row of classes. */
function classesOf(
  model: Model,
  { labels, activation }: StandaloneOptions,
): { kind: "softmax" | "sigmoid"; applied: boolean; labels: readonly string[]; several: boolean } | undefined {
  if (model.outputShapes.length !== 1 || model.outputShape.length !== 1) {
    if (labels === undefined && activation === undefined) return undefined;
    throw new ArgumentError(
      "toStandaloneModule: labels and activation are for models with one output, a row of classes; leave them out, and the " +
        "module gives the outputs' values.",
    );
  }
  if (activation !== undefined && activation !== "softmax" && activation !== "sigmoid") {
    throw new ArgumentError(
      `toStandaloneModule: activation must be "softmax" or "sigmoid", got ${describeValue(activation)}.`,
    );
  }
  const final = finalActivation(model);
  const isFinal = final.activation === "softmax" || final.activation === "sigmoid";
  if (isFinal && activation !== undefined && final.activation !== activation) {
    throw new ArgumentError(
      `toStandaloneModule: activation is "${activation}", but the model's layer "${final.layer.name}" ends in ` +
        `${final.activation}; leave activation out.`,
    );
  }
  const { kind, applied } = outputActivation(model, activation);
  const names = checkLabels(labels, model.classes, kind === "sigmoid" && model.classes === 1);
  return { kind, applied, labels: names, several: kind === "sigmoid" && names.length === model.classes };
}

function checkLabels(labels: unknown, classes: number, isBinary: boolean): readonly string[] {
  if (labels === undefined) return Array.from({ length: isBinary ? 2 : classes }, (_, index) => String(index));
  if (!Array.isArray(labels) || labels.some((label) => typeof label !== "string")) {
    throw new ArgumentError(
      `toStandaloneModule: labels must be a list of names, ["cat", "dog"], got ${describeValue(labels)}.`,
    );
  }
  if (labels.length === classes || (isBinary && labels.length === 2)) return labels;
  throw new ArgumentError(
    `toStandaloneModule: ${labels.length} labels for a model with ${classes} classes` +
      `${isBinary ? ", which takes one name or two, of no and of yes" : ""}.`,
  );
}

/**
 * A model as one JavaScript file: its weights, its plan compiled ahead for any WebGPU device, and plain loops for where there is
 * none. Pages import it as a module; it imports nothing and fetches nothing, and needs no other Content Security Policy than
 * `default-src 'self'`. It exports `predict(image)`, `load()`, `close()`, `labels`, `inputShape` and `inputShapes`: docs/standalone.md. No
 * device is needed here. After training, `await trainer.syncModel()` first where `fit` was not the last call.
 *
 *     const source = await toStandaloneModule(model, { labels: ["cat", "dog"] });
 *
 * Throws `ArgumentError` for what is no model, for labels and an activation that do not fit it, for an op that a module has no
 * loops for, with the layers that have it, and where the weights that were trained last are still on a device;
 * `OutOfMemoryError` for a network of which a tensor is larger than any device binds.
 */
export async function toStandaloneModule(model: Model, options: StandaloneOptions = {}): Promise<string> {
  checkOptions("toStandaloneModule", options, {
    ...{ labels: "any", activation: "string", background: "any", invert: "any", weights: "string" },
  });
  if (!(model instanceof Model)) {
    throw new ArgumentError(
      `toStandaloneModule: wants a model, as sequential() and model() make it, got ${describeValue(model)}.`,
    );
  }
  const { weights: stored = "float32" } = options;
  if (stored !== "float32" && stored !== "float16") {
    throw new ArgumentError(
      `toStandaloneModule: weights must be "float32" or "float16", got ${describeValue(stored)}.`,
    );
  }
  const { background, invert } = checkPictureOptions("toStandaloneModule", options);
  const classes = classesOf(model, options);
  const folded = classes && !classes.applied ? [classes.kind] : [];
  const { graph, outputs } = await predictionGraph(model, 1, folded);
  const weights = new Weights(stored === "float16");
  const steps = stepsFor(graph, Object.values(outputs), knownOps, weights);
  const plan = await planFor(graph, outputs, model.inputShapes.length, weights);
  const named = (names: readonly string[], shapes: Model["inputShapes"]) =>
    shapes.map((shape, index) => ({ name: at(names, index), shape }));
  return moduleSource(
    {
      INPUTS: named(model.inputNames, model.inputShapes),
      NAMES: named(model.outputNames, model.outputShapes),
      CLASSES: classes && { labels: classes.labels, several: classes.several },
      PICTURES: { background: background === "auto" ? undefined : background, invert },
      PARTS: weights.parts,
      STEPS: steps.steps,
      OUTPUTS: steps.outputs,
      PLAN: plan,
    },
    steps.ops,
    weights.toBase64(),
  );
}
