/**
 * One training session: the data, the network, the trainer in its worker, and what has been measured. The page shows
 * `Session`'s state and calls its methods; it hears of every change through `onChange`.
 */
import { DivergedError, type WebGpuUnavailableError } from "../src/core/errors.ts";
import type { Tensor } from "../src/core/tensor.ts";
import type { Dataset } from "../src/data/dataset.ts";
import type { Profile } from "../src/graph/profile.ts";
import type { Model } from "../src/nn/model.ts";
import type { Optimizer } from "../src/nn/optimizers.ts";
import type {
  Evaluation,
  FitOptions,
  Inspection,
  InspectOptions,
  MapsDrawing,
  StepEvent,
  Trainer,
  TrainerStats,
} from "../src/train/types.ts";
import { parametersIn, withBatchSize } from "./checkpoints.ts";
import { Course, type Stopped } from "./course.ts";
import { type Digits, quickSet } from "./digits.ts";
import { Measuring } from "./measuring.ts";
import type { NetworkFile } from "./network_file.ts";
import { type Measurement, type Run, unknownRun, variedAtEnd } from "./run.ts";
import {
  AUGMENT,
  type BackendKind,
  buildNetwork,
  complete,
  type Force,
  OPTIMIZERS,
  type Opened,
  type OpenTrainer,
  openBest,
  optimizerOf,
  type Setup,
} from "./setup.ts";
import type { State } from "./snapshots.ts";
import { type Lesson, type Taught, teach } from "./teaching.ts";
import type { Found } from "./train/ailments.ts";
import { encodeRows } from "./train/design.ts";
import type { RunSettings } from "./train/run_settings.ts";
import { type StopConditions, Stopper, type StopReason, stepsToMeasurement } from "./train/stopping.ts";
import { type TriedOut, tryOut } from "./try_out.ts";
import { Hold, Work } from "./work.ts";

export type Phase = "loading" | "ready" | "training" | "paused" | "failed";

export class Session {
  phase: Phase = "loading";
  /** Why the CPU is used, when WebGPU was wanted. */
  whyNotWebGpu: WebGpuUnavailableError | undefined;
  backendKind: BackendKind = "webgpu";
  model: Model;
  batchSize: number;
  error: unknown;
  /** Fixes the order of the digits. */
  seed: number;
  /** When the training ends before its last epoch. */
  stopping: StopConditions = {};
  /** Whether the best weights come back where it does. */
  restoresBest = true;
  /** Networks that were opened: each brings its settings with it. */
  adoptions = 0;
  /** Called when a state was kept that a later visit can go on from. */
  onKeep: ((checkpoint: Uint8Array) => void) | undefined;
  /** How often other weights took the place of those at hand: what was read with those before tells of another network. */
  replacements = 0;

  #augment = true;
  readonly #force: Force;
  readonly #load: () => Promise<Digits>;
  readonly #openTrainer: OpenTrainer;
  readonly #onChange: () => void;
  #digits: Digits | undefined;
  #quick: Dataset | undefined;
  #trainer: Trainer | undefined;
  #learningRate = 1e-3;
  /** How the weights move; the learning rate is kept apart. */
  #rule: Optimizer["rule"] = OPTIMIZERS.adam.rule;
  #initial: Uint8Array | undefined;
  /** Whether the training at hand began from `#initial`: nobody knows that of a file that was trained elsewhere. */
  #beganHere = true;
  readonly #course = new Course();
  /** Follows a training from its start to its end, pauses and all. */
  #stopper = new Stopper();
  /** The number of steps that ends it before its last epoch does. */
  #limit: number | undefined;
  /** When it was paused, and for how many milliseconds since it was measured last. */
  #pausedAt = 0;
  #pausedFor = 0;
  /** Holds the training between two measurements, while it is paused. */
  #hold: Hold | undefined;
  /** Ends what measures while it is paused. */
  #resting = new AbortController();
  #setup: Setup = {};
  /** Whether the network came from a file, not from the settings. */
  #adopted = false;
  /** The network of the file again, for another trainer: the weights of the present one are on its device. */
  #untrained: (() => Model) | undefined;
  /** Whether the first weights of the file have learned elsewhere. */
  #pretrained = false;
  #settingUp: Promise<void> = Promise.resolve();
  /** To take the last lesson back: the state before it, and the steps when it had ended. */
  #beforeLesson: { checkpoint: Uint8Array; steps: number; after: number } | undefined;
  readonly #measuring = new Measuring();
  /** Everything that touches the trainer's weights. */
  readonly #work: Work;

  /** `load` brings the digits that a session opens with, `openTrainer` makes what trains. */
  constructor(options: {
    force: Force;
    load: () => Promise<Digits>;
    openTrainer: OpenTrainer;
    onChange: () => void;
  }) {
    this.#force = options.force;
    this.#load = options.load;
    this.#openTrainer = options.openTrainer;
    this.#onChange = options.onChange;
    this.#work = new Work({ onFailure: (error) => this.#fail(error), onEnd: options.onChange });
    const { network, batchSize, seed } = complete({}, this.backendKind);
    this.model = buildNetwork(network, seed);
    this.batchSize = batchSize;
    this.seed = seed;
  }

  /** What scores are divided by for probabilities that held-out digits bear out. */
  get temperature(): number {
    return this.#measuring.temperature;
  }

  get digits(): Digits | undefined {
    return this.#digits;
  }

  /** Whether the network came from a file: the settings then describe another one. */
  get isFromFile(): boolean {
    return this.#adopted;
  }

  /** The network as the address writes its rows; undefined where it came from a file. */
  get rows(): string | undefined {
    return this.#adopted ? undefined : encodeRows(complete(this.#setup, this.backendKind).network);
  }

  /** Whether the network knows something: it was trained here, or came from a file with weights that were. */
  get hasLearned(): boolean {
    return this.steps > 0 || this.isPretrained;
  }

  /** Whether the weights before the first step here came from a file, trained. */
  get isPretrained(): boolean {
    return this.#adopted && this.#pretrained;
  }

  /** Whether there is a network to train, to ask or to look at. */
  get usable(): boolean {
    return this.phase === "ready" || this.phase === "paused" || this.phase === "training";
  }

  get stepsPerEpoch(): number {
    return Math.ceil((this.#digits?.train.count ?? 0) / this.batchSize);
  }

  get run(): Run {
    return this.#course.run;
  }

  /** Updates made. */
  get steps(): number {
    return this.#course.steps;
  }

  /** The step that the current training goes to. */
  get target(): number {
    return this.#course.target;
  }

  get last(): StepEvent | undefined {
    return this.#course.last;
  }

  get latest(): Measurement | undefined {
    return this.#course.latest;
  }

  /** How the last training ended by itself. */
  get stopped(): Stopped | undefined {
    return this.#course.stopped;
  }

  /** What is wrong with the training, though its numbers are numbers. */
  get ailment(): Found | undefined {
    return this.#course.ailment;
  }

  /** Parameters that the training began with, by name; undefined where nobody here knows them. */
  get firstParameters(): ReadonlyMap<string, Tensor<Float32Array>> | undefined {
    if (!this.#beganHere || this.#initial === undefined) return undefined;
    return parametersIn(this.#initial, namesOf(this.model));
  }

  /** Whether training is on random copies of the digits. */
  get augment(): boolean {
    return this.#augment;
  }

  set augment(augment: boolean) {
    if (augment !== this.#augment) this.#course.note({ kind: "vary", value: augment });
    this.#augment = augment;
  }

  get learningRate(): number {
    return this.#learningRate;
  }

  get optimizer(): Optimizer {
    return { rule: this.#rule, learningRate: this.#learningRate };
  }

  get stats(): TrainerStats | undefined {
    return this.#trainer?.stats();
  }

  /** The step that it can go on from after the device was lost. */
  get keptSteps(): number {
    return this.#course.newest?.steps ?? 0;
  }

  /** The learning rate that the optimizer is used with as a rule. */
  get usualRate(): number {
    const name = optimizerOf(this.#rule);
    return name === undefined ? OPTIMIZERS.adam.learningRate : OPTIMIZERS[name].learningRate;
  }

  /** The held-out loss of the best weights; undefined where those are the first ones. */
  get bestLoss(): number | undefined {
    return this.#course.best?.loss;
  }

  /** The step with the best weights, 0 for the first, random ones. */
  get bestSteps(): number {
    return this.#course.best?.steps ?? 0;
  }

  /** Loads the digits and makes the trainer; also after a failure, then from the last state that was kept. */
  async open(): Promise<void> {
    this.phase = "loading";
    this.error = undefined;
    this.#onChange();
    try {
      this.#trainer?.dispose();
      this.#trainer = undefined;
      const before = this.backendKind;
      const opening = openBest(this.#force, (backend) => this.#makeTrainerOn(backend));
      this.#digits ??= await this.#loadBeside(opening);
      this.#quick ??= quickSet(this.#digits);
      const { trainer, whyNotWebGpu } = await opening;
      this.#trainer = trainer;
      this.whyNotWebGpu = whyNotWebGpu;
      // The network for the CPU is another one: what was kept of the first is of no use to it.
      if (this.backendKind !== before) this.#course.begin();
      if (this.#course.newest) await this.#goBackTo(this.#course.newest);
      else {
        this.#initial = await trainer.checkpoint();
        this.#beganHere = true;
      }
      this.replacements++;
      this.phase = this.steps > 0 ? "paused" : "ready";
      this.#onChange();
      this.#getReady();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The digits, while the trainer is made. Without digits nobody takes it: it goes. */
  async #loadBeside(opening: Promise<Opened>): Promise<Digits> {
    // Whoever awaits it hears of its failure, after the digits have come.
    opening.catch(() => undefined);
    try {
      return await this.#load();
    } catch (error) {
      opening.then(({ trainer }) => trainer.dispose()).catch(() => undefined);
      throw error;
    }
  }

  #makeTrainerOn(backend: BackendKind): Promise<Trainer> {
    const { network, optimizer, batchSize, seed } = complete(this.#setup, backend);
    this.backendKind = backend;
    // A network that was opened from a file stays until another one is chosen.
    if (!this.#adopted) {
      this.batchSize = batchSize;
      this.seed = seed;
      this.model = buildNetwork(network, seed);
      this.#rule = OPTIMIZERS[optimizer].rule;
    } else if (this.#untrained) this.model = this.#untrained();
    return this.#openTrainer(this, backend);
  }

  /** What the settings ask for, before `open`. */
  plan(setup: Setup): void {
    this.#setup = { ...this.#setup, ...setup };
  }

  /** What the settings ask for. Another batch size keeps the weights; all else begins anew. */
  setUp(setup: Setup): Promise<void> {
    this.plan(setup);
    const begins = "network" in setup || "optimizer" in setup || "seed" in setup;
    this.#settingUp = this.#settingUp.then(() => this.#rebuild(begins)).catch((error: unknown) => this.#fail(error));
    return this.#settingUp;
  }

  async #rebuild(begins: boolean): Promise<void> {
    if (this.phase === "loading" || this.#digits === undefined) return;
    const wasTraining = this.phase === "training";
    await this.#stop();
    const { batchSize, stepsPerEpoch } = this;
    const kept = begins ? undefined : await this.#stateToKeep();
    const imagesLeft = Math.max(0, this.target - (kept?.steps ?? this.steps)) * batchSize;
    if (begins) this.#adopted = false;
    if (begins) this.#course.begin();
    this.phase = "loading";
    this.error = undefined;
    this.#onChange();
    this.#trainer?.dispose();
    if (this.#adopted) this.batchSize = this.#setup.batchSize ?? this.batchSize;
    const trainer = await this.#makeTrainerOn(this.backendKind);
    this.#trainer = trainer;
    this.#beforeLesson = undefined;
    if (kept) {
      // Whole epochs stay whole: their last batches are shorter ones.
      const epochs = Math.floor(kept.cursor / stepsPerEpoch);
      const taken = Math.floor(((kept.cursor % stepsPerEpoch) * batchSize) / this.batchSize);
      const cursor = epochs * this.stepsPerEpoch + taken;
      await this.#goBackTo({ ...kept, cursor });
      this.#course.note({ kind: "batchSize", value: this.batchSize });
      this.#course.target = kept.steps + Math.ceil(imagesLeft / this.batchSize);
      await this.#keep();
    } else {
      this.#initial = await trainer.checkpoint();
      this.#beganHere = true;
      this.replacements++;
    }
    this.phase = this.steps < this.target ? "paused" : "ready";
    this.#onChange();
    if (wasTraining && kept) this.train(1);
    else this.#getReady();
  }

  /** What another trainer goes on from: the weights at hand, and after a failure those that were kept. */
  async #stateToKeep(): Promise<State | undefined> {
    if (this.phase === "failed")
      return this.#course.best ?? (this.#initial && { checkpoint: this.#initial, steps: 0, cursor: 0 });
    const { steps, cursor } = this.#course;
    const checkpoint = await this.#trainer?.checkpoint();
    return checkpoint && { checkpoint, steps, cursor };
  }

  /** Trains `epochs` more epochs, or goes on to where a pause interrupted. */
  train(epochs: number): void {
    this.#resting.abort();
    if (this.phase === "paused" && this.#hold) {
      this.#letGo();
      this.#pausedFor += performance.now() - this.#pausedAt;
      this.phase = "training";
      this.#onChange();
      return;
    }
    if (this.phase !== "ready" && this.phase !== "paused") return;
    if (this.steps >= this.target) {
      const steps = this.stepsIn(epochs);
      this.#course.target = this.steps + steps;
      this.#limit = steps === this.stopping.steps ? steps : undefined;
      this.#stopper = new Stopper();
      this.#measuring.begin();
    }
    this.#course.stopped = undefined;
    this.phase = "training";
    this.#onChange();
    this.#work.begin(async (signal) => {
      let why: StopReason | undefined;
      while (this.steps < this.target && why === undefined) {
        // The trainer's own pause ends with what it was taking steps for.
        await this.#hold?.ended;
        signal.throwIfAborted();
        why = await this.#trainUntilMeasured(signal);
      }
      this.#hold = undefined;
      if (this.#limit !== undefined) why ??= { kind: "steps", value: this.#limit };
      if (why) await this.#end(why, signal);
      this.phase = "ready";
    });
  }

  /** Steps of `epochs` epochs from here, an epoch begun counts as one; fewer where the conditions say so. */
  stepsIn(epochs: number): number {
    const perEpoch = this.stepsPerEpoch;
    if (perEpoch === 0) return 0;
    const whole = (Math.floor(this.#course.cursor / perEpoch) + epochs) * perEpoch - this.#course.cursor;
    return Math.min(whole, this.stopping.steps ?? whole);
  }

  /** The training ends here, because of a condition: with the best weights, where the visitor wants them. */
  async #end(why: StopReason, signal: AbortSignal): Promise<void> {
    const better = this.restoresBest ? this.#course.better : undefined;
    this.#course.target = this.steps;
    if (better && this.#trainer) {
      // Counters and the optimizer's state stay.
      this.model.setParameters(parametersIn(better.checkpoint, namesOf(this.model)));
      this.#course.note({ kind: "best", value: better.steps });
      this.replacements++;
      await this.#measure(signal);
      await this.#keep();
    }
    this.#course.stopped = { why, best: better?.steps };
    this.#course.note({ kind: "stopped", why });
  }

  /** Holds the training, and measures it: what is kept of it says how well it reads. */
  pause(): void {
    if (this.phase !== "training") return;
    const held = this.#trainer?.pause();
    this.#pausedAt = performance.now();
    this.phase = "paused";
    this.#onChange();
    this.#hold = new Hold();
    this.#resting = new AbortController();
    const { signal } = this.#resting;
    held
      ?.then(() => (signal.aborted ? undefined : this.#rest(signal)))
      // The training itself meets the same failure and tells the visitor.
      .catch(() => undefined);
  }

  /** The training goes on where it is held. */
  #letGo(): void {
    if (this.#trainer?.paused) this.#trainer.resume();
    this.#hold?.end();
    this.#hold = undefined;
  }

  /** What there is to do while it is held. Kept at once too: a page may be closed at any moment. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (this.latest?.step !== this.steps) {
      await this.#keep();
      signal.throwIfAborted();
      await this.#measure(signal);
      signal.throwIfAborted();
    }
    await this.#keep();
  }

  /** To the end of the epoch. */
  async stepEpoch(): Promise<void> {
    if (this.phase !== "ready" && this.phase !== "paused") return;
    await this.#stop();
    this.phase = "ready";
    this.#course.target = this.steps;
    this.train(1);
  }

  /** One update of the weights, and a measurement. */
  async stepOnce(): Promise<void> {
    if (this.phase !== "ready" && this.phase !== "paused") return;
    const before = this.phase;
    await this.#stop();
    this.phase = "training";
    this.#onChange();
    this.#work.begin(async (signal) => {
      await this.#fit(1, signal);
      await this.#measure(signal);
      await this.#keep();
      this.phase = before === "paused" && this.steps < this.target ? "paused" : "ready";
    });
  }

  /** Back to the first, random weights. The same seed: the same run again. */
  async reset(): Promise<void> {
    if (this.#trainer === undefined || this.#initial === undefined) return;
    await this.#stop();
    try {
      await this.#goBackTo({ checkpoint: this.#initial, steps: 0, cursor: 0 });
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#beganHere = true;
    this.#course.forgetStates();
    this.#beforeLesson = undefined;
    this.error = undefined;
    this.phase = "ready";
    this.#onChange();
    this.#getReady();
  }

  /** Back to the best weights there were, at most as old as the training, after it diverged; with another learning rate. */
  async goBack(learningRate: number): Promise<void> {
    const to = this.#course.best ?? (this.#initial && { checkpoint: this.#initial, steps: 0, cursor: 0 });
    if (to === undefined || this.phase === "loading") return;
    await this.#stop();
    const { target, steps } = this;
    try {
      await this.#goBackTo(to);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#course.note({ kind: "back", value: steps });
    this.setLearningRate(learningRate);
    this.#beforeLesson = undefined;
    this.error = undefined;
    this.#course.target = target;
    this.phase = this.steps > 0 && this.steps < target ? "paused" : "ready";
    this.#work.begin((signal) => this.#measure(signal));
    await this.#work.done;
  }

  /** Whether the last lesson can be taken back: nothing was trained since. */
  get canUnteach(): boolean {
    return this.#beforeLesson !== undefined && this.#beforeLesson.after === this.steps;
  }

  /**
   * Teaches drawings, mixed with older ones and with training digits, until the network reads them. It is put back as it
   * was where that costs more than half a point of held-out accuracy. Undefined when it cannot start, or was interrupted.
   */
  async teach(lessons: readonly Lesson[], older: readonly Lesson[]): Promise<Taught | undefined> {
    const [digits, trainer, heldOut] = [this.#digits, this.#trainer, this.#quick];
    if (digits === undefined || trainer === undefined || heldOut === undefined || lessons.length === 0)
      return undefined;
    if (this.phase !== "ready" && this.phase !== "paused") return undefined;
    await this.#stop();
    this.phase = "training";
    this.#onChange();
    let taught: Taught | undefined;
    this.#work.begin(async (signal) => {
      const { steps } = this;
      try {
        taught = await teach(trainer, lessons, {
          ...{ older, train: digits.train, heldOut, signal, learningRate: this.#learningRate },
          onStep: (event) => this.#record(event),
        });
      } catch (error) {
        // The lesson put the weights back.
        this.#course.moveTo(steps, 0);
        if (!signal.aborted) throw error;
      }
      if (taught?.kept === false) this.#course.moveTo(steps, 0);
      if (taught?.kept) this.#course.note({ kind: "lesson" });
      if (taught?.kept) this.#beforeLesson = { checkpoint: taught.checkpoint, steps, after: this.steps };
      // Another data set was trained on: the training set starts from its beginning.
      this.#course.cursor = 0;
      this.#course.target = this.steps;
      if (taught) await this.#measure(signal);
      if (taught?.kept) await this.#keep();
      this.phase = "ready";
    });
    await this.#work.done;
    return taught;
  }

  /** Puts weights, optimizer and counters back to what they were before the last lesson, bit for bit. */
  async unteach(): Promise<void> {
    const before = this.#beforeLesson;
    if (before === undefined || !this.canUnteach || this.phase === "training") return;
    await this.#stop();
    this.#beforeLesson = undefined;
    this.#work.begin(async (signal) => {
      await this.#goBackTo({ checkpoint: before.checkpoint, steps: before.steps, cursor: 0 });
      this.#course.target = this.steps;
      await this.#measure(signal);
      await this.#keep();
      this.phase = "ready";
    });
    await this.#work.done;
  }

  /** The network and its training as they are now: what `adopt` takes. */
  async checkpoint(): Promise<Uint8Array | undefined> {
    return this.#trainer?.checkpoint();
  }

  /**
   * Makes a trainer for a network that was saved and restores it there, with the curves `run` where they are known. Whatever
   * can fail fails here: then this throws what that threw, and everything is as it was, also a training under way.
   */
  async tryOut(file: NetworkFile, run: Run = unknownRun(file.steps)): Promise<TriedOut> {
    return tryOut(file, run, {
      openTrainer: this.#openTrainer,
      backend: this.backendKind,
      learningRate: this.#learningRate,
      setup: this.#setup,
    });
  }

  /** Goes on with a network that was tried out: its layers, weights, optimizer and place in the digits. */
  adopt(tried: TriedOut): Promise<void> {
    this.#settingUp = this.#settingUp.then(() => this.#take(tried)).catch((error: unknown) => this.#fail(error));
    return this.#settingUp;
  }

  async #take({ file, trainer, initial, run, setup }: TriedOut): Promise<void> {
    await this.#stop();
    this.#trainer?.dispose();
    this.#trainer = trainer;
    this.#initial = initial;
    this.#beganHere = file.steps === 0;
    this.#pretrained = file.pretrained && file.steps === 0;
    this.#adopted = this.#pretrained || setup === undefined;
    if (setup) this.plan(setup);
    this.adoptions++;
    this.replacements++;
    this.#untrained = file.untrained;
    this.#rule = file.rule;
    this.seed = file.seed;
    this.model = file.model;
    this.batchSize = file.batchSize;
    this.#learningRate = file.learningRate ?? this.#learningRate;
    this.#beforeLesson = undefined;
    this.error = undefined;
    this.#course.adopt({ ...file, checkpoint: file.checkpoint ?? initial }, run);
    this.#augment = variedAtEnd(this.run) ?? this.#augment;
    this.phase = "ready";
    this.#work.begin(async (signal) => {
      await this.#measure(signal);
      await this.#keep();
    });
    await this.#work.done;
  }

  setLearningRate(learningRate: number): void {
    if (learningRate !== this.#learningRate) this.#course.note({ kind: "learningRate", value: learningRate });
    this.#learningRate = learningRate;
    this.#trainer?.setLearningRate(learningRate);
  }

  /** Trains and measures on other digits from the next step on. */
  async useDigits(digits: Digits): Promise<void> {
    const wasTraining = this.phase === "training";
    await this.#stop();
    const before = [this.#digits?.train, this.#digits?.heldOut, this.#quick];
    this.#digits = digits;
    this.#quick = quickSet(digits);
    this.#free(before);
    this.#course.note({ kind: "digits", value: digits.train.count });
    this.#course.changeDigits();
    if (this.phase !== "failed") this.phase = "ready";
    this.#onChange();
    if (wasTraining) this.train(1);
    else this.#work.begin((signal) => this.#measure(signal));
  }

  /** Sets that nothing here uses any more go from the worker and the device. */
  #free(sets: readonly (Dataset | undefined)[]): void {
    const used = [this.#digits?.train, this.#digits?.heldOut, this.#quick];
    for (const set of new Set(sets)) {
      // A trainer that is gone keeps nothing.
      if (set && !used.includes(set)) this.#trainer?.release(set).catch(() => undefined);
    }
  }

  /** What the network says of every picture of a set, and its confusion matrix, from one pass on the device. */
  async readAll(which: "heldOut" | "train", signal: AbortSignal): Promise<Evaluation | undefined> {
    const set = this.#digits?.[which];
    return set && this.#trainer?.evaluate(set, { outputs: true, signal });
  }

  /** Where the time of a step goes. Training is held meanwhile, and goes on as if nothing had been. */
  async profile(): Promise<Profile> {
    if (this.#trainer === undefined || this.#digits === undefined) throw new Error("The session is not open yet.");
    return this.#trainer.profile(this.#digits.train, { steps: this.backendKind === "webgpu" ? 7 : 2 });
  }

  /** Probabilities of the ten digits for one or more images of 28×28, 0…1. */
  async predict(pixels: Float32Array): Promise<Float32Array | undefined> {
    const { data } = (await this.#trainer?.predict(pixels)) ?? {};
    return data;
  }

  /** The network's parameters as they are now, by name. */
  async parameters(): Promise<ReadonlyMap<string, Tensor<Float32Array>>> {
    await this.#trainer?.syncModel();
    return this.model.parameters;
  }

  /** Every layer's values for one image of 28×28, 0…1, and gradients; as `Trainer.inspect`. */
  async inspect(pixels: Float32Array, options: InspectOptions): Promise<Inspection | undefined> {
    return this.#trainer?.inspect(pixels, options);
  }

  /** What draws layers straight from the GPU; undefined on the CPU, where drawing would hold the training up. */
  get drawer(): object | undefined {
    return this.backendKind === "webgpu" ? this.#trainer : undefined;
  }

  /** Draws layers for one image of 28×28, 0…1, as they are at this moment; as `Trainer.draw`. */
  async draw(pixels: Float32Array, drawings: readonly MapsDrawing[], target: number | undefined): Promise<void> {
    await this.#trainer?.draw(pixels, drawings, target === undefined ? {} : { target });
  }

  /** Ends the work under way, between two steps. */
  #stop(): Promise<void> {
    this.#resting.abort();
    return this.#work.stop(() => this.#letGo());
  }

  /** Up to the next measurement. Gives why the training ends there, if it does. */
  async #trainUntilMeasured(signal: AbortSignal): Promise<StopReason | undefined> {
    const toEpochEnd = this.#course.toEpochEnd(this.stepsPerEpoch);
    const steps = stepsToMeasurement({
      steps: this.steps,
      measured: this.latest?.step ?? 0,
      toEpochEnd,
      toTarget: this.target - this.steps,
      toTimeEnd: this.#stopper.stepsLeft(this.stopping, this.last?.millisecondsPerStep),
    });
    const started = performance.now();
    this.#pausedFor = 0;
    await this.#fit(steps, signal);
    const seconds = (performance.now() - started - this.#pausedFor) / 1000;
    await this.#measure(signal, steps === toEpochEnd);
    await this.#keep();
    await this.#checkHealth();
    const { check } = this.#course;
    return check && this.#stopper.take(check, seconds, this.stopping);
  }

  async #fit(steps: number, signal: AbortSignal): Promise<void> {
    if (this.#digits === undefined || this.#trainer === undefined) return;
    await this.#trainer.fit(this.#digits.train, {
      ...{ steps, signal, ...this.#augmentation },
      onStep: (event) => this.#record(event),
    });
  }

  get #settings(): RunSettings {
    const { network, optimizer } = complete(this.#setup, this.backendKind);
    return {
      ...(this.#adopted ? { network: undefined, optimizer: undefined } : { network: encodeRows(network), optimizer }),
      learningRate: this.#learningRate,
      batchSize: this.batchSize,
      seed: this.seed,
      vary: this.augment,
      digits: this.#digits?.train.count ?? 0,
    };
  }

  #record(event: StepEvent): void {
    this.#course.record(event, () => this.#settings);
    this.#onChange();
  }

  async #measure(signal?: AbortSignal, thorough = false): Promise<void> {
    const dataset = thorough ? this.#digits?.heldOut : this.#quick;
    if (dataset === undefined || this.#trainer === undefined) return;
    const before = this.replacements;
    const isCurrent = () => before === this.replacements;
    const reading = await this.#measuring.measure(this.#trainer, dataset, { signal, isCurrent });
    if (reading === undefined) return;
    // By now every step that was taken before has been told of.
    this.#course.measured({ step: this.steps, ...reading, usual: reading.count === this.#quick?.count });
    this.#onChange();
  }

  /** Whether the training learns anything, by its last measurement. */
  async #checkHealth(): Promise<void> {
    const { check } = this.#course;
    if (check === undefined || this.#trainer === undefined || this.#digits === undefined) return;
    const found = await this.#measuring.ailment(this.#trainer, check, this.steps, this.#digits.heldOut);
    const { learningRate = this.#learningRate } = this.#course.ailment ?? {};
    this.#course.ailment = found && { ...found, learningRate };
    this.#onChange();
  }

  /** Keeps the state, for the day when the device goes away or the weights do. */
  async #keep(): Promise<void> {
    if (this.#trainer === undefined) return;
    const { steps, cursor } = this.#course;
    const checkpoint = await this.#trainer.checkpoint();
    this.#course.keep({ checkpoint, steps, cursor });
    this.onKeep?.(checkpoint);
  }

  async #goBackTo({ checkpoint, steps, cursor }: State): Promise<void> {
    await this.#trainer?.restore(withBatchSize(checkpoint, this.batchSize, cursor));
    this.#trainer?.setLearningRate(this.#learningRate);
    if (steps === 0) this.#course.target = 0;
    this.#course.moveTo(steps, cursor);
    this.#measuring.begin();
    this.replacements++;
  }

  /**
   * What can be done before Train is pressed: the training's program, and what the network reads so far. Whoever presses
   * at once waits for nothing of it but what the training needs.
   */
  #getReady(): void {
    this.#work.begin(
      async (signal) => {
        if (this.#digits) await this.#trainer?.prepare(this.#digits.train, { ...this.#augmentation, signal });
        if (this.latest === undefined) await this.#measure(signal);
      },
      { givesWay: true },
    );
  }

  get #augmentation(): Pick<FitOptions, "augment"> {
    return this.augment ? { augment: AUGMENT } : {};
  }

  #fail(error: unknown): void {
    if (error instanceof DivergedError) this.#course.diverged(error.step, error.layer);
    this.error = error;
    this.phase = "failed";
    this.#onChange();
  }
}

/** Names of a model's parameters, wherever their values are. */
function namesOf({ variables }: Model): readonly string[] {
  return variables.map(({ name }) => name);
}
