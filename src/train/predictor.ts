import { ShapeError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Backend, Program } from "../graph/backend.ts";
import type { Model } from "../nn/model.ts";
import { compilePrediction, type PredictionKind } from "./programs.ts";
import type { ImageBatch } from "./types.ts";

/** Raw pixels 0–255 become 0…1; floats are taken as they are. */
export function toInputs(images: ImageBatch): Float32Array {
  return images instanceof Float32Array ? images : Float32Array.from(images, (value) => value / 255);
}

/** Runs a model forward on any number of images; compiles one program for single images and one for batches. */
export class Predictor {
  readonly #backend: Backend;
  readonly #model: Model;
  readonly #batchSize: number;
  readonly #folded: PredictionKind;
  readonly #programs = new Map<number, Promise<Program>>();

  /** `folded` is what turns outputs into predictions. */
  constructor(backend: Backend, model: Model, batchSize: number, folded: PredictionKind = "softmax") {
    this.#backend = backend;
    this.#model = model;
    this.#batchSize = batchSize;
    this.#folded = folded;
  }

  /** Predictions [count, …outputShape]. Throws `ShapeError` unless `images` holds whole images of the model's input shape. */
  async predict(images: ImageBatch): Promise<Tensor<Float32Array>> {
    const imageSize = sizeOf(this.#model.inputShape);
    const count = images.length / imageSize;
    if (!Number.isInteger(count) || count < 1) {
      throw new ShapeError(
        `predict: one image ${formatShape(this.#model.inputShape)} has ${imageSize} values; ${images.length} values are no whole ` +
          `number of images.`,
      );
    }
    const inputs = toInputs(images);
    const batch = count === 1 ? 1 : this.#batchSize;
    const program = await this.#program(batch);
    const { outputShape } = this.#model;
    const size = sizeOf(outputShape);
    const predictions = new Float32Array(count * size);
    for (let first = 0; first < count; first += batch) {
      const rows = Math.min(batch, count - first);
      const feed = new Float32Array(batch * imageSize);
      feed.set(inputs.subarray(first * imageSize, (first + rows) * imageSize));
      const outputs = await program.run({ images: feed });
      predictions.set(outputs["predictions"]?.data.subarray(0, rows * size) ?? [], first * size);
    }
    return { shape: [count, ...outputShape], data: predictions };
  }

  #program(batch: number): Promise<Program> {
    let program = this.#programs.get(batch);
    if (program === undefined) {
      program = compilePrediction(this.#backend, this.#model, batch, this.#folded);
      program.catch(() => this.#programs.delete(batch));
      this.#programs.set(batch, program);
    }
    return program;
  }

  dispose(): void {
    for (const program of this.#programs.values()) {
      program.then(
        (compiled) => compiled.dispose(),
        () => undefined,
      );
    }
    this.#programs.clear();
  }
}
