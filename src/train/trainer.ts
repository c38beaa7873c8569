import { raceAbort } from "../core/abort.ts";
import { ArgumentError } from "../core/errors.ts";
import { checkCount } from "../core/numbers.ts";
import { onDemand } from "../core/on_demand.ts";
import type { Schedule } from "../core/schedule.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend } from "../graph/backend.ts";
import type { Profile } from "../graph/profile.ts";
import type { Model } from "../nn/model.ts";
import { CompiledPrograms } from "./compiled_programs.ts";
import { copied } from "./copied.ts";
import { trainerDisposed } from "./disposed.ts";
import type { Diverging } from "./diverging.ts";
import { fetchingOptions } from "./fetching.ts";
import { FitRun, UncountedStep } from "./fit_run.ts";
import { runnerOf } from "./fit_runner.ts";
import type { Followers } from "./followers.ts";
import type { KeptState } from "./kept_state.ts";
import { checkFitOptions, checkPrepareOptions } from "./options.ts";
import type { Recovery } from "./recovery.ts";
import type { Requests, Work } from "./requests.ts";
import type { DatasetProgram } from "./residency.ts";
import type { Runner } from "./runner.ts";
import { checkStatistics } from "./statistics.ts";
import { statsOf } from "./stats.ts";
import { checkDataset, checkIsDataset } from "./targets.ts";
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
import type { validationSplit } from "./validation_split.ts";

/** A trainer on a backend of this page, or of this worker. */
export class LocalTrainer implements Trainer {
  readonly #backend: Backend;
  readonly #kept: KeptState;
  /** Fetched when something is first asked of the trainer beside a plain `fit`. */
  #requests: Requests | undefined;
  #opening: Promise<typeof import("./requests.ts")> | undefined;
  readonly #programs: CompiledPrograms;
  readonly #turns: Turns;
  readonly #recovery: Recovery | undefined;
  readonly #forgetBackend: () => void;
  /** Whether a `fit` is under way, compiling and pauses included. */
  #fitting = false;
  #disposed = false;

  constructor(backend: Backend, kept: KeptState, recovery?: Recovery) {
    this.#recovery = recovery;
    this.#backend = backend;
    this.#kept = kept;
    this.#programs = new CompiledPrograms(backend);
    this.#turns = new Turns(() => (this.#disposed ? trainerDisposed() : backend.closed));
    const forget = [backend.onClosed(() => this.#turns.close()), backend.onReopened(() => kept.reopened())];
    this.#forgetBackend = () => {
      for (const each of forget) each();
    };
  }

  get #model(): Model {
    return this.#kept.parts.model;
  }

  async fit(given: Dataset, options: FitOptions = {}): Promise<History> {
    this.#checkUsable();
    checkFitOptions(options);
    const split = this.#splitFor(options);
    const { dataset, validationData } = this.#datasetsOf("fit", given, options, split && (await split));
    const epochs = options.epochs === undefined ? undefined : checkCount("fit", "epochs", options.epochs);
    const steps = options.steps === undefined ? undefined : checkCount("fit", "steps", options.steps);
    options.signal?.throwIfAborted();
    if (this.#fitting) throw new ArgumentError("fit: this trainer is already training; wait, pause or abort it first.");
    checkStatistics(this.#model, this.#kept.progress.steps);
    this.#fitting = true;
    try {
      const compiled = await this.#again(
        () => raceAbort(this.#programOf(dataset, options), options.signal),
        options.signal,
      );
      const turn = await this.#again(() => this.#turns.begin(options.signal), options.signal);
      try {
        const begin = async () => {
          await this.#kept.ready();
          this.#kept.beginRun(Math.ceil(dataset.count / this.#kept.batchSize));
        };
        await this.#again(() => this.#changing(begin), options.signal);
        const labelled = dataset.targets === undefined;
        const evaluate: Runner["evaluate"] = async (data, signal) =>
          (await this.#open()).evaluations.evaluate(data, signal === undefined ? {} : { signal });
        const { signal } = options;
        const recovery = this.#recovery;
        const runner = runnerOf(this.#kept, compiled, { turn, evaluate, labelled, signal, recovery });
        const ready = validationData ? { ...options, validationData } : options;
        const followers = await this.#followersFor(options);
        const diverging = await this.#divergingFor(options);
        const run = new FitRun(runner, dataset, this.#kept.batchSize, ready, { epochs, steps, followers, diverging });
        const history = await (recovery ? recovery.counted(() => run.run()) : run.run());
        if (this.#kept.hasMoved) await this.#again(() => this.#kept.copyWeights());
        return history;
      } finally {
        turn.end();
      }
    } catch (error) {
      throw error instanceof UncountedStep ? await this.#divergence() : error;
    } finally {
      this.#fitting = false;
      // A pause holds the run that it was for, and no later one.
      this.#turns.resume();
      if (this.#kept.hasMoved) await this.#kept.copyWeights().catch(() => undefined);
    }
  }

  async prepare(given: Dataset, options: PrepareOptions = {}): Promise<void> {
    this.#checkUsable();
    checkPrepareOptions(options);
    const split = this.#splitFor(options);
    const { dataset } = this.#datasetsOf("prepare", given, options, split && (await split));
    this.#checkIdle("prepare", "its program is running already");
    options.signal?.throwIfAborted();
    const prepare = async () => {
      const { program, stream } = await this.#programOf(dataset, options);
      // No step, but the data set goes up, or the first batch.
      await stream?.supply({ first: this.#kept.progress.cursor, most: 1, left: 1, signal: options.signal });
      await program.enqueue({ steps: 0 });
    };
    await this.#again(() => raceAbort(prepare(), options.signal), options.signal);
  }

  /** What is trained on and what validates it. Throws for what does not fit the model. */
  #datasetsOf(what: "fit" | "prepare", given: Dataset, options: PrepareOptions, split?: typeof validationSplit) {
    checkIsDataset(what, given);
    if (options.validationData !== undefined) checkIsDataset(`${what}: validationData`, options.validationData);
    const sets = split ? split(given, options) : { dataset: given, validationData: options.validationData };
    const { model, heads } = this.#kept.parts;
    checkDataset(model, heads, sets.dataset);
    if (sets.validationData) checkDataset(model, heads, sets.validationData);
    return sets;
  }

  /** Undefined at once where nothing is split: a `fit` begins in the turn in which it is called. */
  #splitFor({ validationSplit }: PrepareOptions) {
    return validationSplit === undefined ? undefined : this.#open().then((requests) => requests.validationSplit);
  }

  /** Does `work`, and where the device is lost meanwhile does it again on a fresh one. */
  #again<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#recovery ? this.#recovery.again(work, signal) : work();
  }

  /** Does what moves variables, inside of `#again`. */
  #changing<T>(work: () => Promise<T>, bytes?: number): Promise<T> {
    return this.#recovery ? this.#recovery.change(work, bytes) : work();
  }

  #startOver(): void {
    this.#kept.startOver();
    this.#recovery?.done(() => this.#kept.startOver());
  }

  async #followersFor(options: FitOptions): Promise<Followers | undefined> {
    if (options.earlyStopping === undefined && options.reduceOnPlateau === undefined) return undefined;
    return (await this.#open()).followersOf(options);
  }

  async #divergingFor({ onDiverge = "stop" }: FitOptions): Promise<Diverging | undefined> {
    if (onDiverge === "stop") return undefined;
    const { Diverging } = await onDemand("going on behind steps that diverge", () => import("./diverging.ts"));
    return new Diverging(this.#kept, onDiverge);
  }

  /** The compiled step for a data set with what `fit` was asked for. */
  async #programOf(dataset: Dataset, options: PrepareOptions): Promise<DatasetProgram> {
    return this.#programs.trainingOn(this.#kept.parts, dataset, await fetchingOptions(this.#kept, options), {
      // A profile runs the program before.
      exchange: (replace) => this.#turns.shared(replace),
      // A restored run goes on at its place in the data set; another data set starts from its beginning.
      other: () => this.#startOver(),
    });
  }

  /** The error of the step of a `fit` that the trainer stands at, which did not count. */
  #divergence(): Promise<Error> {
    return this.#turns.shared(async () => {
      const { divergenceOfFit } = await onDemand("report of a step that diverged", () => import("./divergence.ts"));
      return divergenceOfFit(this.#backend, this.#kept, this.#programs.training);
    });
  }

  get paused(): boolean {
    return this.#turns.paused;
  }

  pause(): Promise<void> {
    return this.#again(() => this.#turns.pause());
  }

  resume(): void {
    this.#checkUsable();
    this.#turns.resume();
  }

  /** What does everything beside a plain `fit`, fetched when that is first asked for. */
  async #open(): Promise<Requests> {
    this.#opening ??= onDemand("evaluation and prediction", () => import("./requests.ts"));
    const { Requests } = await this.#opening.catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    this.#checkUsable();
    this.#requests ??= new Requests(this.#backend, this.#kept, this.#programs);
    return this.#requests;
  }

  /**
   * Does in its turn what `request` gives. Arguments are read at the call; the turn, too, is taken then, so that calls keep
   * their order. What is not fetched yet reads copies.
   */
  async #ask<Given extends readonly unknown[], T>(
    turn: "shared" | "exclusive",
    request: (requests: Requests, ...given: Given) => Work<T>,
    given: readonly [...Given],
    { signal, bytes }: { signal?: AbortSignal | undefined; bytes?: number } = {},
  ): Promise<T> {
    this.#checkUsable();
    const work = this.#requests && request(this.#requests, ...given);
    const own = work ? given : (copied(given) as typeof given);
    const doing = async () => (work ?? request(await this.#open(), ...own))();
    return this.#again(
      () => this.#turns[turn](turn === "shared" ? doing : () => this.#changing(doing, bytes), signal),
      signal,
    );
  }

  trainOnBatch(x: ImageBatch, y: ArrayLike<number>): Promise<BatchScore>;
  trainOnBatch(xs: readonly ImageBatch[], ys: readonly ArrayLike<number>[]): Promise<BatchScore>;
  trainOnBatch(
    x: ImageBatch | readonly ImageBatch[],
    y: ArrayLike<number> | readonly ArrayLike<number>[],
  ): Promise<BatchScore> {
    // As 32-bit floats, targets as large as the images at most.
    const bytes = 8 * this.#kept.batchSize * this.#model.inputShapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
    return this.#ask("exclusive", (requests, ...own) => requests.trainOnBatch(...own), [x, y], { bytes });
  }

  evaluate(dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    const request = (requests: Requests) => requests.evaluate(dataset, options);
    return this.#ask("shared", request, [], { signal: options?.signal });
  }

  async release(dataset: Dataset): Promise<void> {
    this.#checkUsable();
    await this.#turns.shared(async () => {
      // What was asked for before, and is being fetched, is done first.
      const requests = this.#opening && (await this.#open().catch(() => undefined));
      await requests?.forget(dataset);
      if (!this.#fitting && (await this.#programs.forget(dataset))) this.#startOver();
    });
  }

  inspect(image: ImageBatch, options: InspectOptions = {}): Promise<Inspection> {
    return this.#ask("shared", (requests, own) => requests.inspect(own, options), [image]);
  }

  draw(
    image: ImageBatch,
    drawings: readonly MapsDrawing[],
    options: { target?: number; readback?: boolean } = {},
  ): Promise<void> {
    return this.#ask("shared", (requests, own) => requests.draw(own, drawings, options), [image]);
  }

  predict(x: ImageBatch): Promise<Tensor<Float32Array>>;
  predict(xs: readonly ImageBatch[]): Promise<Tensor<Float32Array>[]>;
  predict(x: ImageBatch | readonly ImageBatch[]): Promise<Tensor<Float32Array> | Tensor<Float32Array>[]> {
    return this.#ask("shared", (requests, own) => requests.predict(own), [x]);
  }

  setLearningRate(learningRate: number | Schedule): void {
    this.#checkUsable();
    this.#kept.setLearningRate(learningRate);
    const { rates } = this.#kept;
    this.#recovery?.done(() => this.#kept.setRates(rates));
  }

  async swapEma(): Promise<void> {
    this.#checkIdle("swapEma", "wait for the end of fit, or abort it");
    return this.#ask("exclusive", (requests) => requests.swapEma(), []);
  }

  checkpoint(): Promise<Uint8Array> {
    return this.#ask("shared", (requests) => requests.checkpoint(), []);
  }

  async restore(bytes: Uint8Array, options: RestoreOptions = {}): Promise<void> {
    this.#checkIdle("restore", "abort it first");
    return this.#ask("exclusive", (requests, own) => requests.restore(own, options), [bytes]);
  }

  async syncModel(): Promise<void> {
    this.#checkUsable();
    await this.#again(() => this.#turns.shared(() => this.#kept.copyWeights()));
  }

  profile(dataset?: Dataset, options: { steps?: number } = {}): Promise<Profile> {
    return this.#ask("exclusive", (requests) => requests.profile(dataset, options), []);
  }

  stats(): TrainerStats {
    const snapshotBytes = this.#recovery?.snapshotBytes ?? 0;
    return { ...statsOf(this.#backend, this.#kept, this.#programs), snapshotBytes };
  }

  async settled(): Promise<void> {
    this.#checkUsable();
    return this.#programs.settled();
  }

  #checkUsable(): void {
    if (this.#disposed) throw trainerDisposed();
  }

  #checkIdle(what: string, instead: string): void {
    this.#checkUsable();
    if (this.#fitting) throw new ArgumentError(`${what}: this trainer is training; ${instead}.`);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#forgetBackend();
    this.#recovery?.dispose(trainerDisposed());
    this.#turns.close();
    this.#programs.dispose();
    this.#requests?.dispose();
    this.#kept.dispose();
  }
}
