import { ArgumentError, ShapeError } from "../core/errors.ts";
import { onDemand } from "../core/on_demand.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import { isPicture } from "../data/is_picture.ts";
import type { PictureOptions } from "../data/picture.ts";
import { pictureNow } from "../data/picture_now.ts";
import { type ImageBatch, isBytes } from "../data/values.ts";
import type { Backend } from "../graph/backend.ts";
import { checkBackend } from "../graph/checks.ts";
import type { Model } from "../nn/model.ts";
import { copied } from "./copied.ts";
import { checkOneOutput, isBatchList } from "./one_input.ts";
import { finalActivation, outputActivation } from "./output_activation.ts";
import { Predictor } from "./predictor.ts";

/** What a classifier says of a picture. */
export interface Classification {
  /** Name of the most probable class. */
  readonly label: string;
  /** Its index. */
  readonly index: number;
  /**
   * One a class, in the order of the labels: of a softmax they add up to 1; of several sigmoids each is for itself. A model
   * with one output that has two labels gives [1 − p, p].
   */
  readonly probabilities: Float32Array;
  /** Names of all classes that are true: the most probable one; of a sigmoid for each class those of at least 0.5, maybe none. */
  readonly labels: readonly string[];
}

/**
 * What shows a picture: an array of the model's values (bytes 0–255 become 0…1, other numbers are taken as they are), or
 * something with pixels: `ImageData`, the bytes of its red, green, blue and alpha at the model's size, a canvas, an
 * `ImageBitmap`, a loaded image, a video with a frame, a `VideoFrame`.
 */
export type ClassifierImage = ImageBatch | ImageData | Exclude<CanvasImageSource, SVGImageElement>;

/** What `createClassifier` makes a classifier of. */
export interface ClassifierOptions extends PictureOptions {
  /** Where it runs. */
  backend: Backend;
  /** Names of the classes; default "0", "1", … Of a model with one output: the names of "no" and "yes", or that of "yes" alone. */
  labels?: readonly string[];
  /**
   * How the outputs of a model that ends in logits become probabilities: "softmax", one class of all is true (default for
   * several outputs), or "sigmoid", each for itself (default for one output), as after training with
   * "binaryCrossentropy". A model that ends in one of them keeps it.
   */
  activation?: "softmax" | "sigmoid";
  /** Whether to go on by itself after a lost device, as trainers do. Default true. */
  recover?: boolean;
}

const OPTIONS: OptionKinds<ClassifierOptions> = {
  backend: "any",
  labels: "any",
  activation: "string",
  recover: "boolean",
  background: "any",
  invert: "any",
};

/** Names what a picture shows. */
export interface Classifier {
  /**
   * A picture; a list of them, one an input, where the model has several inputs. It is read before the call returns: stretched
   * to the model's size, composited over `background`, inverted as `invert` says, 0…1. Throws `ArgumentError` for a picture
   * that has no pixels yet or may not be read, and for NaN; `ShapeError` for an array that is not one image.
   */
  predict(image: ClassifierImage | readonly ClassifierImage[]): Promise<Classification>;
  /** Frees what the device holds for it; the model is untouched. */
  dispose(): void;
}

/**
 * A classifier over a model, with names for its classes (default "0", "1", …). On the backend of a trainer of the same
 * model it uses the weights as they are being trained, without a copy. Throws `ArgumentError` for labels that are not as many
 * as the classes and for an `activation` other than the model's own, `ShapeError` for a model without one row of classes.
 */
export async function createClassifier(model: Model, options: ClassifierOptions): Promise<Classifier> {
  checkOptions("createClassifier", options, OPTIONS);
  checkBackend("createClassifier", options.backend);
  checkOneOutput("createClassifier", model);
  if (model.outputShape.length !== 1) {
    throw new ShapeError(
      `createClassifier: the model gives ${formatShape(model.outputShape)}, not one row of classes.`,
    );
  }
  checkActivation(model, options.activation);
  const { kind, applied } = outputActivation(model, options.activation);
  const { background, invert, recover = true } = options;
  if (background !== undefined || invert !== undefined) {
    (await pictureReading()).checkPictureOptions("createClassifier", options);
  }
  const labels = checkLabels(model, options.labels, kind);
  const several = kind === "sigmoid" && labels.length === model.classes;
  const predictor = new Predictor(model, options.backend, {
    batchSize: 1,
    folded: applied ? [] : [kind],
    ...{ owner: "classifier", recover },
  });
  return {
    async predict(image) {
      const images = isImageList(image) ? image : [image];
      const seen = images.map((one, input) => pictureOf(one, model.inputShapes[input]));
      const values = seen.some((one) => one instanceof Picture) ? await valuesOf(seen, options) : seen;
      const batch = predictor.read(values);
      if (batch.count !== 1) {
        throw new ShapeError(
          `predict: a classifier takes one image ${formatShape(model.inputShape)} at a time, got ${batch.count}; ` +
            "createPredictor() takes several.",
        );
      }
      const [result] = await predictor.run(batch);
      return classified(result?.data ?? new Float32Array(), labels, several);
    },
    dispose: () => predictor.dispose(),
  };
}

function checkActivation(model: Model, wanted: unknown): void {
  if (wanted === undefined) return;
  if (wanted !== "softmax" && wanted !== "sigmoid") {
    throw new ArgumentError(
      `createClassifier: activation must be "softmax" or "sigmoid", got ${describeValue(wanted)}.`,
    );
  }
  const { activation, layer } = finalActivation(model);
  if ((activation === "softmax" || activation === "sigmoid") && activation !== wanted) {
    throw new ArgumentError(
      `createClassifier: activation is "${wanted}", but the model's layer "${layer.name}" ends in ${activation}; leave ` +
        "activation out.",
    );
  }
}

/** The names of the classes, of which a sigmoid alone has two. */
function checkLabels(model: Model, labels: unknown, kind: "softmax" | "sigmoid"): readonly string[] {
  const { classes } = model;
  const binary = kind === "sigmoid" && classes === 1;
  if (labels === undefined) return Array.from({ length: binary ? 2 : classes }, (_, index) => String(index));
  if (!Array.isArray(labels) || labels.some((label) => typeof label !== "string")) {
    throw new ArgumentError(
      `createClassifier: labels must be a list of names, ["cat", "dog"], got ${describeValue(labels)}.`,
    );
  }
  if (labels.length === classes || (binary && labels.length === 2)) return labels;
  throw new ArgumentError(
    `createClassifier: ${labels.length} labels for a model with ${classes} classes` +
      `${binary ? ", which takes one name or two, of no and of yes" : ""}.`,
  );
}

function isImageList(image: ClassifierImage | readonly ClassifierImage[]): image is readonly ClassifierImage[] {
  return isBatchList(image as ImageBatch);
}

/** Larger pictures are first made smaller by the browser, which is quick: to this many pixels, or four a pixel of the model. */
const MOST_SIDE = 1024;

/** A picture as it was when it was given, and what it becomes: [height, width, 1 or 3]. */
class Picture {
  readonly image: unknown;
  readonly shape: Shape;
  readonly most: number;

  constructor(image: unknown, shape: Shape) {
    const [height = 0, width = 0] = shape;
    this.most = Math.max(MOST_SIDE, 4 * height, 4 * width);
    this.image = pictureNow(image, this.most);
    this.shape = shape;
  }
}

/** What is given for an input of `shape`, a picture as it is now; anything else as it is. */
function pictureOf(image: unknown, shape: Shape | undefined): unknown {
  const [height = 0, width = 0, channels] = shape ?? [];
  const forPictures = shape?.length === 3 && (channels === 1 || channels === 3);
  // One image of this model has fewer bytes: these are red, green, blue and alpha.
  if (forPictures && isBytes(image) && image.length === 4 * height * width) {
    return new Picture({ width, height, data: image }, shape);
  }
  if (shape === undefined || !isPicture(image)) return image;
  if (!forPictures) {
    throw new ShapeError(
      `predict: a picture becomes [height, width, 1 or 3]; this model wants ${formatShape(shape)}. Pass a Float32Array.`,
    );
  }
  return new Picture(image, shape);
}

/** What makes values of pictures: fetched when the first one is shown, as a page may have arrays alone. */
const pictureReading = () => onDemand("reading of pictures", () => import("./picture_reading.ts"));

/** The values that the model sees of what `pictureOf` gave; beside pictures, arrays as they are now. */
async function valuesOf(given: readonly unknown[], options: PictureOptions): Promise<unknown[]> {
  const now = given.map((one) => (one instanceof Picture ? one : copied(one)));
  const { valuesOfPicture } = await pictureReading();
  return now.map((one) => (one instanceof Picture ? valuesOfPicture(one, options) : one));
}

/** What the outputs say. `several`: of any number of classes each. */
function classified(outputs: Float32Array, labels: readonly string[], several: boolean): Classification {
  if (!outputs.every(Number.isFinite)) {
    throw new ArgumentError(
      "predict: the model gives numbers that are not finite; its parameters are broken. Train it anew, or load others.",
    );
  }
  const [first = 0] = outputs;
  const probabilities = outputs.length === labels.length ? outputs : Float32Array.of(1 - first, first);
  let index = 0;
  probabilities.forEach((probability, candidate) => {
    if (probability > (probabilities[index] ?? 0)) index = candidate;
  });
  const label = labels[index] ?? String(index);
  const named = labels.filter((_, one) => (probabilities[one] ?? 0) >= 0.5);
  return { label, index, probabilities, labels: several ? named : [label] };
}
