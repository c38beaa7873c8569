import { raceAbort } from "../core/abort.ts";
import { at } from "../core/at.ts";
import { ArgumentError, DisposedError } from "../core/errors.ts";
import { checkCount } from "../core/numbers.ts";
import { onDemand } from "../core/on_demand.ts";
import { checkOptions } from "../core/options.ts";
import type { Schedule } from "../core/schedule.ts";
import type { Tensor, TypedArray } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { Profile } from "../graph/profile.ts";
import type { Model } from "../nn/model.ts";
import { accuracyOf } from "./accuracy.ts";
import { CompiledPrograms } from "./compiled_programs.ts";
import type { DivergedStep } from "./divergence.ts";
import type { Evaluations } from "./evaluation.ts";
import { fetchingOptions } from "./fetching.ts";
import { FitRun, type Runner, UncountedStep } from "./fit_run.ts";
import { runnerOf } from "./fit_runner.ts";
import type { Inspector } from "./inspector.ts";
import type { KeptState } from "./kept_state.ts";
import { readOneImage } from "./one_image.ts";
import { checkOneInputAndOutput, isBatchList } from "./one_input.ts";
import { checkEvaluateOptions, checkFitOptions, checkInspectOptions, checkPrepareOptions } from "./options.ts";
import type { Predictor } from "./predictor.ts";
import { checkStatistics } from "./statistics.ts";
import { statsOf } from "./stats.ts";
import { checkDataset, checkIsDataset } from "./targets.ts";
import { fedBatchOf, fetchedBatch } from "./training_step.ts";
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

const loadRequests = () => onDemand("evaluation and prediction", () => import("./requests.ts"));

/** The values as they are now, for what reads them later. */
function copied(given: unknown): unknown {
  if (ArrayBuffer.isView(given) && !(given instanceof DataView)) return (given as TypedArray).slice();
  return Array.isArray(given) ? given.map(copied) : given;
}

/** A trainer on a backend of this page, or of this worker. */
export class LocalTrainer implements Trainer {
  readonly #backend: Backend;
  readonly #kept: KeptState;
  #requests: Awaited<ReturnType<typeof loadRequests>> | undefined;
  #predictor: Predictor | undefined;
  #evaluations: Evaluations | undefined;
  readonly #programs: CompiledPrograms;
  readonly #turns: Turns;
  readonly #forgetBackend: () => void;
  #inspector: Inspector | undefined;
  /** Whether a `fit` is under way, compiling and pauses included. */
  #fitting = false;
  #disposed = false;

  constructor(backend: Backend, kept: KeptState) {
    this.#backend = backend;
    this.#kept = kept;
    this.#programs = new CompiledPrograms(backend);
    this.#turns = new Turns(() => (this.#disposed ? disposedTrainer() : backend.closed));
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
      const program = await raceAbort(this.#programOf(dataset, options), options.signal);
      const turn = await this.#turns.begin(options.signal);
      try {
        await this.#kept.ready();
        const labelled = dataset.targets === undefined;
        const evaluate: Runner["evaluate"] = async (data, signal) =>
          (await this.#openEvaluations()).evaluate(data, signal === undefined ? {} : { signal });
        const runner = runnerOf(this.#kept, program, { turn, evaluate, labelled });
        const ready = validationData ? { ...options, validationData } : options;
        const followers = await this.#followersFor(options);
        const run = new FitRun(runner, dataset, this.#kept.batchSize, ready, { epochs, steps, ...followers });
        const history = await run.run();
        if (this.#kept.hasMoved) await this.#kept.copyWeights();
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
      if (this.#kept.hasMoved) await this.#kept.copyWeights().catch(() => undefined);
    }
  }

  async prepare(given: Dataset, options: PrepareOptions = {}): Promise<void> {
    this.#checkUsable();
    checkPrepareOptions(options);
    const split = this.#splitFor(options);
    const { dataset } = this.#datasetsOf("prepare", given, options, split && (await split));
    if (this.#fitting) throw new ArgumentError("prepare: this trainer is training; its program is running already.");
    options.signal?.throwIfAborted();
    const prepare = async () => {
      const program = await this.#programOf(dataset, options);
      // No step, but the data set goes up.
      await program.enqueue({ steps: 0 });
    };
    await raceAbort(prepare(), options.signal);
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

  /** What evaluates, predicts and takes batches, and what looks at epochs. */
  async #open() {
    this.#requests ??= await loadRequests();
    this.#checkUsable();
    return this.#requests;
  }

  async #openEvaluations(): Promise<Evaluations> {
    const { Evaluations } = await this.#open();
    const { parts, batchSize } = this.#kept;
    this.#evaluations ??= new Evaluations(this.#backend, parts, batchSize);
    return this.#evaluations;
  }

  async #openPredictor(): Promise<Predictor> {
    const { Predictor } = await this.#open();
    const { parts, batchSize } = this.#kept;
    const folded = parts.heads.map((head) => head.loss.folded);
    this.#predictor ??= new Predictor(parts.model, this.#backend, { batchSize, folded, owner: "trainer" });
    return this.#predictor;
  }

  /** Undefined at once where nothing is split: a `fit` begins in the turn in which it is called. */
  #splitFor({ validationSplit }: PrepareOptions) {
    return validationSplit === undefined ? undefined : this.#open().then((requests) => requests.validationSplit);
  }

  async #followersFor(options: FitOptions) {
    const { earlyStopping, reduceOnPlateau } = options;
    if (earlyStopping === undefined && reduceOnPlateau === undefined) return {};
    return (await this.#open()).followersOf(options, this.#kept.progress);
  }

  /** The compiled step for a data set with what `fit` was asked for. */
  async #programOf(dataset: Dataset, options: PrepareOptions): Promise<Program> {
    return this.#programs.trainingOn(this.#kept.parts, dataset, fetchingOptions(this.#kept, options), {
      // A profile runs the program before.
      exchange: (replace) => this.#turns.shared(replace),
      // A restored run goes on at its place in the data set; another data set starts from its beginning.
      other: () => this.#kept.startOver(),
    });
  }

  #fetchedStep(dataset: Dataset, options: PrepareOptions): Omit<DivergedStep, "step" | "seed"> {
    const fetching = fetchingOptions(this.#kept, options);
    const batch: DivergedStep["batch"] = (graph) => fetchedBatch(graph, this.#kept.parts, dataset, fetching);
    return { batch, dataset, classWeight: fetching.classWeight };
  }

  /** The error of the step that the trainer stands at, which did not count. */
  #divergence(where: Omit<DivergedStep, "step" | "seed">): Promise<Error> {
    const { parts, progress, seed } = this.#kept;
    const step = { ...where, step: progress.steps, seed };
    return this.#turns.shared(async () => {
      const { divergenceOf } = await onDemand("report of a step that diverged", () => import("./divergence.ts"));
      return divergenceOf(this.#backend, parts, step);
    });
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
    const { parts, batchSize, progress } = this.#kept;
    const { model, heads } = parts;
    const asLists = isBatchList(x);
    if (!asLists) checkOneInputAndOutput("trainOnBatch", model, "give its inputs and its labels or targets as lists");
    const lists = (asLists ? [x, y] : [[x], [y]]) as [readonly ImageBatch[], readonly ArrayLike<number>[]];
    checkStatistics(model, progress.steps);
    const known = this.#requests;
    const read = known?.fedBatch({ model, heads, batchSize }, ...lists);
    const own = read ? lists : (copied(lists) as typeof lists);
    const { fed, totals, metrics } = await this.#turns.exclusive(async () => {
      const { fedBatch, takeFedStep } = known ?? (await this.#open());
      const fed = read ?? fedBatch({ model, heads, batchSize }, ...own);
      return { fed, ...(await takeFedStep(this.#kept, this.#programs, fed)) };
    });
    const { feeds, targetShapes } = fed;
    if (!Number.isFinite(totals.loss)) {
      const batch: DivergedStep["batch"] = (graph) => fedBatchOf(graph, parts, batchSize, targetShapes);
      throw await this.#divergence({ batch, feeds });
    }
    return { loss: totals.loss / totals.rows, ...accuracyOf(parts, totals, targetShapes[0] === undefined), metrics };
  }

  async evaluate(dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    this.#checkUsable();
    checkEvaluateOptions(options);
    checkIsDataset("evaluate", dataset);
    checkDataset(this.#model, this.#kept.parts.heads, dataset);
    const evaluate = async () => (await this.#openEvaluations()).evaluate(dataset, options);
    return this.#turns.shared(evaluate, options.signal);
  }

  async release(dataset: Dataset): Promise<void> {
    this.#checkUsable();
    await this.#evaluations?.forget(dataset);
    await this.#turns.shared(async () => {
      if (!this.#fitting && (await this.#programs.forget(dataset))) this.#kept.startOver();
    });
  }

  async inspect(image: ImageBatch, options: InspectOptions = {}): Promise<Inspection> {
    this.#checkUsable();
    checkInspectOptions(options);
    checkOneInputAndOutput("inspect", this.#model);
    const input = readOneImage("inspect", this.#model, image, options.target);
    return this.#turns.shared(async () => (await this.#openInspector()).inspect(input, options));
  }

  async draw(
    image: ImageBatch,
    drawings: readonly MapsDrawing[],
    options: { target?: number; readback?: boolean } = {},
  ): Promise<void> {
    this.#checkUsable();
    checkOneInputAndOutput("draw", this.#model);
    const input = readOneImage("draw", this.#model, image, options.target);
    return this.#turns.shared(async () => (await this.#openInspector()).draw(input, drawings, options));
  }

  async #openInspector(): Promise<Inspector> {
    const { Inspector } = await onDemand("view into layers", () => import("./inspector.ts"));
    this.#checkUsable();
    const { model, heads } = this.#kept.parts;
    this.#inspector ??= new Inspector(this.#backend, model, at(heads, 0).loss.folded);
    return this.#inspector;
  }

  predict(x: ImageBatch): Promise<Tensor<Float32Array>>;
  predict(xs: readonly ImageBatch[]): Promise<Tensor<Float32Array>[]>;
  async predict(x: ImageBatch | readonly ImageBatch[]): Promise<Tensor<Float32Array> | Tensor<Float32Array>[]> {
    this.#checkUsable();
    const asList = isBatchList(x);
    if (!asList) checkOneInputAndOutput("predict", this.#model, "give its inputs as a list");
    const given = asList ? x : [x];
    const known = this.#predictor;
    // Read at the call; the turn, too, is taken then, so that calls keep their order.
    const [batch, own] = known ? [known.read(given)] : [undefined, copied(given) as readonly ImageBatch[]];
    const results = await this.#turns.shared(async () => {
      const predictor = known ?? (await this.#openPredictor());
      return predictor.run(batch ?? predictor.read(own ?? []));
    });
    return asList ? results : at(results, 0);
  }

  setLearningRate(learningRate: number | Schedule): void {
    this.#checkUsable();
    this.#kept.setLearningRate(learningRate);
  }

  async swapEma(): Promise<void> {
    this.#checkUsable();
    if (this.#fitting)
      throw new ArgumentError("swapEma: this trainer is training; wait for the end of fit, or abort it.");
    this.#kept.checkAverages();
    await this.#turns.exclusive(() => this.#kept.swapAverages());
    await this.#kept.copyWeights();
  }

  async checkpoint(): Promise<Uint8Array> {
    this.#checkUsable();
    return this.#turns.shared(() => this.#kept.checkpoint());
  }

  async restore(bytes: Uint8Array, options: RestoreOptions = {}): Promise<void> {
    this.#checkUsable();
    checkOptions("restore", options, { adopt: "boolean" });
    const { adopt = false } = options;
    if (this.#fitting) throw new ArgumentError("restore: this trainer is training; abort it first.");
    // Read at the call; whoever gave the bytes may go on to use them.
    const own = bytes instanceof Uint8Array ? bytes.slice() : bytes;
    await this.#turns.exclusive(async () => {
      if (await this.#kept.restore(own, { adopt })) this.#programs.clear();
    });
    await this.#kept.copyWeights();
  }

  async syncModel(): Promise<void> {
    this.#checkUsable();
    await this.#turns.shared(() => this.#kept.copyWeights());
  }

  async profile(dataset = this.#programs.training?.dataset, options: { steps?: number } = {}): Promise<Profile> {
    this.#checkUsable();
    checkOptions("profile", options, { steps: "number" });
    const steps = checkCount("profile", "steps", options.steps ?? 5);
    if (dataset === undefined) {
      throw new ArgumentError("profile: this trainer has not trained on a data set yet; pass one.");
    }
    checkIsDataset("profile", dataset);
    checkDataset(this.#model, this.#kept.parts.heads, dataset);
    return this.#turns.exclusive(async () => {
      const known = this.#programs.training?.dataset === dataset ? this.#programs.training.program : undefined;
      const { parts } = this.#kept;
      const program = known ?? (await this.#programs.once(parts, dataset, fetchingOptions(this.#kept, {})));
      try {
        const measure = async () => new Profile(await program.profile({ steps }));
        return await this.#kept.puttingBack(measure, () => !this.#disposed);
      } finally {
        if (known === undefined) program.dispose();
      }
    });
  }

  stats(): TrainerStats {
    return statsOf(this.#backend, this.#kept, this.#programs);
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
    this.#evaluations?.dispose();
    this.#predictor?.dispose();
    this.#inspector?.dispose();
    this.#kept.dispose();
  }
}

function disposedTrainer(): DisposedError {
  return new DisposedError("This trainer was disposed of; make a new one.");
}
