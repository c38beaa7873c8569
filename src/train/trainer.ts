import { type AffineRanges, checkAffineRanges } from "../core/affine.ts";
import { ArgumentError, DisposedError, DivergedError, FormatError, ShapeError } from "../core/errors.ts";
import type { Schedule } from "../core/schedule.ts";
import { formatShape, sameShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../formats/checkpoint.ts";
import type { Backend, Program } from "../graph/backend.ts";
import type { Variable } from "../graph/node.ts";
import { at } from "../graph/op.ts";
import { Profile } from "../graph/profile.ts";
import { checkCount } from "../nn/layer.ts";
import { lossByName } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";
import { checkLearningRate, type Optimizer } from "../nn/optimizers.ts";
import { checkDataset, datasetVariables } from "./dataset_variables.ts";
import { Inspector } from "./inspector.ts";
import { checkOneInputAndOutput } from "./one_input.ts";
import { Pace } from "./pace.ts";
import { Predictor, toInputs } from "./predictor.ts";
import {
  compileEvaluation,
  compileFedTraining,
  compileKeeper,
  compileTraining,
  type EvaluationProgram,
  learningRateTable,
  newTrainingState,
  RING_STEPS,
  RING_VALUES,
  type StepParts,
} from "./programs.ts";
import type {
  EpochEvent,
  Evaluation,
  FitOptions,
  History,
  ImageBatch,
  Inspection,
  StepEvent,
  Trainer,
  TrainerStats,
} from "./types.ts";

export interface TrainerOptions {
  backend: Backend;
  /** "sparseCategoricalCrossentropy": labels are class indices, the model's output logits. */
  loss: string;
  optimizer: Optimizer;
  /** Images of one step; default 32, as in Keras. */
  batchSize?: number;
  /** Fixes the order of the images and the random numbers of layers such as dropout; default 0. */
  seed?: number;
  /**
   * Keep only some layers' outputs for the backward pass and compute the others once more: less memory for deep networks,
   * more time for a step, the same results. Where the first layers outweigh all others, as in VGG, nothing is gained: their
   * outputs and gradients meet at the end whatever was kept. Default false.
   */
  recompute?: boolean;
}

/**
 * Makes a trainer for a model on a backend. Throws `ArgumentError` for an unknown loss, a bad batch size, or a model with
 * several inputs or outputs or without trainable parameters.
 */
export async function createTrainer(model: Model, options: TrainerOptions): Promise<Trainer> {
  lossByName(options.loss);
  checkOneInputAndOutput("createTrainer", model);
  const batchSize = checkCount("createTrainer", "batchSize", options.batchSize ?? 32);
  if (model.outputShape.length !== 1) {
    throw new ShapeError(
      `createTrainer: loss "${options.loss}" wants one row of logits an image, the model gives ` +
        `${formatShape(model.outputShape)}; end it in flatten() and dense().`,
    );
  }
  if (model.arena.variables.length === 0) {
    throw new ArgumentError(
      "createTrainer: no layer of the model has parameters to train; give it a dense() or conv2d().",
    );
  }
  const state = newTrainingState(model, options.optimizer);
  const keeper = await compileKeeper(options.backend, [
    ...model.variables,
    ...state.slots.flatMap((slot) => slot.variables),
    state.step,
    state.cursor,
    state.schedule,
    state.ring,
  ]);
  const { loss, optimizer, recompute = false } = options;
  const parts: StepParts = { model, loss, optimizer, state, recompute };
  return new LocalTrainer(parts, options.backend, keeper, batchSize, options.seed ?? 0);
}

/** Data sets whose compiled evaluation is kept. */
const KEPT_EVALUATIONS = 2;
const MOST_SUBMISSIONS_IN_FLIGHT = 2;

interface CompiledTraining {
  readonly dataset: Dataset;
  /** Order and augmentation, as text. */
  readonly variant: string;
  readonly program: Program;
}

class LocalTrainer implements Trainer {
  readonly #parts: StepParts;
  readonly #backend: Backend;
  readonly #keeper: Program;
  readonly #batchSize: number;
  readonly #predictor: Predictor;
  readonly #inspector: Inspector;
  readonly #evaluations = new Map<Dataset, EvaluationProgram>();
  #seed: number;
  #training: CompiledTraining | undefined;
  #fed: Program | undefined;
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

  constructor(parts: StepParts, backend: Backend, keeper: Program, batchSize: number, seed: number) {
    this.#parts = parts;
    this.#backend = backend;
    this.#keeper = keeper;
    this.#batchSize = batchSize;
    this.#seed = seed;
    this.#predictor = new Predictor(backend, parts.model, batchSize);
    this.#inspector = new Inspector(backend, parts.model);
  }

  async fit(dataset: Dataset, options: FitOptions = {}): Promise<History> {
    this.#checkUsable();
    const { model } = this.#parts;
    checkDataset(model, dataset);
    if (options.validationData) checkDataset(model, options.validationData);
    const epochs = checkCount("fit", "epochs", options.epochs ?? 1);
    if (options.steps !== undefined) checkCount("fit", "steps", options.steps);
    options.signal?.throwIfAborted();
    if (this.#busy) throw new ArgumentError("fit: this trainer is already training; wait, pause or abort it first.");
    this.#busy = true;
    try {
      const augment = options.augment && checkAffineRanges("fit: augment", options.augment);
      if (augment && this.#parts.model.inputShape.length !== 3) {
        throw new ShapeError(
          `fit: augment moves images [height, width, channels]; the model takes ${formatShape(this.#parts.model.inputShape)}.`,
        );
      }
      const program = await this.#trainingProgram(dataset, options.shuffle ?? true, augment);
      return await new FitRun(this.#runner(program), dataset, this.#batchSize, options, epochs).run();
    } finally {
      this.#busy = false;
      this.#held.come();
    }
  }

  /** What a run may do with this trainer. */
  #runner(program: Program): Runner {
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
    };
  }

  async #trainingProgram(
    dataset: Dataset,
    shuffle: boolean,
    augment: Required<AffineRanges> | undefined,
  ): Promise<Program> {
    const known = this.#training;
    const variant = JSON.stringify([shuffle, augment]);
    if (known !== undefined && known.dataset === dataset && known.variant === variant) return known.program;
    const program = await compileTraining(this.#backend, this.#parts, dataset, {
      batch: this.#batchSize,
      shuffle,
      seed: this.#seed,
      augment,
    });
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

  async trainOnBatch(x: ImageBatch, y: ArrayLike<number>): Promise<{ loss: number; accuracy: number }> {
    this.#checkUsable();
    const { model } = this.#parts;
    const imageSize = sizeOf(model.inputShape);
    if (y.length < 1 || y.length > this.#batchSize || x.length !== y.length * imageSize) {
      throw new ShapeError(
        `trainOnBatch: ${y.length} labels and ${x.length} values; wants 1 to ${this.#batchSize} images of ` +
          `${formatShape(model.inputShape)} with a label each.`,
      );
    }
    const labels = new Int32Array(this.#batchSize).fill(-1);
    for (let row = 0; row < y.length; row++) {
      const label = y[row] ?? -1;
      if (!Number.isInteger(label) || label < 0 || label >= model.classes) {
        throw new ArgumentError(
          `trainOnBatch: label ${label} of image ${row} is not one of the ${model.classes} classes.`,
        );
      }
      labels[row] = label;
    }
    const images = new Float32Array(this.#batchSize * imageSize);
    images.set(toInputs(x));
    await this.#profiling;
    this.#fed ??= await compileFedTraining(this.#backend, this.#parts, this.#batchSize, this.#seed);
    this.#steps++;
    const { loss, counts } = await this.#fed.run({ images, labels });
    const [correct, rows] = [counts?.data[0] ?? 0, counts?.data[1] ?? 1];
    return { loss: loss?.data[0] ?? Number.NaN, accuracy: correct / rows };
  }

  async evaluate(dataset: Dataset, options: { signal?: AbortSignal } = {}): Promise<Evaluation> {
    this.#checkUsable();
    checkDataset(this.#parts.model, dataset);
    options.signal?.throwIfAborted();
    return this.#reading(() => this.#evaluate(dataset, options));
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

  async #evaluate(dataset: Dataset, options: { signal?: AbortSignal }): Promise<Evaluation> {
    const evaluation = await this.#evaluation(dataset);
    const { program, steps, cursor, ring, confusion } = evaluation;
    const { classes } = this.#parts.model;
    program.write(cursor, [0]);
    program.write(confusion, new Float32Array(classes * classes));
    const pace = new Pace();
    for (let done = 0; done < steps; ) {
      options.signal?.throwIfAborted();
      const bundle = Math.min(pace.steps(), steps - done);
      const sent = performance.now();
      await program.enqueue({ steps: bundle });
      pace.done(bundle, sent, performance.now());
      done += bundle;
    }
    const [records, counts] = await program.enqueue({ steps: 0, read: [ring, confusion] });
    const totals = sumRecords(records as Tensor, 0, steps);
    const cells = (counts as Tensor).data;
    return {
      loss: totals.loss / totals.rows,
      accuracy: totals.correct / totals.rows,
      confusion: Array.from({ length: classes }, (_, label) =>
        Array.from(cells.subarray(label * classes, (label + 1) * classes)),
      ),
    };
  }

  async #evaluation(dataset: Dataset): Promise<EvaluationProgram> {
    let evaluation = this.#evaluations.get(dataset);
    if (evaluation === undefined) {
      evaluation = await compileEvaluation(
        this.#backend,
        this.#parts.model,
        this.#parts.loss,
        dataset,
        this.#batchSize,
      );
      for (const [oldest, { program }] of this.#evaluations) {
        if (this.#evaluations.size < KEPT_EVALUATIONS) break;
        program.dispose();
        this.#evaluations.delete(oldest);
      }
      this.#evaluations.set(dataset, evaluation);
    }
    return evaluation;
  }

  async inspect(image: ImageBatch, options: { target?: number } = {}): Promise<Inspection> {
    this.#checkUsable();
    return this.#reading(() => this.#inspector.inspect(image, options));
  }

  async predict(x: ImageBatch): Promise<Tensor<Float32Array>> {
    this.#checkUsable();
    return this.#reading(() => this.#predictor.predict(x));
  }

  setLearningRate(learningRate: number | Schedule): void {
    this.#checkUsable();
    const table = learningRateTable(checkLearningRate("setLearningRate", learningRate));
    this.#keeper.write(this.#parts.state.schedule, table);
  }

  /** Variables that a checkpoint holds, by their names there. */
  #checkpointVariables(): Map<string, Variable> {
    const { model, state } = this.#parts;
    return new Map<string, Variable>([
      ...model.variables.map((variable): [string, Variable] => [variable.name, variable]),
      ...state.slots.flatMap((slot) => slot.variables.map((v): [string, Variable] => [`${slot.name}/${v.name}`, v])),
      ["trainer/step", state.step],
      ["trainer/cursor", state.cursor],
      ["trainer/learningRate", state.schedule],
    ]);
  }

  async checkpoint(): Promise<Uint8Array> {
    this.#checkUsable();
    const variables = this.#checkpointVariables();
    const tensors = await this.#reading(() => this.#keeper.enqueue({ steps: 0, read: [...variables.values()] }));
    const { model, loss, optimizer } = this.#parts;
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
    const saved = config as { optimizer?: { kind?: unknown }; batchSize?: unknown; seed?: unknown };
    if (saved.optimizer?.kind !== optimizer.rule.kind) {
      throw new FormatError(
        `restore: the checkpoint was made with optimizer "${String(saved.optimizer?.kind)}", this trainer has "${optimizer.rule.kind}".`,
      );
    }
    if (saved.batchSize !== this.#batchSize) {
      throw new FormatError(
        `restore: the checkpoint was made with batchSize ${String(saved.batchSize)}, this trainer has ${this.#batchSize}.`,
      );
    }
    await this.#profiling;
    const writes = [...this.#checkpointVariables()].map(([name, variable]) => {
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
    const counter = (name: string) => tensors.get(name)?.data[0] ?? 0;
    this.#steps = counter("trainer/step");
    this.#cursor = counter("trainer/cursor");
    const seed = Number(saved.seed);
    if (seed !== this.#seed) {
      this.#seed = seed;
      this.#training?.program.dispose();
      this.#training = undefined;
      this.#fed?.dispose();
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
    checkDataset(this.#parts.model, dataset);
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
      const variables = [...this.#checkpointVariables().values(), ring].filter((variable) => variable !== schedule);
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
    const program = training?.program ?? this.#fed;
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
    await Promise.all([this.#training?.program.settled(), this.#fed?.settled()]);
  }

  #checkUsable(): void {
    if (this.#disposed) throw new DisposedError("This trainer was disposed of; make a new one.");
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.resume();
    this.#training?.program.dispose();
    this.#fed?.dispose();
    this.#predictor.dispose();
    this.#inspector.dispose();
    for (const { program } of this.#evaluations.values()) program.dispose();
    this.#keeper.dispose();
  }
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

interface Totals {
  loss: number;
  correct: number;
  rows: number;
}

/** Sums over steps `first` … `last - 1` of a ring; losses weighted by their rows. */
function sumRecords(ring: Tensor, first: number, last: number): Totals {
  const capacity = ring.shape[0] ?? 1;
  const totals = { loss: 0, correct: 0, rows: 0 };
  for (let step = first; step < last; step++) {
    const record = (step % capacity) * RING_VALUES;
    const rows = ring.data[record + 2] ?? 0;
    totals.loss += (ring.data[record] ?? Number.NaN) * rows;
    totals.correct += ring.data[record + 1] ?? 0;
    totals.rows += rows;
  }
  return totals;
}

/** The trainer as one `fit` sees it. */
interface Runner {
  steps(): number;
  cursor(): number;
  enqueue(steps: number, read: boolean): Promise<Tensor | undefined>;
  /** Pending while the trainer is paused. */
  gate(): Promise<void> | undefined;
  /** Tells that no steps are in flight. */
  held(): void;
  evaluate(dataset: Dataset, signal: AbortSignal | undefined): Promise<Evaluation>;
}

/** One call of `fit`: keeps the device busy, reads the ring now and then, and tells the listeners. */
class FitRun {
  readonly #runner: Runner;
  readonly #options: FitOptions;
  readonly #batchSize: number;
  readonly #pace = new Pace();
  readonly #stepLosses: number[] = [];
  readonly #epochs: EpochEvent[] = [];
  readonly #stepsPerEpoch: number;
  readonly #firstStep: number;
  readonly #firstCursor: number;
  readonly #lastStep: number;
  #reported: number;
  #epochTotals: Totals = { loss: 0, correct: 0, rows: 0 };
  #epochStarted = performance.now();

  constructor(runner: Runner, dataset: Dataset, batchSize: number, options: FitOptions, epochs: number) {
    this.#runner = runner;
    this.#options = options;
    this.#batchSize = batchSize;
    this.#stepsPerEpoch = Math.ceil(dataset.count / batchSize);
    this.#firstStep = runner.steps();
    this.#firstCursor = runner.cursor();
    // An epoch that an abort or a step limit cut short is finished first and counts as one.
    const endCursor = (Math.floor(this.#firstCursor / this.#stepsPerEpoch) + epochs) * this.#stepsPerEpoch;
    const steps = Math.min(endCursor - this.#firstCursor, options.steps ?? Number.POSITIVE_INFINITY);
    this.#lastStep = this.#firstStep + steps;
    this.#reported = this.#firstStep;
  }

  async run(): Promise<History> {
    const inFlight: Promise<void>[] = [];
    const drain = async () => {
      const waiting = inFlight.splice(0);
      await Promise.all(waiting);
    };
    try {
      while (this.#runner.steps() < this.#lastStep) {
        const gate = this.#runner.gate();
        if (gate) {
          await drain();
          await this.#readRing();
          this.#runner.held();
          await raceAbort(gate, this.#options.signal);
          this.#pace.interrupted();
        }
        this.#options.signal?.throwIfAborted();
        const toEpochEnd = this.#stepsPerEpoch - (this.#runner.cursor() % this.#stepsPerEpoch);
        const unread = this.#runner.steps() - this.#reported;
        const steps = Math.min(
          this.#pace.steps(),
          toEpochEnd,
          this.#lastStep - this.#runner.steps(),
          RING_STEPS - unread,
        );
        const endsEpoch = steps === toEpochEnd;
        const ends = endsEpoch || this.#runner.steps() + steps === this.#lastStep || unread + steps > RING_STEPS / 2;
        const submission = this.#submit(steps, this.#pace.wantsRead(performance.now()) || ends);
        // Whoever awaits `inFlight` sees a failure; this keeps it from counting as unhandled until then.
        submission.catch(() => undefined);
        inFlight.push(submission);
        if (ends) await drain();
        else if (inFlight.length >= MOST_SUBMISSIONS_IN_FLIGHT) await inFlight.shift();
        if (endsEpoch) await this.#endEpoch();
      }
    } catch (error) {
      await Promise.allSettled(inFlight);
      // The steps in flight were taken: their listeners hear of them before the caller hears of the end.
      if (this.#options.signal?.aborted) await this.#readRing();
      throw error;
    }
    return { epochs: this.#epochs, stepLosses: this.#stepLosses };
  }

  async #submit(steps: number, read: boolean): Promise<void> {
    const sent = performance.now();
    const end = this.#runner.steps() + steps;
    const ring = await this.#runner.enqueue(steps, read);
    this.#pace.done(steps, sent, performance.now());
    if (ring) this.#report(ring, end);
  }

  async #readRing(): Promise<void> {
    const end = this.#runner.steps();
    if (this.#reported === end) return;
    const ring = await this.#runner.enqueue(0, true);
    if (ring) this.#report(ring, end);
  }

  /** Tells the listeners about every step up to `end` that they have not heard of. */
  #report(ring: Tensor, end: number): void {
    for (let step = this.#reported; step < end; step++) {
      const totals = sumRecords(ring, step, step + 1);
      const loss = totals.loss / totals.rows;
      if (!Number.isFinite(loss)) {
        this.#reported = end;
        throw new DivergedError(
          `Training diverged: the loss of step ${step} is ${loss}. Lower the learning rate, or check the inputs for ` +
            `values that are not finite.`,
          step,
        );
      }
      this.#stepLosses.push(loss);
      this.#epochTotals.loss += totals.loss;
      this.#epochTotals.correct += totals.correct;
      this.#epochTotals.rows += totals.rows;
      this.#reported = step + 1;
      this.#options.onStep?.(this.#stepEvent(step, loss, totals.correct / totals.rows));
    }
  }

  #stepEvent(step: number, loss: number, accuracy: number): StepEvent {
    const cursor = this.#firstCursor + (step - this.#firstStep);
    const { millisecondsPerStep } = this.#pace;
    return {
      step,
      epoch: Math.floor(cursor / this.#stepsPerEpoch),
      stepInEpoch: cursor % this.#stepsPerEpoch,
      stepsPerEpoch: this.#stepsPerEpoch,
      loss,
      accuracy,
      imagesPerSecond: millisecondsPerStep === 0 ? 0 : (this.#batchSize * 1000) / millisecondsPerStep,
      millisecondsPerStep,
      secondsLeft: ((this.#lastStep - step - 1) * millisecondsPerStep) / 1000,
    };
  }

  async #endEpoch(): Promise<void> {
    const { loss, correct, rows } = this.#epochTotals;
    const epoch = Math.floor((this.#runner.cursor() - 1) / this.#stepsPerEpoch);
    const seconds = (performance.now() - this.#epochStarted) / 1000;
    const { validationData, signal } = this.#options;
    const validation = validationData ? await this.#runner.evaluate(validationData, signal) : undefined;
    const event: EpochEvent = {
      epoch,
      loss: loss / rows,
      accuracy: correct / rows,
      seconds,
      ...(validation ? { validationLoss: validation.loss, validationAccuracy: validation.accuracy } : {}),
    };
    this.#epochs.push(event);
    this.#epochTotals = { loss: 0, correct: 0, rows: 0 };
    this.#epochStarted = performance.now();
    this.#pace.interrupted();
    this.#options.onEpoch?.(event);
  }
}

/** Waits for `wait`, or rejects with the signal's reason. */
function raceAbort(wait: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return wait;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    void wait.then(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
  });
}
