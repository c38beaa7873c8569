import { at } from "../core/at.ts";
import { ArgumentError, DeviceLostError, DisposedError, ShapeError } from "../core/errors.ts";
import { checkCount } from "../core/numbers.ts";
import { onDemand } from "../core/on_demand.ts";
import { checkOptions } from "../core/options.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { checkFinite, checkNotRgba } from "../data/image_values.ts";
import type { ImageBatch } from "../data/values.ts";
import { readImages } from "../data/values.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { checkBackend } from "../graph/checks.ts";
import type { Model } from "../nn/model.ts";
import { isBatchList } from "./one_input.ts";
import { compilePrediction, type PredictionKind } from "./programs.ts";

/** Runs a model forward: any number of inputs and outputs. */
export interface ModelPredictor {
  /**
   * The model's outputs [count, …outputShape] for `count` images; one array of values an input, in the order of
   * `model.inputNames`. Arrays of bytes hold pixels 0–255, which become 0…1; all other numbers are taken as they are, as
   * 32-bit floats. Values are read before the call returns. Throws `ArgumentError` for NaN and infinite values.
   */
  predict(inputs: ImageBatch | readonly ImageBatch[]): Promise<Tensor<Float32Array>[]>;
  /** Frees what the device holds for it; the model is untouched. Predictions under way reject with `DisposedError`. */
  dispose(): void;
}

/**
 * A predictor over a model: its outputs as they are, without a softmax that it does not have. On the backend of a trainer of
 * the same model it uses the weights as they are being trained. `batchSize` (default 32) images run at once. Where the device is lost,
 * it goes on by itself as trainers do, unless `recover` is false.
 */
export async function createPredictor(
  model: Model,
  options: { backend: Backend; batchSize?: number; recover?: boolean },
): Promise<ModelPredictor> {
  checkOptions("createPredictor", options, { backend: "any", batchSize: "number", recover: "boolean" });
  checkBackend("createPredictor", options.backend);
  const batchSize = checkCount("createPredictor", "batchSize", options.batchSize ?? 32);
  const { recover = true } = options;
  return new Predictor(model, options.backend, { batchSize, recover });
}

/** Whether the device that was lost has been replaced, by one on which the work can be done again. */
async function isReplaced(backend: Backend, error: unknown): Promise<boolean> {
  if (!backend.isReplaceable || !(error instanceof DeviceLostError)) return false;
  const { isReplaced } = await onDemand("recovery from a lost device", () => import("./lost_device.ts"));
  return isReplaced(backend);
}

/** As many images of each of a model's inputs: copies, so that the caller may go on using the arrays. */
export interface ReadBatch {
  readonly count: number;
  readonly inputs: readonly Float32Array[];
}

/** How a predictor runs. */
export interface PredictorOptions {
  /** Images that run at once. */
  readonly batchSize: number;
  /** For each output the activation that turns it into probabilities; one at the model's end is not applied twice. Default none. */
  readonly folded?: readonly PredictionKind[];
  /** What was disposed of, in messages. */
  readonly owner?: string;
  /** Whether it goes on by itself after a lost device. Default: where it is no trainer's, which does so itself. */
  readonly recover?: boolean;
}

/** The predictor behind `createPredictor`, `Trainer.predict` and classifiers: a program for single images and one for batches. */
export class Predictor implements ModelPredictor {
  readonly #model: Model;
  readonly #backend: Backend;
  readonly #batchSize: number;
  readonly #folded: readonly PredictionKind[];
  readonly #owner: string;
  readonly #recovers: boolean;
  readonly #programs = new Map<number, Promise<Program>>();
  #disposed = false;

  constructor(model: Model, backend: Backend, options: PredictorOptions) {
    const { batchSize, folded = [], owner = "predictor", recover = owner !== "trainer" } = options;
    this.#recovers = recover;
    this.#model = model;
    this.#backend = backend;
    this.#batchSize = batchSize;
    this.#folded = folded;
    this.#owner = owner;
  }

  async predict(given: ImageBatch | readonly ImageBatch[]): Promise<Tensor<Float32Array>[]> {
    this.#checkUsable();
    return this.run(this.read(isBatchList(given) ? given : [given]));
  }

  /**
   * The values of each input, as they are at this moment. Throws `ArgumentError` for another number of inputs than the
   * model's, for what holds no numbers and for numbers that are not finite, `ShapeError` where they are no whole images.
   */
  read(given: readonly unknown[]): ReadBatch {
    const { inputNames, inputShapes } = this.#model;
    const wanted = inputShapes.map((shape, index) => `"${at(inputNames, index)}" [${shape.join(", ")}]`);
    if (given.length !== wanted.length) {
      const instead =
        wanted.length === 1
          ? "; put the images of one input behind one another, in one array, not in a list of lists"
          : "";
      throw new ArgumentError(
        `predict: the model has ${wanted.length} input${wanted.length === 1 ? "" : "s"} (${wanted.join(", ")}), got ` +
          `${given.length}${instead}.`,
      );
    }
    const names = inputShapes.map((_, index) => (wanted.length === 1 ? "images" : `input "${at(inputNames, index)}"`));
    const inputs = given.map((one, index) => readImages(`predict: ${at(names, index)}`, one));
    inputShapes.forEach((shape, index) => {
      checkNotRgba("predict", at(given, index), shape);
    });
    const count = this.#count(inputs);
    inputShapes.forEach((shape, index) => {
      checkFinite(wanted.length === 1 ? "predict" : `predict: ${at(names, index)}`, at(inputs, index), shape);
    });
    return { count, inputs };
  }

  /** How many images the inputs hold. */
  #count(inputs: readonly Float32Array[]): number {
    const { inputNames, inputShapes } = this.#model;
    const counts = inputs.map((input, index) => input.length / sizeOf(at(inputShapes, index)));
    const count = at(counts, 0);
    if (Number.isInteger(count) && count >= 1 && counts.every((other) => other === count)) return count;
    const transferred = inputs.some(({ length }) => length === 0)
      ? " (an array is empty, too, once it was transferred to a worker)"
      : "";
    if (inputs.length === 1) {
      const shape = at(inputShapes, 0);
      throw new ShapeError(
        `predict: one image ${formatShape(shape)} has ${sizeOf(shape)} values; ${at(inputs, 0).length} values are no whole ` +
          `number of images${transferred}.`,
      );
    }
    const wanted = inputShapes.map((shape, index) => `"${at(inputNames, index)}" [${shape.join(", ")}]`);
    throw new ShapeError(
      `predict: wants as many images of each of ${wanted.join(", ")}, at least one; got ` +
        `${inputs.map(({ length }) => length).join(", ")} values${transferred}.`,
    );
  }

  /** What the model gives for images that `read` has read. */
  async run({ count, inputs }: ReadBatch): Promise<Tensor<Float32Array>[]> {
    this.#checkUsable();
    try {
      const results = await this.#results(count, inputs);
      this.#checkUsable();
      return results;
    } catch (error) {
      // Whatever failed once its buffers were gone failed for that.
      this.#checkUsable();
      if (this.#recovers && (await isReplaced(this.#backend, error))) return this.run({ count, inputs });
      throw error;
    }
  }

  async #results(count: number, inputs: readonly Float32Array[]): Promise<Tensor<Float32Array>[]> {
    const { inputShapes, outputShapes } = this.#model;
    const batch = count === 1 ? 1 : this.#batchSize;
    const program = await this.#program(batch);
    const results = outputShapes.map((shape) => ({
      shape: [count, ...shape],
      data: new Float32Array(count * sizeOf(shape)),
    }));
    for (let first = 0; first < count; first += batch) {
      const rows = Math.min(batch, count - first);
      const feeds = inputs.map((all, index) => {
        const size = sizeOf(at(inputShapes, index));
        const feed = new Float32Array(batch * size);
        feed.set(all.subarray(first * size, (first + rows) * size));
        return [String(index), feed] as const;
      });
      const outputs = await program.run(Object.fromEntries(feeds));
      results.forEach(({ data }, index) => {
        const size = sizeOf(at(outputShapes, index));
        data.set(outputs[String(index)]?.data.subarray(0, rows * size) ?? [], first * size);
      });
    }
    return results;
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

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError(`This ${this.#owner} was disposed of; make a new one.`);
  }

  dispose(): void {
    this.#disposed = true;
    for (const program of this.#programs.values()) {
      program.then(
        (compiled) => compiled.dispose(),
        () => undefined,
      );
    }
    this.#programs.clear();
  }
}
