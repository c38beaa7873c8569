import { ArgumentError, DisposedError, ShapeError } from "../core/errors.ts";
import { formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import { at } from "../graph/op.ts";
import { checkCount } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { toInputs } from "./predictor.ts";
import { type PredictionKind, unfolded } from "./programs.ts";
import type { ImageBatch } from "./types.ts";

/** Runs a model forward: any number of inputs and outputs. */
export interface ModelPredictor {
  /**
   * The model's outputs [count, …outputShape] for `count` images; one list of values an input, in the order of
   * `model.inputNames`. Bytes are taken as pixels 0–255 and become 0…1, floats are taken as they are.
   */
  predict(inputs: ImageBatch | readonly ImageBatch[]): Promise<Tensor<Float32Array>[]>;
  /** Frees what the device holds for it; the model is untouched. */
  dispose(): void;
}

function isList(inputs: ImageBatch | readonly ImageBatch[]): inputs is readonly ImageBatch[] {
  return Array.isArray(inputs);
}

/** How many images a list of inputs holds. Throws `ArgumentError` or `ShapeError` where they do not fit the model. */
function countImages(model: Model, inputs: readonly ImageBatch[]): number {
  const wanted = model.inputShapes.map((shape, index) => `"${at(model.inputNames, index)}" ${formatShape(shape)}`);
  if (inputs.length !== wanted.length) {
    throw new ArgumentError(
      `predict: the model has ${wanted.length} inputs (${wanted.join(", ")}), got ${inputs.length}.`,
    );
  }
  const counts = inputs.map((input, index) => input.length / sizeOf(at(model.inputShapes, index)));
  const count = at(counts, 0);
  if (!Number.isInteger(count) || count < 1 || counts.some((other) => other !== count)) {
    throw new ShapeError(
      `predict: wants as many images of each of ${wanted.join(", ")}, at least one; got ` +
        `${inputs.map(({ length }) => length).join(", ")} values.`,
    );
  }
  return count;
}

/**
 * A predictor over a model: its outputs as they are, without a softmax that it does not have. On the backend of a trainer of
 * the same model it uses the weights as they are being trained. `batchSize` (default 32) images run at once.
 */
export async function createPredictor(
  model: Model,
  options: { backend: Backend; batchSize?: number },
): Promise<ModelPredictor> {
  return new GraphPredictor(
    model,
    options.backend,
    checkCount("createPredictor", "batchSize", options.batchSize ?? 32),
  );
}

/** A predictor whose first output is turned into probabilities; a softmax at its end is not applied twice. */
export function probabilityPredictor(model: Model, backend: Backend): ModelPredictor {
  return new GraphPredictor(model, backend, 1, ["softmax"]);
}

/** A predictor whose outputs are turned into what their losses fold: the probabilities of a softmax or a sigmoid. */
export function foldedPredictor(
  model: Model,
  { backend, batchSize, folded }: { backend: Backend; batchSize: number; folded: readonly PredictionKind[] },
): ModelPredictor {
  return new GraphPredictor(model, backend, batchSize, folded);
}

class GraphPredictor implements ModelPredictor {
  readonly #model: Model;
  readonly #backend: Backend;
  readonly #batchSize: number;
  readonly #folded: readonly PredictionKind[];
  readonly #programs = new Map<number, Promise<Program>>();
  #disposed = false;

  constructor(model: Model, backend: Backend, batchSize: number, folded: readonly PredictionKind[] = []) {
    this.#model = model;
    this.#backend = backend;
    this.#batchSize = batchSize;
    this.#folded = folded;
  }

  async predict(given: ImageBatch | readonly ImageBatch[]): Promise<Tensor<Float32Array>[]> {
    if (this.#disposed) throw new DisposedError("This predictor was disposed of; make a new one.");
    const inputs = isList(given) ? given : [given];
    const { inputShapes, outputShapes } = this.#model;
    const count = countImages(this.#model, inputs);
    const values = inputs.map(toInputs);
    const batch = count === 1 ? 1 : this.#batchSize;
    const program = await this.#program(batch);
    const results = outputShapes.map((shape) => ({
      shape: [count, ...shape],
      data: new Float32Array(count * sizeOf(shape)),
    }));
    for (let first = 0; first < count; first += batch) {
      const rows = Math.min(batch, count - first);
      const feeds = values.map((all, index) => {
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
      program = this.#compile(batch);
      program.catch(() => this.#programs.delete(batch));
      this.#programs.set(batch, program);
    }
    return program;
  }

  #compile(batch: number): Promise<Program> {
    const graph = new Graph();
    const xs = this.#model.inputShapes.map((shape, index) => graph.input(String(index), [batch, ...shape]));
    const ys = this.#model.build(graph, xs, {
      logits: this.#model.outputShapes.map((_, i) => this.#folded[i] ?? false),
    });
    const outputs = ys.map((y, index) => unfolded(graph, y, this.#folded[index]));
    return this.#backend.compile(graph, {
      outputs: Object.fromEntries(outputs.map((y, index) => [String(index), y])),
    });
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
