import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { checkCount } from "../core/numbers.ts";
import { onDemand } from "../core/on_demand.ts";
import { checkOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import type { Profile } from "../graph/profile.ts";
import { accuracyOf } from "./accuracy.ts";
import { checkAverages, swapAverages } from "./averages.ts";
import type { CompiledPrograms } from "./compiled_programs.ts";
import { Evaluations } from "./evaluation.ts";
import { fedBatch } from "./fed_batch.ts";
import { fedBatchOf, takeFedStep } from "./fed_step.ts";
import { Followers } from "./followers.ts";
import type { Inspector } from "./inspector.ts";
import type { KeptState } from "./kept_state.ts";
import { readOneImage } from "./one_image.ts";
import { checkOneInputAndOutput, isBatchList } from "./one_input.ts";
import { checkEvaluateOptions, checkInspectOptions } from "./options.ts";
import { Predictor } from "./predictor.ts";
import { checkStatistics } from "./statistics.ts";
import { checkDataset, checkIsDataset } from "./targets.ts";
import type {
  BatchScore,
  EvaluateOptions,
  Evaluation,
  FitOptions,
  ImageBatch,
  Inspection,
  InspectOptions,
  MapsDrawing,
  RestoreOptions,
} from "./types.ts";
import { validationSplit } from "./validation_split.ts";

/** What a request does in its turn, when what it was given has been checked and read. */
export type Work<T> = () => Promise<T>;

/** What a page may ask of a trainer beside a plain `fit`: fetched when it is first asked for. */
export class Requests {
  readonly #backend: Backend;
  readonly #kept: KeptState;
  readonly #programs: CompiledPrograms;
  #evaluations: Evaluations | undefined;
  #predictor: Predictor | undefined;
  #inspector: Inspector | undefined;
  #disposed = false;

  readonly validationSplit = validationSplit;

  constructor(backend: Backend, kept: KeptState, programs: CompiledPrograms) {
    this.#backend = backend;
    this.#kept = kept;
    this.#programs = programs;
  }

  followersOf(options: FitOptions): Followers {
    return new Followers(options, this.#kept);
  }

  get evaluations(): Evaluations {
    const { parts, forwardSize } = this.#kept;
    this.#evaluations ??= new Evaluations(this.#backend, parts, forwardSize);
    return this.#evaluations;
  }

  evaluate(dataset: Dataset, options: EvaluateOptions): Work<Evaluation> {
    checkEvaluateOptions(options);
    checkIsDataset("evaluate", dataset);
    const { model, heads } = this.#kept.parts;
    checkDataset(model, heads, dataset);
    return () => this.evaluations.evaluate(dataset, options);
  }

  /** Frees what is kept of a data set. */
  async forget(dataset: Dataset): Promise<void> {
    await this.#evaluations?.forget(dataset);
  }

  predict(x: ImageBatch | readonly ImageBatch[]): Work<Tensor<Float32Array> | Tensor<Float32Array>[]> {
    const { parts, forwardSize: batchSize } = this.#kept;
    const { model, heads } = parts;
    const asList = isBatchList(x);
    if (!asList) checkOneInputAndOutput("predict", model, "give its inputs as a list");
    const folded = heads.map(({ loss }) => loss.folded);
    this.#predictor ??= new Predictor(model, this.#backend, { batchSize, folded, owner: "trainer" });
    const predictor = this.#predictor;
    const batch = predictor.read(asList ? x : [x]);
    return async () => {
      const results = await predictor.run(batch);
      return asList ? results : at(results, 0);
    };
  }

  trainOnBatch(
    x: ImageBatch | readonly ImageBatch[],
    y: ArrayLike<number> | readonly ArrayLike<number>[],
  ): Work<BatchScore> {
    const { parts, batchSize, progress } = this.#kept;
    const { model, heads } = parts;
    const asLists = isBatchList(x);
    if (!asLists) checkOneInputAndOutput("trainOnBatch", model, "give its inputs and its labels or targets as lists");
    const lists = (asLists ? [x, y] : [[x], [y]]) as [readonly ImageBatch[], readonly ArrayLike<number>[]];
    checkStatistics(model, progress.steps);
    const fed = fedBatch({ model, heads, batchSize }, ...lists);
    return async () => {
      const { totals, metrics } = await takeFedStep(this.#kept, this.#programs, fed);
      const { feeds, targetShapes } = fed;
      if (!Number.isFinite(totals.loss)) {
        const { divergenceOf } = await onDemand("report of a step that diverged", () => import("./divergence.ts"));
        const { seed } = this.#kept;
        throw await divergenceOf(this.#backend, parts, {
          batch: (graph) => fedBatchOf(graph, parts, batchSize, targetShapes),
          ...{ feeds, seed, step: progress.steps },
        });
      }
      return { loss: totals.loss / totals.rows, ...accuracyOf(parts, totals, targetShapes[0] === undefined), metrics };
    };
  }

  inspect(image: ImageBatch, options: InspectOptions): Work<Inspection> {
    checkInspectOptions(options);
    const input = this.#readImage("inspect", image, options.target);
    return async () => (await this.#openInspector()).inspect(input, options);
  }

  draw(
    image: ImageBatch,
    drawings: readonly MapsDrawing[],
    options: { target?: number; readback?: boolean },
  ): Work<void> {
    const input = this.#readImage("draw", image, options.target);
    return async () => (await this.#openInspector()).draw(input, drawings, options);
  }

  #readImage(what: string, image: ImageBatch, target: number | undefined): Float32Array {
    const { model } = this.#kept.parts;
    checkOneInputAndOutput(what, model);
    return readOneImage(what, model, image, target);
  }

  async #openInspector(): Promise<Inspector> {
    const { Inspector } = await onDemand("view into layers", () => import("./inspector.ts"));
    const { model, heads } = this.#kept.parts;
    this.#inspector ??= new Inspector(this.#backend, model, at(heads, 0).loss.folded);
    if (this.#disposed) this.#inspector.dispose();
    return this.#inspector;
  }

  profile(given: Dataset | undefined, options: { steps?: number }): Work<Profile> {
    checkOptions("profile", options, { steps: "number" });
    const steps = checkCount("profile", "steps", options.steps ?? 5);
    const dataset = given ?? this.#programs.training?.dataset;
    if (dataset === undefined) {
      throw new ArgumentError("profile: this trainer has not trained on a data set yet; pass one.");
    }
    checkIsDataset("profile", dataset);
    const { model, heads } = this.#kept.parts;
    checkDataset(model, heads, dataset);
    return async () => {
      const { profileOf } = await onDemand("profiler", () => import("./profiling.ts"));
      return profileOf(this.#kept, this.#programs, dataset, { steps, isWanted: () => !this.#disposed });
    };
  }

  swapEma(): Work<void> {
    checkAverages(this.#kept);
    return async () => {
      await swapAverages(this.#kept);
      await this.#kept.copyWeights();
    };
  }

  checkpoint(): Work<Uint8Array> {
    return async () => (await checkpointing()).checkpointOf(this.#kept);
  }

  restore(bytes: Uint8Array, options: RestoreOptions): Work<void> {
    checkOptions("restore", options, { adopt: "boolean" });
    const { adopt = false } = options;
    // Whoever gave the bytes may go on to use them.
    const own = bytes instanceof Uint8Array ? bytes.slice() : bytes;
    return async () => {
      const { restoreFrom } = await checkpointing();
      if (restoreFrom(this.#kept, own, { adopt })) this.#programs.clear();
      await this.#kept.copyWeights();
    };
  }

  dispose(): void {
    this.#disposed = true;
    this.#evaluations?.dispose();
    this.#predictor?.dispose();
    this.#inspector?.dispose();
  }
}

const checkpointing = () => onDemand("checkpoints", () => import("./checkpointing.ts"));
