import { raceAbort } from "../core/abort.ts";
import { checkAffineRanges } from "../core/affine.ts";
import { at } from "../core/at.ts";
import { ArgumentError, DisposedError, DivergedError, ShapeError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import { rateFromTable, type Schedule, scaledTable } from "../core/schedule.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { checkBackend } from "../graph/checks.ts";
import { Profile } from "../graph/profile.ts";
import { checkCount } from "../nn/layer.ts";
import { decisionOf } from "../nn/losses.ts";
import { metricValues, recordedMetricValues } from "../nn/metrics.ts";
import type { Model } from "../nn/model.ts";
import { resolveOptimizer } from "../nn/optimizer_names.ts";
import { withGlobalClipNorm } from "../nn/optimizers.ts";
import { averagesOf, checkpointVariables, fromCheckpoint, toCheckpoint } from "./checkpointing.ts";
import { CompiledPrograms } from "./compiled_programs.ts";
import type { TrainerConfig } from "./config.ts";
import { datasetVariables } from "./dataset_variables.ts";
import { type DivergedStep, divergenceOf, layerOf } from "./divergence.ts";
import { countsByMetric, Evaluations } from "./evaluation.ts";
import { fedBatch } from "./fed_batch.ts";
import { FitRun, type Runner, UncountedStep } from "./fit_run.ts";
import { resolveHeadMetrics, resolveHeads } from "./heads.ts";
import { Inspector } from "./inspector.ts";
import { changedRates, learningRateTable } from "./learning_rates.ts";
import { checkOneInput, checkOneInputAndOutput, checkOneOutput, isBatchList } from "./one_input.ts";
import {
  checkEvaluateOptions,
  checkFitOptions,
  checkInspectOptions,
  checkModel,
  checkPrepareOptions,
  TRAINER,
  TRAINER_HINTS,
} from "./options.ts";
import { Predictor } from "./predictor.ts";
import { compileKeeper } from "./programs.ts";
import { newProgress, type Progress, progressFromJson, progressToJson } from "./progress.ts";
import { noTotals, RING_STEPS, type Totals } from "./step_record.ts";
import { checkClassWeights, checkDataset, checkIsDataset, checkLossesFitModel, classCount } from "./targets.ts";
import { Asked, notCopied } from "./trained_weights.ts";
import { newStepParts, type StepParts, variablesOf } from "./training_state.ts";
import { type FetchingOptions, fedBatchOf, fetchedBatch } from "./training_step.ts";
import { Turns } from "./turns.ts";
import type {
  BatchScore,
  EvaluateOptions,
  Evaluation,
  FitOptions,
  History,
  ImageBatch,
  Inspection,
  InspectOptions,
  MapsDrawing,
  PrepareOptions,
  RestoreOptions,
  Trainer,
  TrainerStats,
} from "./types.ts";
import { validationSplit } from "./validation_split.ts";

/** What `createTrainer` makes a trainer of. */
export interface TrainerOptions extends TrainerConfig {
  /** Where it runs. */
  backend: Backend;
}

/**
 * Makes a trainer for a model on a backend; one with several inputs or outputs trains on a `multiDataset`. Throws
 * `ArgumentError` for an unknown or missing loss, a bad batch size, or a model without trainable parameters.
 */
export async function createTrainer(model: Model, options: TrainerOptions): Promise<Trainer> {
  checkModel("createTrainer", model);
  checkOptions("createTrainer", options, { backend: "any", ...TRAINER }, TRAINER_HINTS);
  const { backend, recompute = false, precision = "float32", seed = 0 } = options;
  if (!Number.isFinite(seed)) throw new ArgumentError(`createTrainer: seed must be a number, got ${seed}.`);
  checkBackend("createTrainer", backend);
  const heads = resolveHeads(model, options.loss, options.lossWeights);
  const metrics = resolveHeadMetrics(model, heads, options.metrics ?? [], options.weightedMetrics);
  const batchSize = checkCount("createTrainer", "batchSize", options.batchSize ?? 32);
  checkLossesFitModel(heads, model);
  if (model.arena.variables.length === 0) {
    throw new ArgumentError(
      "createTrainer: no layer of the model has parameters to train; give it a dense() or conv2d().",
    );
  }
  if (precision !== "float32" && precision !== "mixed") {
    throw new ArgumentError(`createTrainer: precision must be "float32" or "mixed", got ${describeValue(precision)}.`);
  }
  const chosen = resolveOptimizer("createTrainer", options.optimizer);
  const optimizer =
    options.clipNorm === undefined ? chosen : withGlobalClipNorm("createTrainer", chosen, options.clipNorm);
  const parts = newStepParts({ model, heads, metrics, optimizer, recompute }, precision);
  const keeper = await compileKeeper(backend, variablesOf(parts));
  return new LocalTrainer(parts, backend, keeper, batchSize, seed);
}

class LocalTrainer implements Trainer {
  #parts: StepParts;
  readonly #backend: Backend;
  /** Keeps all variables on the device, and reads and writes them. */
  readonly #keeper: Program;
  readonly #batchSize: number;
  readonly #predictor: Predictor;
  readonly #inspector: Inspector;
  readonly #evaluations: Evaluations;
  readonly #programs: CompiledPrograms;
  readonly #turns = new Turns(() => (this.#disposed ? disposedTrainer() : this.#backend.closed));
  readonly #forgetBackend: () => void;
  readonly #progress: Progress = newProgress();
  #seed: number;
  #submissions = 0;
  #submittedSteps = 0;
  /** Whether a `fit` is under way, compiling and pauses included. */
  #fitting = false;
  #disposed = false;
  /** What `state.schedule` holds. */
  #rates: Float32Array;
  /** Whether weights and averages have changed places. */
  #swapped = false;
  /** Whether the weights are others than those that the model remembers. */
  #moved = false;

  constructor(parts: StepParts, backend: Backend, keeper: Program, batchSize: number, seed: number) {
    this.#parts = parts;
    this.#backend = backend;
    this.#keeper = keeper;
    this.#batchSize = batchSize;
    this.#seed = seed;
    this.#rates = learningRateTable(parts.optimizer.learningRate);
    const folded = parts.heads.map((head) => head.loss.folded);
    this.#predictor = new Predictor(parts.model, backend, { batchSize, folded, owner: "trainer" });
    this.#inspector = new Inspector(backend, parts.model, folded[0]);
    this.#programs = new CompiledPrograms(backend);
    this.#evaluations = new Evaluations(backend, parts, batchSize, ({ targets }, totals) =>
      this.#accuracy(targets === undefined, totals),
    );
    this.#forgetBackend = backend.onClosed(() => this.#turns.close());
  }

  async fit(given: Dataset, options: FitOptions = {}): Promise<History> {
    this.#checkUsable();
    checkFitOptions(options);
    checkIsDataset("fit", given);
    if (options.validationData !== undefined) checkIsDataset("fit: validationData", options.validationData);
    const { dataset, validationData } = validationSplit(given, options);
    const { model, heads } = this.#parts;
    checkDataset(model, heads, dataset);
    if (validationData) checkDataset(model, heads, validationData);
    const epochs = options.epochs === undefined ? undefined : checkCount("fit", "epochs", options.epochs);
    const steps = options.steps === undefined ? undefined : checkCount("fit", "steps", options.steps);
    options.signal?.throwIfAborted();
    if (this.#fitting) throw new ArgumentError("fit: this trainer is already training; wait, pause or abort it first.");
    this.#fitting = true;
    try {
      const program = await raceAbort(this.#programOf(dataset, options), options.signal);
      const turn = await this.#turns.begin(options.signal);
      try {
        if (this.#swapped) await this.#exchangeAverages();
        const ready = { ...options, ...(validationData ? { validationData } : {}) };
        const runner = this.#runner(program, dataset, turn);
        const history = await new FitRun(runner, dataset, this.#batchSize, ready, { epochs, steps }).run();
        if (this.#moved) await this.#copyWeights();
        this.#checkStatistics();
        return history;
      } finally {
        turn.end();
      }
    } catch (error) {
      throw error instanceof UncountedStep ? await this.#divergence(this.#fetchedStep(dataset, options)) : error;
    } finally {
      this.#fitting = false;
      // A pause holds the run that it was for, and no later one.
      this.#turns.resume();
      if (this.#moved) await this.#copyWeights().catch(() => undefined);
    }
  }

  async prepare(given: Dataset, options: PrepareOptions = {}): Promise<void> {
    this.#checkUsable();
    checkPrepareOptions(options);
    checkIsDataset("prepare", given);
    const { dataset } = validationSplit(given, options);
    checkDataset(this.#parts.model, this.#parts.heads, dataset);
    if (this.#fitting) throw new ArgumentError("prepare: this trainer is training; its program is running already.");
    options.signal?.throwIfAborted();
    const prepare = async () => {
      const program = await this.#programOf(dataset, options);
      // No step, but the data set goes up.
      await program.enqueue({ steps: 0 });
    };
    await raceAbort(prepare(), options.signal);
  }

  /** How a run fetches its images. Throws for what does not fit the model. */
  #fetching({ augment, classWeight, shuffle = true }: PrepareOptions): FetchingOptions {
    const { model, heads } = this.#parts;
    const ranges = augment && checkAffineRanges("fit: augment", augment);
    if (ranges && model.inputShape.length !== 3) {
      throw new ShapeError(
        `fit: augment moves images [height, width, channels]; the model takes ${formatShape(model.inputShape)}.`,
      );
    }
    if (ranges) checkOneInput("fit: augment", model);
    if (classWeight) checkOneOutput("fit: classWeight", model);
    return {
      batch: this.#batchSize,
      shuffle,
      seed: this.#seed,
      augment: ranges,
      classWeight: classWeight && checkClassWeights(classWeight, classCount(model, at(heads, 0).loss)),
    };
  }

  /** The compiled step for a data set with what `fit` was asked for. */
  async #programOf(dataset: Dataset, options: PrepareOptions): Promise<Program> {
    return this.#programs.trainingOn(this.#parts, dataset, this.#fetching(options), {
      // A profile runs the program before.
      exchange: (replace) => this.#turns.shared(replace),
      // A restored run goes on at its place in the data set; another data set starts from its beginning.
      other: () => this.#startOver(),
    });
  }

  #startOver(): void {
    this.#progress.cursor = 0;
    this.#progress.totals = noTotals(this.#parts.record.sums);
    this.#keeper.write(this.#parts.state.cursor, [0]);
    this.#clearCounts();
  }

  /** The share of right answers among rows; none where there is nothing to be right about. */
  #accuracy(labelled: boolean, { correct, rows }: Totals): { accuracy?: number } {
    const { heads, model } = this.#parts;
    const known = heads.length === 1 && decisionOf(at(heads, 0).loss, model.outputShape, labelled);
    return known ? { accuracy: correct / rows } : {};
  }

  #clearCounts(): void {
    for (const variable of this.#parts.state.counts.values()) {
      this.#keeper.write(variable, new Float32Array(variable.size));
    }
  }

  /** What a run may do with this trainer. */
  #runner(program: Program, dataset: Dataset, turn: Runner["turn"]): Runner {
    const { model, metrics, state, record } = this.#parts;
    return {
      turn,
      progress: this.#progress,
      record,
      enqueue: async (steps, { ring = false, weights = false }) => {
        const wanted = weights ? model.variables : [];
        const asked = new Asked(wanted);
        const submitted = program.enqueue({ steps, read: [...(ring ? [state.ring] : []), ...wanted] });
        this.#submitted(steps);
        this.#progress.cursor += steps;
        const tensors = await submitted;
        const reports = ring ? tensors.shift() : undefined;
        if (weights) this.#remember(asked, tensors);
        return reports;
      },
      evaluate: (data, signal) => this.#evaluations.evaluate(data, signal === undefined ? {} : { signal }),
      accuracy: (totals) => this.#accuracy(dataset.targets === undefined, totals),
      stepMetrics: (totals, counts) => recordedMetricValues(metrics, model.outputShape, { ...totals, counts }),
      metrics: async (totals) => {
        const tensors =
          state.counts.size === 0 ? [] : await this.#keeper.enqueue({ steps: 0, read: [...state.counts.values()] });
        this.#clearCounts();
        return metricValues(metrics, { ...totals, counts: countsByMetric(state.counts, tensors) });
      },
      learningRate: () => rateFromTable(this.#rates, this.#progress.steps),
      scaleLearningRate: (factor) => this.#writeRates(scaledTable(this.#rates, factor)),
      keepWeights: async () => {
        const tensors = await this.#keeper.enqueue({ steps: 0, read: model.variables });
        return () => {
          for (const [index, variable] of model.variables.entries())
            this.#keeper.write(variable, at(tensors, index).data);
          this.#remember(new Asked(model.variables), tensors);
        };
      },
    };
  }

  /** Notes that steps were submitted, which move the weights away from what the model remembers. */
  #submitted(steps: number): void {
    if (steps === 0) return;
    this.#progress.steps += steps;
    this.#submissions++;
    this.#submittedSteps += steps;
    for (const variable of this.#parts.model.variables) variable.moved(() => notCopied(variable));
    this.#moved = true;
  }

  /** Copies the weights into the model's `parameters`. */
  async #copyWeights(): Promise<void> {
    const asked = new Asked(this.#parts.model.variables);
    this.#remember(asked, await this.#keeper.enqueue({ steps: 0, read: asked.variables }));
  }

  /** Takes these for the values of what was asked for. */
  #remember(asked: Asked, tensors: readonly Tensor[]): void {
    asked.remember(tensors);
    this.#moved = false;
  }

  /** Training does not read moving statistics, so that no step tells of one that came in with a number that is not finite. */
  #checkStatistics(): void {
    const { model } = this.#parts;
    const spoilt = model.variables.find(
      ({ arena, initial }) => arena !== model.arena && initial?.every(Number.isFinite) === false,
    );
    if (spoilt === undefined) return;
    const message = `"${spoilt.name}" holds a number that is not finite; set it anew with model.setParameters().`;
    throw new DivergedError(message, this.#progress.steps, { layer: layerOf(spoilt.name), parameter: spoilt.name });
  }

  #fetchedStep(dataset: Dataset, options: PrepareOptions): Omit<DivergedStep, "step" | "seed"> {
    const fetching = this.#fetching(options);
    const batch: DivergedStep["batch"] = (graph) => fetchedBatch(graph, this.#parts, dataset, fetching);
    return { batch, dataset, classWeight: fetching.classWeight };
  }

  /** The error of the step that the trainer stands at, which did not count. */
  #divergence(where: Omit<DivergedStep, "step" | "seed">): Promise<Error> {
    const at = { ...where, step: this.#progress.steps, seed: this.#seed };
    return this.#turns.shared(() => divergenceOf(this.#backend, this.#parts, at));
  }

  get paused(): boolean {
    return this.#turns.paused;
  }

  pause(): Promise<void> {
    return this.#turns.pause();
  }

  resume(): void {
    this.#checkUsable();
    this.#turns.resume();
  }

  trainOnBatch(x: ImageBatch, y: ArrayLike<number>): Promise<BatchScore>;
  trainOnBatch(xs: readonly ImageBatch[], ys: readonly ArrayLike<number>[]): Promise<BatchScore>;
  async trainOnBatch(
    x: ImageBatch | readonly ImageBatch[],
    y: ArrayLike<number> | readonly ArrayLike<number>[],
  ): Promise<BatchScore> {
    this.#checkUsable();
    const { model, heads, record, state } = this.#parts;
    const asLists = isBatchList(x);
    if (!asLists) checkOneInputAndOutput("trainOnBatch", model, "give its inputs and its labels or targets as lists");
    const [xs, ys] = asLists ? [x, y as readonly ArrayLike<number>[]] : [[x], [y as ArrayLike<number>]];
    const { feeds, targetShapes } = fedBatch({ model, heads, batchSize: this.#batchSize }, xs, ys);
    const totals = await this.#turns.exclusive(async () => {
      const program = await this.#programs.feeding(this.#parts, this.#batchSize, { targetShapes, seed: this.#seed });
      if (this.#swapped) await this.#exchangeAverages();
      const step = this.#progress.steps;
      const submitted = program.enqueue({ feeds, read: [state.ring] });
      this.#submitted(1);
      const [ring] = await submitted;
      const reported = record.totals(ring as Tensor, RING_STEPS, step, step + 1);
      if (!Number.isFinite(reported.loss)) this.#progress.steps = step;
      return reported;
    });
    if (!Number.isFinite(totals.loss)) {
      throw await this.#divergence({
        batch: (graph) => fedBatchOf(graph, this.#parts, this.#batchSize, targetShapes),
        feeds,
      });
    }
    return { loss: totals.loss / totals.rows, ...this.#accuracy(targetShapes[0] === undefined, totals) };
  }

  async evaluate(dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    this.#checkUsable();
    checkEvaluateOptions(options);
    checkIsDataset("evaluate", dataset);
    checkDataset(this.#parts.model, this.#parts.heads, dataset);
    return this.#turns.shared(() => this.#evaluations.evaluate(dataset, options), options.signal);
  }

  async release(dataset: Dataset): Promise<void> {
    this.#checkUsable();
    await this.#evaluations.forget(dataset);
    await this.#turns.shared(async () => {
      if (!this.#fitting && (await this.#programs.forget(dataset))) this.#startOver();
    });
  }

  async inspect(image: ImageBatch, options: InspectOptions = {}): Promise<Inspection> {
    this.#checkUsable();
    checkInspectOptions(options);
    checkOneInputAndOutput("inspect", this.#parts.model);
    const input = this.#inspector.read("inspect", image, options);
    return this.#turns.shared(() => this.#inspector.inspect(input, options));
  }

  async draw(
    image: ImageBatch,
    drawings: readonly MapsDrawing[],
    options: { target?: number; readback?: boolean } = {},
  ): Promise<void> {
    this.#checkUsable();
    checkOneInputAndOutput("draw", this.#parts.model);
    const input = this.#inspector.read("draw", image, options);
    return this.#turns.shared(() => this.#inspector.draw(input, drawings, options));
  }

  predict(x: ImageBatch): Promise<Tensor<Float32Array>>;
  predict(xs: readonly ImageBatch[]): Promise<Tensor<Float32Array>[]>;
  async predict(x: ImageBatch | readonly ImageBatch[]): Promise<Tensor<Float32Array> | Tensor<Float32Array>[]> {
    this.#checkUsable();
    const asList = isBatchList(x);
    if (!asList) checkOneInputAndOutput("predict", this.#parts.model, "give its inputs as a list");
    const batch = this.#predictor.read(asList ? x : [x]);
    const results = await this.#turns.shared(() => this.#predictor.run(batch));
    return asList ? results : at(results, 0);
  }

  setLearningRate(learningRate: number | Schedule): void {
    this.#checkUsable();
    this.#writeRates(changedRates("setLearningRate", this.#parts.optimizer, learningRate));
  }

  #writeRates(table: Float32Array): void {
    this.#rates = table;
    this.#keeper.write(this.#parts.state.schedule, table);
  }

  async swapEma(): Promise<void> {
    this.#checkUsable();
    if (this.#fitting)
      throw new ArgumentError("swapEma: this trainer is training; wait for the end of fit, or abort it.");
    if (averagesOf(this.#parts).length === 0) {
      throw new ArgumentError("swapEma: the optimizer keeps no averages; make it with useEma: true.");
    }
    if (this.#progress.steps === 0) throw new ArgumentError("swapEma: there are no averages before the first step.");
    await this.#turns.exclusive(() => this.#exchangeAverages());
    await this.#copyWeights();
  }

  async #exchangeAverages(): Promise<void> {
    const averages = averagesOf(this.#parts);
    const weights = this.#parts.model.arena.variables;
    const values = await this.#keeper.enqueue({ steps: 0, read: [...weights, ...averages] });
    [...averages, ...weights].forEach((variable, index) => {
      this.#keeper.write(variable, at(values, index).data);
    });
    this.#swapped = !this.#swapped;
  }

  async checkpoint(): Promise<Uint8Array> {
    this.#checkUsable();
    return this.#turns.shared(async () => {
      const variables = checkpointVariables(this.#parts, this.#swapped);
      const progress = progressToJson(this.#progress);
      const tensors = await this.#keeper.enqueue({ steps: 0, read: [...variables.values()] });
      const settings = { batchSize: this.#batchSize, seed: this.#seed };
      return toCheckpoint(this.#parts, settings, { names: variables.keys(), tensors, progress });
    });
  }

  async restore(bytes: Uint8Array, options: RestoreOptions = {}): Promise<void> {
    this.#checkUsable();
    checkOptions("restore", options, { adopt: "boolean" });
    const { adopt = false } = options;
    if (this.#fitting) throw new ArgumentError("restore: this trainer is training; abort it first.");
    // Read at the call; whoever gave the bytes may go on to use them.
    const kept = bytes instanceof Uint8Array ? bytes.slice() : bytes;
    await this.#turns.exclusive(async () => {
      const settings = { batchSize: this.#batchSize, seed: this.#seed };
      const saved = fromCheckpoint(kept, this.#parts, settings, { adopt });
      this.#swapped = false;
      for (const { variable, data } of saved.writes) this.#keeper.write(variable, data);
      this.#rates = saved.rates ?? this.#rates;
      this.#progress.steps = saved.steps;
      this.#progress.cursor = saved.cursor;
      Object.assign(this.#progress, progressFromJson(saved.progress, this.#parts.record.sums));
      const { optimizer } = this.#parts;
      if (saved.seed === this.#seed && JSON.stringify(saved.rule) === JSON.stringify(optimizer.rule)) return;
      this.#seed = saved.seed;
      this.#parts = { ...this.#parts, optimizer: { ...optimizer, rule: saved.rule } };
      this.#programs.clear();
    });
    await this.#copyWeights();
  }

  async syncModel(): Promise<void> {
    this.#checkUsable();
    await this.#turns.shared(() => this.#copyWeights());
  }

  async profile(dataset = this.#programs.training?.dataset, options: { steps?: number } = {}): Promise<Profile> {
    this.#checkUsable();
    checkOptions("profile", options, { steps: "number" });
    const { steps = 5 } = options;
    checkCount("profile", "steps", steps);
    if (dataset === undefined) {
      throw new ArgumentError("profile: this trainer has not trained on a data set yet; pass one.");
    }
    checkIsDataset("profile", dataset);
    checkDataset(this.#parts.model, this.#parts.heads, dataset);
    return this.#turns.exclusive(async () => {
      const known = this.#programs.training?.dataset === dataset ? this.#programs.training.program : undefined;
      const program = known ?? (await this.#programs.once(this.#parts, dataset, this.#fetching({})));
      try {
        return await this.#puttingBack(async () => new Profile(await program.profile({ steps })));
      } finally {
        if (known === undefined) program.dispose();
      }
    });
  }

  /** Does what moves the trainer's variables, and puts them back as they were. */
  async #puttingBack<T>(work: () => Promise<T>): Promise<T> {
    const { schedule } = this.#parts.state;
    const variables = variablesOf(this.#parts).filter((variable) => variable !== schedule);
    const versions = variables.map((variable) => variable.version);
    const before = await this.#keeper.enqueue({ steps: 0, read: variables });
    try {
      return await work();
    } finally {
      if (!this.#disposed) {
        variables.forEach((variable, index) => {
          // What `setParameters` set meanwhile stays.
          if (variable.version === versions[index]) this.#keeper.write(variable, at(before, index).data);
        });
      }
    }
  }

  stats(): TrainerStats {
    const { training, fed } = this.#programs;
    const stats = (training?.program ?? fed)?.stats;
    const onGpu = this.#backend.kind === "webgpu";
    return {
      dispatchesPerStep: stats?.dispatches ?? 0,
      submitsPerStep: this.#submittedSteps === 0 ? 1 : this.#submissions / this.#submittedSteps,
      gpuBytes: onGpu ? this.#backend.bytes : 0,
      datasetBytes: onGpu && training ? datasetVariables(training.dataset).bytes : 0,
      pipelines: stats?.pipelines ?? 0,
      flopsPerStep: stats?.flops ?? 0,
      steps: this.#progress.steps,
      backend: this.#backend.description,
    };
  }

  async settled(): Promise<void> {
    this.#checkUsable();
    return this.#programs.settled();
  }

  #checkUsable(): void {
    if (this.#disposed) throw disposedTrainer();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#forgetBackend();
    this.#turns.close();
    this.#programs.dispose();
    this.#evaluations.dispose();
    this.#predictor.dispose();
    this.#inspector.dispose();
    this.#keeper.dispose();
  }
}

function disposedTrainer(): DisposedError {
  return new DisposedError("This trainer was disposed of; make a new one.");
}
