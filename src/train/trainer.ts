import { raceAbort } from "../core/abort.ts";
import { type AffineRanges, checkAffineRanges } from "../core/affine.ts";
import { ArgumentError, DisposedError, DivergedError, FormatError, ShapeError } from "../core/errors.ts";
import { rateFromTable, type Schedule, scaledTable } from "../core/schedule.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import { columnsOf } from "../data/multi_dataset.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../formats/checkpoint.ts";
import type { Backend, Program } from "../graph/backend.ts";
import type { Variable } from "../graph/node.ts";
import { at } from "../graph/op.ts";
import { Profile } from "../graph/profile.ts";
import { ruleName, type UpdateRule } from "../graph/update_rule.ts";
import { checkCount } from "../nn/layer.ts";
import type { Loss } from "../nn/losses.ts";
import { type Metric, metricValues, recordedMetricValues, sumCount } from "../nn/metrics.ts";
import type { Model } from "../nn/model.ts";
import { withGlobalClipNorm } from "../nn/optimizers.ts";
import type { TrainerConfig } from "./config.ts";
import { datasetVariables } from "./dataset_variables.ts";
import { fedBatch } from "./fed_batch.ts";
import { FitRun, type Runner, sumRecords, type Totals, withAccuracy } from "./fit_run.ts";
import { resolveHeadMetrics, resolveHeads } from "./heads.ts";
import { Inspector } from "./inspector.ts";
import { changedRates, learningRateTable } from "./learning_rates.ts";
import { checkOneInput, checkOneInputAndOutput, checkOneOutput, isBatchList } from "./one_input.ts";
import { Pace } from "./pace.ts";
import { Predictor } from "./predictor.ts";
import {
  compileEvaluation,
  compileFedTraining,
  compileKeeper,
  compileTraining,
  type EvaluationProgram,
  newTrainingState,
  RING_VALUES,
  type StepParts,
} from "./programs.ts";
import { checkClassWeights, checkDataset, checkLossesFitModel } from "./targets.ts";
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
  Trainer,
  TrainerStats,
} from "./types.ts";

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
  const heads = resolveHeads(model, options.loss, options.lossWeights);
  const metrics = resolveHeadMetrics(model, heads, options.metrics ?? []);
  const batchSize = checkCount("createTrainer", "batchSize", options.batchSize ?? 32);
  checkLossesFitModel(heads, model);
  if (model.arena.variables.length === 0) {
    throw new ArgumentError(
      "createTrainer: no layer of the model has parameters to train; give it a dense() or conv2d().",
    );
  }
  const { precision = "float32" } = options;
  if (precision !== "float32" && precision !== "mixed") {
    throw new ArgumentError(`createTrainer: precision must be "float32" or "mixed", got ${JSON.stringify(precision)}.`);
  }
  const optimizer =
    options.clipNorm === undefined
      ? options.optimizer
      : withGlobalClipNorm("createTrainer", options.optimizer, options.clipNorm);
  const state = newTrainingState(model, optimizer, metrics, { mixed: precision === "mixed" });
  const keeper = await compileKeeper(options.backend, [
    ...model.variables,
    ...state.optimizer.flatMap((arena) => arena.variables),
    state.step,
    state.cursor,
    state.schedule,
    state.ring,
    ...state.counts.values(),
    ...(state.scaling ? [state.scaling.scale, state.scaling.counters] : []),
  ]);
  const { recompute = false } = options;
  const parts: StepParts = { model, heads, metrics, optimizer, state, recompute };
  return new LocalTrainer(parts, options.backend, keeper, batchSize, options.seed ?? 0);
}

/** Data sets whose compiled evaluation is kept. */
const KEPT_EVALUATIONS = 2;

interface CompiledTraining {
  readonly dataset: Dataset;
  /** Order and augmentation, as text. */
  readonly variant: string;
  readonly program: Program;
}

class LocalTrainer implements Trainer {
  readonly #parts: StepParts;
  /** Of the first output. */
  readonly #loss: Loss;
  readonly #metrics: readonly Metric[];
  readonly #backend: Backend;
  readonly #keeper: Program;
  readonly #batchSize: number;
  readonly #predictor: Predictor;
  readonly #inspector: Inspector;
  readonly #evaluations = new Map<Dataset, EvaluationProgram>();
  /** Done when the evaluation that was asked for last is. */
  #evaluating: Promise<void> = Promise.resolve();
  #seed: number;
  #training: CompiledTraining | undefined;
  /** Settles when no training program is being compiled. */
  #compiling: Promise<unknown> = Promise.resolve();
  #fed: { readonly key: string; readonly program: Program } | undefined;
  /** Finished or enqueued updates, and batches of the current data set: the host's copies of the counters. */
  #steps = 0;
  #cursor = 0;
  #submissions = 0;
  #submittedSteps = 0;
  #busy = false;
  #resume: (() => void) | undefined;
  #gate: Promise<void> | undefined;
  /** Resolved when no steps are in flight: at the gate of a held `fit`, or at its end. */
  #held = new Moment();
  /** A profile under way, which moves the weights for a while; whoever reads them waits for its end. */
  #profiling: Promise<void> | undefined;
  /** Evaluations and predictions under way, which a profile waits for. */
  readonly #readings = new Set<Promise<unknown>>();
  #disposed = false;
  /** What `state.schedule` holds. */
  #rates: Float32Array;
  /** Whether weights and averages have changed places. */
  #swapped = false;

  constructor(parts: StepParts, backend: Backend, keeper: Program, batchSize: number, seed: number) {
    this.#parts = parts;
    this.#loss = at(parts.heads, 0).loss;
    this.#metrics = parts.metrics ?? [];
    this.#backend = backend;
    this.#keeper = keeper;
    this.#batchSize = batchSize;
    this.#seed = seed;
    this.#rates = learningRateTable(parts.optimizer.learningRate);
    const folded = parts.heads.map((head) => head.loss.folded);
    this.#predictor = new Predictor(parts.model, backend, { batchSize, folded, owner: "trainer" });
    this.#inspector = new Inspector(backend, parts.model, this.#loss.folded);
  }

  async fit(dataset: Dataset, options: FitOptions = {}): Promise<History> {
    this.#checkUsable();
    const { model } = this.#parts;
    const { heads } = this.#parts;
    checkDataset(model, heads, dataset);
    if (options.validationData) checkDataset(model, heads, options.validationData);
    const epochs = checkCount("fit", "epochs", options.epochs ?? 1);
    if (options.steps !== undefined) checkCount("fit", "steps", options.steps);
    options.signal?.throwIfAborted();
    if (this.#busy) throw new ArgumentError("fit: this trainer is already training; wait, pause or abort it first.");
    this.#busy = true;
    try {
      const program = await this.#programOf(dataset, options);
      if (this.#swapped) await this.#swapEma();
      this.#clearCounts();
      return await new FitRun(this.#runner(program, dataset), dataset, this.#batchSize, options, epochs).run();
    } catch (error) {
      throw error instanceof DivergedError ? await this.#located(error, dataset) : error;
    } finally {
      this.#busy = false;
      this.#held.come();
    }
  }

  async prepare(dataset: Dataset, options: PrepareOptions = {}): Promise<void> {
    this.#checkUsable();
    checkDataset(this.#parts.model, this.#parts.heads, dataset);
    if (this.#busy) throw new ArgumentError("prepare: this trainer is training; its program is running already.");
    options.signal?.throwIfAborted();
    const prepare = async () => {
      const program = await this.#programOf(dataset, options);
      // No step, but the data set goes up.
      await program.enqueue({ steps: 0 });
    };
    await raceAbort(prepare(), options.signal);
  }

  /** The compiled step for a data set with what `fit` was asked for; after what is being compiled already. */
  #programOf(dataset: Dataset, options: PrepareOptions): Promise<Program> {
    const { model } = this.#parts;
    const augment = options.augment && checkAffineRanges("fit: augment", options.augment);
    if (augment && model.inputShape.length !== 3) {
      throw new ShapeError(
        `fit: augment moves images [height, width, channels]; the model takes ${formatShape(model.inputShape)}.`,
      );
    }
    if (augment) checkOneInput("fit: augment", model);
    if (options.classWeight) checkOneOutput("fit: classWeight", model);
    const classWeight = options.classWeight && checkClassWeights(options.classWeight, this.#classCount());
    const compile = async () => {
      // A profile runs the program that this one takes the place of.
      while (this.#profiling) await this.#profiling;
      this.#checkUsable();
      return this.#trainingProgram(dataset, options.shuffle ?? true, augment, classWeight);
    };
    const program = this.#compiling.then(compile, compile);
    this.#compiling = program;
    return program;
  }

  /** Classes that a row may be of: two for a model with one output. */
  #classCount(): number {
    const { model } = this.#parts;
    return this.#loss.decision?.kind === "threshold" && sizeOf(model.outputShape) === 1 ? 2 : model.classes;
  }

  /** The share of right answers of rows of a data set; undefined where there is nothing to be right about. */
  #accuracy(dataset: Dataset, { correct, rows }: Pick<Totals, "correct" | "rows">): number | undefined {
    const several = this.#parts.heads.length > 1;
    return several || (this.#loss.decision === undefined && dataset.targets) ? undefined : correct / rows;
  }

  /** The same error with the first parameter, else the first image, that holds a number that is not finite. */
  async #located(error: DivergedError, dataset: Dataset): Promise<DivergedError> {
    const { variables } = this.#parts.model;
    const tensors = await this.#keeper.enqueue({ steps: 0, read: variables });
    const spoilt = variables.find((_, index) => !at(tensors, index).data.every(Number.isFinite));
    const badImages = columnsOf(dataset).inputs.flatMap(({ images, shape }, index) => {
      const place = images instanceof Float32Array ? images.findIndex((value) => !Number.isFinite(value)) : -1;
      const which = index === 0 ? "" : ` of input ${index}`;
      return place < 0
        ? []
        : [`Image ${Math.floor(place / sizeOf(shape))}${which} of the data set holds ${images[place]}.`];
    });
    // Bad weights of an update come from a bad image, not the other way round.
    const found = badImages[0] ?? (spoilt && `"${spoilt.name}" holds a number that is not finite.`);
    if (!found) return error;
    const parameter = badImages.length > 0 ? undefined : spoilt?.name;
    return new DivergedError(`${error.message} ${found}`, error.step, { cause: error, parameter });
  }

  #clearCounts(): void {
    for (const variable of this.#parts.state.counts.values()) {
      this.#keeper.write(variable, new Float32Array(variable.size));
    }
  }

  /** What a run may do with this trainer. */
  #runner(program: Program, dataset: Dataset): Runner {
    return {
      steps: () => this.#steps,
      cursor: () => this.#cursor,
      enqueue: async (steps, read) => {
        this.#steps += steps;
        this.#cursor += steps;
        this.#submissions++;
        this.#submittedSteps += steps;
        const [ring] = await program.enqueue({ steps, read: read ? [this.#parts.state.ring] : [] });
        return ring;
      },
      gate: () => this.#gate,
      held: () => this.#held.come(),
      evaluate: (dataset, signal) => this.evaluate(dataset, signal === undefined ? {} : { signal }),
      accuracy: (totals) => this.#accuracy(dataset, totals),
      sums: sumCount(this.#metrics, this.#parts.model.outputShape),
      stepMetrics: (totals, counts) =>
        recordedMetricValues(this.#metrics, this.#parts.model.outputShape, { ...totals, counts }),
      metrics: async (totals) => {
        const { counts } = this.#parts.state;
        const tensors = counts.size === 0 ? [] : await this.#keeper.enqueue({ steps: 0, read: [...counts.values()] });
        this.#clearCounts();
        return metricValues(this.#metrics, { ...totals, counts: countsByMetric(counts, tensors) });
      },
      learningRate: () => rateFromTable(this.#rates, this.#steps),
      scaleLearningRate: (factor) => this.#writeRates(scaledTable(this.#rates, factor)),
      keepWeights: async () => {
        const { variables } = this.#parts.model;
        const tensors = await this.#keeper.enqueue({ steps: 0, read: variables });
        return () => {
          for (const [index, variable] of variables.entries()) this.#keeper.write(variable, at(tensors, index).data);
        };
      },
    };
  }

  async #trainingProgram(
    dataset: Dataset,
    shuffle: boolean,
    augment: Required<AffineRanges> | undefined,
    classWeight: readonly number[] | undefined,
  ): Promise<Program> {
    const known = this.#training;
    const variant = JSON.stringify([shuffle, augment, classWeight]);
    if (known !== undefined && known.dataset === dataset && known.variant === variant) return known.program;
    const program = await compileTraining(this.#backend, this.#parts, dataset, {
      batch: this.#batchSize,
      shuffle,
      seed: this.#seed,
      augment,
      classWeight,
    });
    if (this.#disposed) program.dispose();
    this.#checkUsable();
    known?.program.dispose();
    // A restored run goes on at its place in the data set; another data set starts from its beginning.
    if (known !== undefined && known.dataset !== dataset) this.#setCursor(0);
    this.#training = { dataset, variant, program };
    return program;
  }

  #setCursor(cursor: number): void {
    this.#cursor = cursor;
    this.#keeper.write(this.#parts.state.cursor, [cursor]);
  }

  get paused(): boolean {
    return this.#gate !== undefined;
  }

  async pause(): Promise<void> {
    if (this.#gate === undefined) {
      this.#held = new Moment();
      this.#gate = new Promise((resolve) => {
        this.#resume = resolve;
      });
    }
    if (this.#busy) await this.#held.came;
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
    this.#gate = undefined;
  }

  trainOnBatch(x: ImageBatch, y: ArrayLike<number>): Promise<BatchScore>;
  trainOnBatch(xs: readonly ImageBatch[], ys: readonly ArrayLike<number>[]): Promise<BatchScore>;
  async trainOnBatch(
    x: ImageBatch | readonly ImageBatch[],
    y: ArrayLike<number> | readonly ArrayLike<number>[],
  ): Promise<BatchScore> {
    this.#checkUsable();
    const { model, heads } = this.#parts;
    const asLists = isBatchList(x);
    if (!asLists) checkOneInputAndOutput("trainOnBatch", model, "give its inputs and its labels or targets as lists");
    const [xs, ys] = asLists ? [x, y as readonly ArrayLike<number>[]] : [[x], [y as ArrayLike<number>]];
    const { feeds, targetShapes } = fedBatch({ model, heads, batchSize: this.#batchSize }, xs, ys);
    await this.#profiling;
    if (this.#swapped) await this.#swapEma();
    const key = JSON.stringify(targetShapes.map((shape) => shape ?? "labels"));
    if (this.#fed?.key !== key) {
      this.#fed?.program.dispose();
      const program = await compileFedTraining(this.#backend, this.#parts, this.#batchSize, {
        targetShapes,
        seed: this.#seed,
      });
      this.#fed = { key, program };
    }
    this.#steps++;
    const { loss, counts, guard } = await this.#fed.program.run(feeds);
    const [correct, counted] = [counts?.data[0] ?? 0, counts?.data[1] ?? 1];
    const known = heads.length === 1 && (this.#loss.decision !== undefined || targetShapes[0] === undefined);
    const finite = guard?.data[0] === 0;
    return {
      loss: finite ? (loss?.data[0] ?? Number.NaN) : Number.NaN,
      ...withAccuracy(known ? correct / counted : undefined),
    };
  }

  async evaluate(dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    this.#checkUsable();
    checkDataset(this.#parts.model, this.#parts.heads, dataset);
    options.signal?.throwIfAborted();
    return this.#reading(() => this.#inTurn(() => this.#evaluate(dataset, options)));
  }

  /** After the evaluations before it: two at a time would count into the same variables. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#evaluating.then(work);
    this.#evaluating = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  async release(dataset: Dataset): Promise<void> {
    this.#checkUsable();
    await this.#inTurn(async () => {
      this.#evaluations.get(dataset)?.program.dispose();
      this.#evaluations.delete(dataset);
    });
    await this.#compiling.catch(() => undefined);
    if (this.#busy || this.#training?.dataset !== dataset) return;
    await this.#profiling;
    this.#training.program.dispose();
    this.#training = undefined;
    this.#setCursor(0);
  }

  /** Reads the weights at a time when no profile moves them. */
  async #reading<T>(read: () => Promise<T>): Promise<T> {
    while (this.#profiling) await this.#profiling;
    this.#checkUsable();
    const reading = read();
    this.#readings.add(reading);
    try {
      return await reading;
    } finally {
      this.#readings.delete(reading);
    }
  }

  async #evaluate(dataset: Dataset, options: EvaluateOptions): Promise<Evaluation> {
    const evaluation = await this.#evaluation(dataset, options.outputs ?? false);
    const { program, steps, cursor, ring, confusion, counts } = evaluation;
    const counted = [...counts.values(), ...(confusion ? [confusion] : [])];
    program.write(cursor, [0]);
    for (const variable of counted) program.write(variable, new Float32Array(variable.size));
    const pace = new Pace();
    for (let done = 0; done < steps; ) {
      options.signal?.throwIfAborted();
      const bundle = Math.min(pace.steps(), steps - done);
      const sent = performance.now();
      await program.enqueue({ steps: bundle });
      pace.done(bundle, sent, performance.now());
      done += bundle;
    }
    const [records, ...tensors] = await program.enqueue({ steps: 0, read: [ring, ...counted] });
    const totals = sumRecords(records as Tensor, 0, steps, evaluation.sums);
    const classes = confusion?.shape[0] ?? 0;
    const cells = tensors[counts.size]?.data;
    return {
      loss: totals.loss / totals.rows,
      ...withAccuracy(this.#accuracy(dataset, totals)),
      metrics: metricValues(this.#metrics, { ...totals, counts: countsByMetric(counts, tensors) }),
      confusion: Array.from({ length: classes }, (_, label) =>
        Array.from(cells?.subarray(label * classes, (label + 1) * classes) ?? []),
      ),
      ...(options.outputs ? this.#recordedOutputs(records as Tensor, dataset.count, evaluation) : {}),
    };
  }

  /** The outputs of `count` images from the records of an evaluation, without the rows that fill up the last batch. */
  #recordedOutputs(
    records: Tensor,
    count: number,
    { steps, sums }: EvaluationProgram,
  ): Pick<Evaluation, "outputs" | "allOutputs"> {
    const width = records.data.length / steps;
    let begin = RING_VALUES + sums;
    const allOutputs = this.#parts.model.outputShapes.map((shape) => {
      const size = sizeOf(shape);
      const data = new Float32Array(count * size);
      for (let step = 0; step < steps; step++) {
        const first = step * this.#batchSize;
        const rows = Math.min(this.#batchSize, count - first);
        const place = step * width + begin;
        data.set(records.data.subarray(place, place + rows * size), first * size);
      }
      begin += this.#batchSize * size;
      return { shape: [count, ...shape], data };
    });
    return allOutputs.length === 1 ? { outputs: at(allOutputs, 0), allOutputs } : { allOutputs };
  }

  async #evaluation(dataset: Dataset, keepOutputs: boolean): Promise<EvaluationProgram> {
    let evaluation = this.#evaluations.get(dataset);
    if (evaluation && keepOutputs && !evaluation.outputs) {
      evaluation.program.dispose();
      this.#evaluations.delete(dataset);
      evaluation = undefined;
    }
    if (evaluation === undefined) {
      evaluation = await compileEvaluation(this.#backend, this.#parts, dataset, {
        batch: this.#batchSize,
        keepOutputs,
      });
      for (const [oldest, { program }] of this.#evaluations) {
        if (this.#evaluations.size < KEPT_EVALUATIONS) break;
        program.dispose();
        this.#evaluations.delete(oldest);
      }
      this.#evaluations.set(dataset, evaluation);
    }
    return evaluation;
  }

  async inspect(image: ImageBatch, options: InspectOptions = {}): Promise<Inspection> {
    this.#checkUsable();
    checkOneInputAndOutput("inspect", this.#parts.model);
    const input = this.#inspector.read("inspect", image, options);
    return this.#reading(() => this.#inspector.inspect(input, options));
  }

  async draw(
    image: ImageBatch,
    drawings: readonly MapsDrawing[],
    options: { target?: number; readback?: boolean } = {},
  ): Promise<void> {
    this.#checkUsable();
    checkOneInputAndOutput("draw", this.#parts.model);
    const input = this.#inspector.read("draw", image, options);
    return this.#reading(() => this.#inspector.draw(input, drawings, options));
  }

  predict(x: ImageBatch): Promise<Tensor<Float32Array>>;
  predict(xs: readonly ImageBatch[]): Promise<Tensor<Float32Array>[]>;
  async predict(x: ImageBatch | readonly ImageBatch[]): Promise<Tensor<Float32Array> | Tensor<Float32Array>[]> {
    this.#checkUsable();
    const asList = isBatchList(x);
    if (!asList) checkOneInputAndOutput("predict", this.#parts.model, "give its inputs as a list");
    const batch = this.#predictor.read(asList ? x : [x]);
    const results = await this.#reading(() => this.#predictor.run(batch));
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
    if (this.#busy) throw new ArgumentError("swapEma: this trainer is training; wait for the end of fit, or abort it.");
    if (this.#averages().length === 0) {
      throw new ArgumentError("swapEma: the optimizer keeps no averages; make it with useEma: true.");
    }
    if (this.#steps === 0) throw new ArgumentError("swapEma: there are no averages before the first step.");
    await this.#swapEma();
  }

  async #swapEma(): Promise<void> {
    const averages = this.#averages();
    while (this.#profiling) await this.#profiling;
    await Promise.allSettled(this.#readings);
    const weights = this.#parts.model.arena.variables;
    const values = await this.#keeper.enqueue({ steps: 0, read: [...weights, ...averages] });
    [...averages, ...weights].forEach((variable, index) => {
      this.#keeper.write(variable, at(values, index).data);
    });
    this.#swapped = !this.#swapped;
  }

  /** The moving averages, in the order of the trained parameters; none where the optimizer keeps none. */
  #averages(): Variable[] {
    const { model, optimizer, state } = this.#parts;
    const all = state.optimizer.flatMap(({ variables }) => variables);
    return optimizer.rule.ema ? all.slice(-model.arena.variables.length) : [];
  }

  /** Variables that a checkpoint holds, by their names there. */
  #checkpointVariables(): Map<string, Variable> {
    const { model, state } = this.#parts;
    const averages = this.#swapped ? this.#averages() : [];
    const exchanged = new Map<Variable, Variable>(
      averages.flatMap((average, index) => {
        const weight = at(model.arena.variables, index);
        return [[average, weight] as const, [weight, average] as const];
      }),
    );
    const named = (v: Variable): [string, Variable] => [v.name, exchanged.get(v) ?? v];
    return new Map<string, Variable>([
      ...model.variables.map(named),
      ...state.optimizer.flatMap(({ variables }) => variables.map(named)),
      ["trainer/step", state.step],
      ["trainer/cursor", state.cursor],
      ["trainer/learningRate", state.schedule],
      ...this.#scalingVariables(),
    ]);
  }

  /** Those of mixed precision, which a checkpoint of a float32 run lacks. */
  #scalingVariables(): [string, Variable][] {
    const { scaling } = this.#parts.state;
    if (scaling === undefined) return [];
    return [
      ["trainer/lossScale", scaling.scale],
      ["trainer/lossScaleCounters", scaling.counters],
    ];
  }

  async checkpoint(): Promise<Uint8Array> {
    this.#checkUsable();
    const variables = this.#checkpointVariables();
    const tensors = await this.#reading(() => this.#keeper.enqueue({ steps: 0, read: [...variables.values()] }));
    const { model, optimizer } = this.#parts;
    const losses = this.#parts.heads.map((head) => head.loss.config ?? head.loss.name);
    const loss = losses.length === 1 ? losses[0] : losses;
    return encodeCheckpoint({
      config: { model: model.toJSON(), loss, optimizer: optimizer.rule, batchSize: this.#batchSize, seed: this.#seed },
      tensors: new Map([...variables.keys()].map((name, index) => [name, storable(at(tensors, index))])),
    });
  }

  async restore(bytes: Uint8Array): Promise<void> {
    this.#checkUsable();
    if (this.#busy) throw new ArgumentError("restore: this trainer is training; abort it first.");
    const { config, tensors } = decodeCheckpoint(bytes);
    const { optimizer } = this.#parts;
    const saved = config as { optimizer?: Partial<UpdateRule>; batchSize?: unknown; seed?: unknown };
    const { kind, decoupledWeightDecay = false } = saved.optimizer ?? {};
    const made = kind === undefined ? "undefined" : ruleName({ kind, decoupledWeightDecay });
    if (made !== ruleName(optimizer.rule)) {
      throw new FormatError(
        `restore: the checkpoint was made with optimizer "${made}", this trainer has "${ruleName(optimizer.rule)}"; make it with the same one.`,
      );
    }
    if (saved.batchSize !== this.#batchSize) {
      throw new FormatError(
        `restore: the checkpoint was made with batchSize ${String(saved.batchSize)}, this trainer has ${this.#batchSize}.`,
      );
    }
    await this.#profiling;
    const optional = new Map(this.#scalingVariables());
    const wanted = [...this.#checkpointVariables()].filter(([name]) => tensors.has(name) || !optional.has(name));
    const writes = wanted.map(([name, variable]) => {
      const tensor = tensors.get(name);
      if (tensor === undefined || !sameShape(tensor.shape, variable.shape)) {
        throw new FormatError(
          `restore: this trainer wants "${name}" ${formatShape(variable.shape)}, the checkpoint has ` +
            `${tensor === undefined ? "none" : formatShape(tensor.shape)}; build the trainer with the checkpoint's model.`,
        );
      }
      return { variable, data: tensor.data };
    });
    for (const { variable, data } of writes) this.#keeper.write(variable, data);
    this.#rates = Float32Array.from(tensors.get("trainer/learningRate")?.data ?? this.#rates);
    const counter = (name: string) => tensors.get(name)?.data[0] ?? 0;
    this.#steps = counter("trainer/step");
    this.#cursor = counter("trainer/cursor");
    if (this.#swapped) await this.#swapEma();
    const seed = Number(saved.seed);
    if (seed !== this.#seed) {
      this.#seed = seed;
      this.#training?.program.dispose();
      this.#training = undefined;
      this.#fed?.program.dispose();
      this.#fed = undefined;
    }
  }

  async syncModel(): Promise<void> {
    this.#checkUsable();
    const { variables } = this.#parts.model;
    const tensors = await this.#reading(() => this.#keeper.enqueue({ steps: 0, read: variables }));
    variables.forEach((variable, index) => {
      variable.remember(Float32Array.from(at(tensors, index).data));
    });
  }

  async profile(dataset = this.#training?.dataset, { steps = 5 }: { steps?: number } = {}): Promise<Profile> {
    this.#checkUsable();
    checkCount("profile", "steps", steps);
    if (dataset === undefined) {
      throw new ArgumentError("profile: this trainer has not trained on a data set yet; pass one.");
    }
    checkDataset(this.#parts.model, this.#parts.heads, dataset);
    const wasPaused = this.paused;
    await this.pause();
    while (this.#profiling) await this.#profiling;
    const moment = new Moment();
    this.#profiling = moment.came;
    try {
      await Promise.allSettled(this.#readings);
      const known = this.#training?.dataset === dataset ? this.#training.program : undefined;
      const options = { batch: this.#batchSize, shuffle: true, seed: this.#seed };
      const program = known ?? (await compileTraining(this.#backend, this.#parts, dataset, options));
      const { schedule, ring } = this.#parts.state;
      const variables = [...this.#checkpointVariables().values(), ring, ...this.#parts.state.counts.values()].filter(
        (variable) => variable !== schedule,
      );
      const versions = variables.map((variable) => variable.version);
      const before = await this.#keeper.enqueue({ steps: 0, read: variables });
      try {
        return new Profile(await program.profile({ steps }));
      } finally {
        variables.forEach((variable, index) => {
          // What `setParameters` set meanwhile stays.
          if (variable.version === versions[index]) this.#keeper.write(variable, at(before, index).data);
        });
        if (known === undefined) program.dispose();
      }
    } finally {
      this.#profiling = undefined;
      moment.come();
      if (!wasPaused) this.resume();
    }
  }

  stats(): TrainerStats {
    const training = this.#training;
    const program = training?.program ?? this.#fed?.program;
    return {
      dispatchesPerStep: program?.stats.dispatches ?? 0,
      submitsPerStep: this.#submittedSteps === 0 ? 1 : this.#submissions / this.#submittedSteps,
      gpuBytes: this.#backend.bytes,
      datasetBytes: training === undefined ? 0 : datasetVariables(training.dataset).bytes,
      pipelines: program?.stats.pipelines ?? 0,
      flopsPerStep: program?.stats.flops ?? 0,
      steps: this.#steps,
      backend: this.#backend.description,
    };
  }

  async settled(): Promise<void> {
    await Promise.all([this.#training?.program.settled(), this.#fed?.program.settled()]);
  }

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError("This trainer was disposed of; make a new one.");
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.resume();
    this.#training?.program.dispose();
    this.#fed?.program.dispose();
    this.#predictor.dispose();
    this.#inspector.dispose();
    for (const { program } of this.#evaluations.values()) program.dispose();
    this.#keeper.dispose();
  }
}

/** Totals of metrics that count, read in the order of the map. */
function countsByMetric(
  counts: ReadonlyMap<Metric, Variable>,
  tensors: readonly Tensor[],
): Map<Metric, ArrayLike<number>> {
  return new Map([...counts.keys()].map((metric, index) => [metric, at(tensors, index).data]));
}

/** Something that happens once, and can be waited for. */
class Moment {
  come: () => void = () => undefined;
  readonly came = new Promise<void>((resolve) => {
    this.come = resolve;
  });
}

/** Checkpoints keep f32 and u32, whatever precision the backend computes in. */
function storable(tensor: Tensor): Tensor {
  return tensor.data instanceof Float64Array ? { shape: tensor.shape, data: Float32Array.from(tensor.data) } : tensor;
}
