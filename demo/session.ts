/**
 * One training session: the data, the network on its trainer, the training, and lessons. The page shows `Session`'s state and
 * calls its methods; it hears of every change through `onChange`. What concerns several of its parts is done here: opening,
 * other settings, going back, a network from a file, other digits.
 */
import type { AffineRanges } from "../src/core/affine.ts";
import { WebGpuUnavailableError } from "../src/core/errors.ts";
import type { Recovered } from "../src/train/types.ts";
import type { Digits } from "./digits.ts";
import type { NetworkFile } from "./network_file.ts";
import { type Run, unknownRun, variedAtEnd } from "./run.ts";
import { SessionState } from "./session_state.ts";
import { AUGMENT, type Force, LOSS, type Opened, type OpenTrainer, openBest, type Setup } from "./setup.ts";
import type { State } from "./snapshots.ts";
import type { Lesson, Taught } from "./teaching.ts";
import type { StopConditions } from "./train/stopping.ts";
import { type TriedOut, tryOut } from "./try_out.ts";

export class Session extends SessionState {
  readonly #force: Force;
  readonly #load: () => Promise<Digits>;
  readonly #openTrainer: OpenTrainer;
  #settingUp: Promise<void> = Promise.resolve();

  /** `load` brings the digits that a session opens with, `openTrainer` makes what trains. */
  constructor(options: {
    force: Force;
    load: () => Promise<Digits>;
    openTrainer: OpenTrainer;
    onChange: () => void;
  }) {
    const openTrainer: OpenTrainer = ({ model, optimizer, batchSize, seed }, backend) =>
      options.openTrainer(
        { model, optimizer, batchSize, seed, onRecovered: (recovered) => this.#recovered(recovered) },
        backend,
      );
    super(openTrainer, options.onChange);
    this.#force = options.force;
    this.#load = options.load;
    this.#openTrainer = openTrainer;
  }

  // ---- training

  /** Whether training is on random copies of the digits. */
  get augment(): boolean {
    return this.training.augment;
  }

  set augment(augment: boolean) {
    this.training.augment = augment;
  }

  /** How far the random copies go; undefined where it trains on the digits themselves. */
  get augmentRanges(): AffineRanges | undefined {
    return this.augment ? AUGMENT : undefined;
  }

  /** What it is trained by. */
  get loss(): typeof LOSS {
    return LOSS;
  }

  /** When the training ends before its last epoch. */
  set stopping(conditions: StopConditions) {
    this.training.stopping = conditions;
  }

  /** Whether the best weights come back where it does. */
  set restoresBest(restores: boolean) {
    this.training.restoresBest = restores;
  }

  /** Called when a state was kept that a later visit can go on from. */
  set onKeep(listener: (checkpoint: Uint8Array) => void) {
    this.training.onKeep = listener;
  }

  /** Trains `epochs` more epochs, or goes on to where a pause interrupted. */
  train(epochs: number): void {
    this.training.train(epochs);
  }

  /** Holds the training, and measures it: what is kept of it says how well it reads. */
  pause(): void {
    this.training.pause();
  }

  /** To the end of the epoch. */
  stepEpoch(): Promise<void> {
    return this.training.stepEpoch();
  }

  /** One update of the weights, and a measurement. */
  stepOnce(): Promise<void> {
    return this.training.stepOnce();
  }

  setLearningRate(learningRate: number): void {
    if (learningRate !== this.learningRate) this.training.course.note({ kind: "learningRate", value: learningRate });
    this.network.setLearningRate(learningRate);
  }

  // ---- opening, and other settings

  /** Loads the digits and makes the trainer; also after a failure, then from the last state that was kept. */
  async open(): Promise<void> {
    const [network, training, { course }] = [this.network, this.training, this.training];
    this.status.error = undefined;
    this.status.become("loading");
    try {
      network.dispose();
      // A training that was begun is not left for a smaller network.
      if (course.newest) network.keepSettings();
      const opening = openBest(this.#force, (backend) => network.make(backend));
      if (this.digits === undefined) this.pictures.take(await this.#loadBeside(opening));
      const { trainer, backendKind, passedOver } = await opening;
      network.trainer = trainer;
      network.backendKind = backendKind;
      this.passedOver = passedOver;
      if (course.newest) await training.goBackTo(course.newest);
      else await network.begin();
      this.status.become(this.steps > 0 ? "paused" : "ready");
      training.getReady();
    } catch (error) {
      training.fail(error);
    }
  }

  /** The device was lost, and the training goes on; where no device came back, on the processor. */
  #recovered({ backend: { kind } }: Recovered): void {
    if (kind === this.backendKind) return;
    this.network.keepSettings();
    this.network.backendKind = kind;
    this.passedOver = [new WebGpuUnavailableError("no-device", "The graphics card went away and did not come back.")];
    this.status.changed();
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

  /** What the settings ask for, before `open`. */
  plan(setup: Setup): void {
    this.network.plan(setup);
  }

  /** What the settings ask for. Another batch size keeps the weights; all else begins anew. */
  setUp(setup: Setup): Promise<void> {
    this.plan(setup);
    const anew = "network" in setup || "optimizer" in setup || "seed" in setup;
    return this.#afterSettings(() => this.#rebuild(anew));
  }

  /** Does what makes another trainer after what did so before. */
  #afterSettings(work: () => Promise<void>): Promise<void> {
    this.#settingUp = this.#settingUp.then(work).catch((error: unknown) => this.training.fail(error));
    return this.#settingUp;
  }

  async #rebuild(anew: boolean): Promise<void> {
    if (this.phase === "loading" || this.digits === undefined) return;
    const training = this.training;
    const wasTraining = this.phase === "training";
    await training.stop();
    const { course, stepsPerEpoch } = training;
    const { batchSize } = this;
    const kept = anew ? undefined : await this.#stateToKeep();
    const imagesLeft = Math.max(0, this.target - (kept?.steps ?? this.steps)) * batchSize;
    if (anew) course.begin();
    this.status.error = undefined;
    this.status.become("loading");
    await this.network.remake({ anew });
    this.lessons.forget();
    if (kept) {
      // Whole epochs stay whole: their last batches are shorter ones.
      const epochs = Math.floor(kept.cursor / stepsPerEpoch);
      const taken = Math.floor(((kept.cursor % stepsPerEpoch) * batchSize) / this.batchSize);
      await training.goBackTo({ ...kept, cursor: epochs * training.stepsPerEpoch + taken });
      course.note({ kind: "batchSize", value: this.batchSize });
      course.target = kept.steps + Math.ceil(imagesLeft / this.batchSize);
      await training.keep();
    } else await this.network.begin();
    this.status.become(this.steps < this.target ? "paused" : "ready");
    if (wasTraining && kept) this.train(1);
    else training.getReady();
  }

  /** What another trainer goes on from: the weights at hand, and after a failure those that were kept. */
  async #stateToKeep(): Promise<State | undefined> {
    if (this.phase === "failed") return this.#bestOrFirst;
    const { steps, cursor } = this.training.course;
    const checkpoint = await this.checkpoint();
    return checkpoint && { checkpoint, steps, cursor };
  }

  get #bestOrFirst(): State | undefined {
    return this.training.course.best ?? this.network.first;
  }

  // ---- going back

  /** Back to the first, random weights. The same seed: the same run again. */
  async reset(): Promise<void> {
    const { first, trainer } = this.network;
    if (trainer === undefined || first === undefined || !(await this.#goBackTo(first))) return;
    this.network.beginAgain();
    this.training.course.forgetStates();
    this.status.become("ready");
    this.training.getReady();
  }

  /** Back to the best weights there were, at most as old as the training, after it diverged; with another learning rate. */
  async goBack(learningRate: number): Promise<void> {
    const to = this.#bestOrFirst;
    if (to === undefined || this.phase === "loading") return;
    await this.training.stop();
    const { target, steps } = this;
    if (!(await this.#goBackTo(to))) return;
    const { course } = this.training;
    course.note({ kind: "back", value: steps });
    this.setLearningRate(learningRate);
    course.target = target;
    this.status.phase = this.steps > 0 && this.steps < target ? "paused" : "ready";
    await this.training.work((signal) => this.training.measure(signal));
  }

  /** Ends what is under way and goes back to a state; false where that failed. */
  async #goBackTo(state: State): Promise<boolean> {
    await this.training.stop();
    try {
      await this.training.goBackTo(state);
    } catch (error) {
      this.training.fail(error);
      return false;
    }
    this.lessons.forget();
    this.status.error = undefined;
    return true;
  }

  // ---- lessons

  /**
   * Teaches drawings, mixed with older ones and with training digits, until the network reads them. It is put back as it
   * was where that, and the lessons right before it, cost more than half a point of held-out accuracy. Undefined when it cannot start, or was interrupted.
   */
  teach(lessons: readonly Lesson[], older: readonly Lesson[]): Promise<Taught | undefined> {
    return this.lessons.teach(lessons, older);
  }

  /** Puts weights, optimizer and counters back to what they were before the last lesson, bit for bit. */
  unteach(): Promise<void> {
    return this.lessons.takeBack();
  }

  // ---- a network from a file, and other digits

  /**
   * Makes a trainer for a network that was saved and restores it there, with the curves `run` where they are known. Whatever
   * can fail fails here: then this throws what that threw, and everything is as it was, also a training under way.
   */
  async tryOut(file: NetworkFile, run: Run = unknownRun(file.steps)): Promise<TriedOut> {
    const { backendKind, learningRate, setup } = this.network;
    return tryOut(file, run, { openTrainer: this.#openTrainer, backend: backendKind, learningRate, setup });
  }

  /** Goes on with a network that was tried out: its layers, weights, optimizer and place in the digits. */
  adopt(tried: TriedOut): Promise<void> {
    return this.#afterSettings(() => this.#take(tried));
  }

  async #take(tried: TriedOut): Promise<void> {
    const training = this.training;
    await training.stop();
    this.network.take(tried);
    this.lessons.forget();
    this.status.error = undefined;
    training.course.adopt({ ...tried.file, checkpoint: tried.file.checkpoint ?? tried.initial }, tried.run);
    training.augment = variedAtEnd(this.run) ?? this.augment;
    this.status.phase = "ready";
    await training.work(async (signal) => {
      await training.measure(signal);
      await training.keep();
    });
  }

  /** Trains and measures on other digits from the next step on. */
  async useDigits(digits: Digits): Promise<void> {
    const training = this.training;
    const wasTraining = this.phase === "training";
    await training.stop();
    for (const set of this.pictures.take(digits)) {
      // A trainer that is gone keeps nothing.
      this.network.trainer?.release(set).catch(() => undefined);
    }
    training.course.note({ kind: "digits", value: digits.train.count });
    training.course.changeDigits();
    if (this.phase !== "failed") this.status.phase = "ready";
    this.status.changed();
    if (wasTraining) this.train(1);
    else void training.work((signal) => training.measure(signal));
  }
}
