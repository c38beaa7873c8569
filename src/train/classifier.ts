import { ArgumentError, ShapeError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Backend } from "../graph/backend.ts";
import type { Model } from "../nn/model.ts";
import { probabilityPredictor } from "./model_predictor.ts";
import { checkOneOutput } from "./one_input.ts";

/** What a classifier says of a picture. */
export interface Classification {
  /** Name of the most probable class. */
  readonly label: string;
  /** Its index. */
  readonly index: number;
  /** Softmax of the model's logits, one a class. */
  readonly probabilities: Float32Array;
}

/** Anything that shows a picture. Floats are taken as they are; pixels are scaled to the model's size and to 0…1. */
export type ClassifierImage = Float32Array | Uint8Array | ImageData | CanvasImageSource;

/** Names what a picture shows. */
export interface Classifier {
  /** A picture; a list of them, one an input, where the model has several inputs. */
  predict(image: ClassifierImage | readonly ClassifierImage[]): Promise<Classification>;
  /** Frees what the device holds for it; the model is untouched. */
  dispose(): void;
}

/**
 * A classifier over a model, with names for its classes (default "0", "1", …). On the backend of a trainer of the same
 * model it uses the weights as they are being trained, without a copy.
 */
export async function createClassifier(
  model: Model,
  options: { backend: Backend; labels?: readonly string[] },
): Promise<Classifier> {
  checkOneOutput("createClassifier", model);
  const labels = options.labels ?? Array.from({ length: model.classes }, (_, index) => String(index));
  if (model.outputShape.length !== 1) {
    throw new ShapeError(
      `createClassifier: the model gives ${formatShape(model.outputShape)}, not one row of classes.`,
    );
  }
  if (labels.length !== model.classes) {
    throw new ArgumentError(`createClassifier: ${labels.length} labels for a model with ${model.classes} classes.`);
  }
  const predictor = probabilityPredictor(model, options.backend);
  return {
    async predict(image) {
      const images = isList(image) ? image : [image];
      const pixels = images.map((one, input) => toPixels(one, model.inputShapes[input] ?? model.inputShape));
      const data = (await predictor.predict(pixels))[0]?.data ?? new Float32Array();
      let index = 0;
      data.forEach((probability, candidate) => {
        if (probability > (data[index] ?? 0)) index = candidate;
      });
      return { label: labels[index] ?? String(index), index, probabilities: data };
    },
    dispose: () => predictor.dispose(),
  };
}

function isList(image: ClassifierImage | readonly ClassifierImage[]): image is readonly ClassifierImage[] {
  return Array.isArray(image);
}

/** The values that a model of `inputShape` [height, width, 1 or 3] sees of a picture. */
function toPixels(image: ClassifierImage, inputShape: readonly number[]): Float32Array {
  if (image instanceof Float32Array) return image;
  if (image instanceof Uint8Array) return Float32Array.from(image, (value) => value / 255);
  const [height, width, channels] = inputShape;
  if (height === undefined || width === undefined || (channels !== 1 && channels !== 3)) {
    throw new ShapeError(
      `predict: a picture becomes [height, width, 1 or 3]; this model wants ${formatShape(inputShape)}. Pass a Float32Array.`,
    );
  }
  const { data } = scaledTo(image, width, height);
  const pixels = new Float32Array(sizeOf(inputShape));
  for (let pixel = 0; pixel < height * width; pixel++) {
    const [red = 0, green = 0, blue = 0] = data.subarray(pixel * 4, pixel * 4 + 3);
    if (channels === 1) pixels[pixel] = (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
    else pixels.set([red / 255, green / 255, blue / 255], pixel * 3);
  }
  return pixels;
}

function scaledTo(image: ImageData | CanvasImageSource, width: number, height: number): ImageData {
  if (image instanceof ImageData && image.width === width && image.height === height) return image;
  const context = (w: number, h: number) => {
    const found = new OffscreenCanvas(w, h).getContext("2d", { willReadFrequently: true });
    if (found === null) throw new ArgumentError("predict: this browser gives no 2-D canvas to scale the picture with.");
    return found;
  };
  let source: CanvasImageSource;
  if (image instanceof ImageData) {
    const whole = context(image.width, image.height);
    whole.putImageData(image, 0, 0);
    source = whole.canvas;
  } else source = image;
  const target = context(width, height);
  target.imageSmoothingQuality = "high";
  target.drawImage(source, 0, 0, width, height);
  return target.getImageData(0, 0, width, height);
}
