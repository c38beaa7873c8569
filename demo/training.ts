/**
 * The training under way: takes steps up to the next measurement, measures, keeps the state, and begins again, until its
 * epochs are over or a condition ends it. Everything that touches the trainer's weights is one piece of `work` at a time.
 */
import { DivergedError } from "../src/core/errors.ts";
import type { FitOptions, StepEvent } from "../src/train/types.ts";
import { Course } from "./course.ts";
import { Measuring } from "./measuring.ts";
import type { Network } from "./network.ts";
import type { Pictures } from "./pictures.ts";
import { AUGMENT } from "./setup.ts";
import type { State } from "./snapshots.ts";
import type { Status } from "./status.ts";
import { type StopConditions, Stopper, type StopReason, stepsToMeasurement } from "./train/stopping.ts";
import { Hold, Work } from "./work.ts";

/** What a training is of, and who hears of it. */
export interface TrainingParts {
  readonly network: Network;
  readonly pictures: Pictures;
  readonly status: Status;
}

export class Training {
  readonly course = new Course();
  /** When it ends before its last epoch. */
  stopping: StopConditions = {};
  /** Whether the best weights come back where it does. */
  restoresBest = true;
  /** Called when a state was kept that a later visit can go on from. */
  onKeep: ((checkpoint: Uint8Array) => void) | undefined;

  readonly #network: Network;
  readonly #pictures: Pictures;
  readonly #status: Status;
  /** Everything that touches the trainer's weights. */
  readonly #work: Work;
  readonly #measuring = new Measuring();
  #augment = true;
  /** Follows a training from its start to its end, pauses and all. */
  #stopper = new Stopper();
  /** The number of steps that ends it before its last epoch does. */
  #limit: number | undefined;
  /** Holds the training between two measurements, while it is paused. */
  #hold: Hold | undefined;
  /** Ends what measures while it is paused. */
  #resting = new AbortController();

  constructor({ network, pictures, status }: TrainingParts) {
    this.#network = network;
    this.#pictures = pictures;
    this.#status = status;
    this.#work = new Work({ onFailure: (error) => this.fail(error), onEnd: status.changed });
  }

  /** Whether it is on random copies of the digits. */
  get augment(): boolean {
    return this.#augment;
  }

  set augment(augment: boolean) {
    if (augment !== this.#augment) this.course.note({ kind: "vary", value: augment });
    this.#augment = augment;
  }

  /** What scores are divided by for probabilities that held-out digits bear out. */
  get temperature(): number {
    return this.#measuring.temperature;
  }

  get stepsPerEpoch(): number {
    return Math.ceil((this.#pictures.digits?.train.count ?? 0) / this.#network.batchSize);
  }

  /** Steps of `epochs` epochs from here, an epoch begun counts as one; fewer where the conditions say so. */
  stepsIn(epochs: number): number {
    const perEpoch = this.stepsPerEpoch;
    if (perEpoch === 0) return 0;
    const { cursor } = this.course;
    const whole = (Math.floor(cursor / perEpoch) + epochs) * perEpoch - cursor;
    return Math.min(whole, this.stopping.steps ?? whole);
  }

  /** Trains `epochs` more epochs, or goes on to where a pause interrupted. */
  train(epochs: number): void {
    this.#resting.abort();
    if (this.#status.phase === "paused" && this.#hold) {
      this.#letGo();
      this.#status.become("training");
      return;
    }
    if (!this.#status.isAtRest) return;
    const { course } = this;
    if (course.steps >= course.target) {
      const steps = this.stepsIn(epochs);
      course.target = course.steps + steps;
      this.#limit = steps === this.stopping.steps ? steps : undefined;
      this.#stopper = new Stopper();
      this.#measuring.begin();
    }
    course.stopped = undefined;
    this.#status.become("training");
    this.#work.begin(async (signal) => {
      let why: StopReason | undefined;
      while (course.steps < course.target && why === undefined) {
        // The trainer's own pause ends with what it was taking steps for.
        await this.#hold?.ended;
        signal.throwIfAborted();
        why = await this.#trainUntilMeasured(signal);
      }
      // A pause that came with the last steps held nothing, and holds nothing later.
      this.#letGo();
      if (this.#limit !== undefined) why ??= { kind: "steps", value: this.#limit };
      if (why) await this.#end(why, signal);
      this.#status.phase = "ready";
    });
  }

  /** It ends here, because of a condition: with the best weights, where the visitor wants them. */
  async #end(why: StopReason, signal: AbortSignal): Promise<void> {
    const { course } = this;
    const better = this.restoresBest ? course.better : undefined;
    course.target = course.steps;
    if (better && this.#network.trainer) {
      this.#network.takeWeights(better);
      course.note({ kind: "best", value: better.steps });
      await this.measure(signal);
      await this.keep();
    }
    course.stopped = { why, best: better?.steps };
    course.note({ kind: "stopped", why });
  }

  /** Holds it, and measures it: what is kept of it says how well it reads. */
  pause(): void {
    if (this.#status.phase !== "training") return;
    const held = this.#network.trainer?.pause();
    this.#status.become("paused");
    this.#hold = new Hold();
    this.#resting = new AbortController();
    const { signal } = this.#resting;
    held
      ?.then(() => (signal.aborted ? undefined : this.#rest(signal)))
      // The training itself meets the same failure and tells the visitor.
      .catch(() => undefined);
  }

  /** It goes on where it is held. */
  #letGo(): void {
    const { trainer } = this.#network;
    if (trainer?.paused) trainer.resume();
    this.#hold?.end();
    this.#hold = undefined;
  }

  /** What there is to do while it is held. Kept at once too: a page may be closed at any moment. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (this.course.latest?.step !== this.course.steps) {
      await this.keep();
      signal.throwIfAborted();
      await this.measure(signal);
      signal.throwIfAborted();
    }
    await this.keep();
  }

  /** To the end of the epoch. */
  async stepEpoch(): Promise<void> {
    if (!this.#status.isAtRest) return;
    await this.stop();
    this.#status.phase = "ready";
    this.course.target = this.course.steps;
    this.train(1);
  }

  /** One update of the weights, and a measurement. */
  async stepOnce(): Promise<void> {
    if (!this.#status.isAtRest) return;
    const before = this.#status.phase;
    await this.stop();
    this.#status.become("training");
    const { course } = this;
    this.#work.begin(async (signal) => {
      await this.#fit({ steps: 1 }, signal);
      await this.measure(signal);
      await this.keep();
      this.#status.phase = before === "paused" && course.steps < course.target ? "paused" : "ready";
    });
  }

  /** Does a piece of work on the weights after those begun; resolves when nothing is under way any more. */
  async work(piece: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#work.begin(piece);
    await this.#work.done;
  }

  /** Ends the work under way, between two steps. */
  stop(): Promise<void> {
    this.#resting.abort();
    return this.#work.stop(() => this.#letGo());
  }

  /** Up to the next measurement. Gives why it ends there, if it does. */
  async #trainUntilMeasured(signal: AbortSignal): Promise<StopReason | undefined> {
    const { course } = this;
    const perEpoch = this.stepsPerEpoch;
    const steps = stepsToMeasurement({
      steps: course.steps,
      measured: course.latest?.step ?? 0,
      toEpochEnd: course.toEpochEnd(perEpoch),
      toTarget: course.target - course.steps,
    });
    const left = this.#stopper.secondsLeft(this.stopping);
    const seconds = await this.#fit({ steps, ...(left === undefined ? {} : { seconds: left }) }, signal);
    await this.measure(signal, course.cursor % perEpoch === 0);
    await this.keep();
    await this.#checkHealth();
    return course.check && this.#stopper.take(course.check, seconds, this.stopping);
  }

  /** Takes steps; gives the seconds that they took. */
  async #fit(until: Pick<FitOptions, "steps" | "seconds">, signal: AbortSignal): Promise<number> {
    const { digits } = this.#pictures;
    if (digits === undefined) return 0;
    const history = await this.#network.trainer?.fit(digits.train, {
      ...{ ...until, signal, ...this.#augmentation },
      onStep: (event) => this.record(event),
    });
    return history?.seconds ?? 0;
  }

  get #augmentation(): Pick<FitOptions, "augment"> {
    return this.augment ? { augment: AUGMENT } : {};
  }

  /** A step was taken. */
  record(event: StepEvent): void {
    const { train } = this.#pictures.digits ?? {};
    this.course.record(event, () => this.#network.settings({ vary: this.augment, digits: train?.count ?? 0 }));
    this.#status.changed();
  }

  /** Reads held-out digits; with `thorough` all of them. */
  async measure(signal?: AbortSignal, thorough = false): Promise<void> {
    const { digits, quick } = this.#pictures;
    const dataset = thorough ? digits?.heldOut : quick;
    const { trainer, replacements } = this.#network;
    if (dataset === undefined || trainer === undefined) return;
    const isCurrent = () => replacements === this.#network.replacements;
    const reading = await this.#measuring.measure(trainer, dataset, { signal, isCurrent });
    if (reading === undefined) return;
    // By now every step that was taken before has been told of.
    this.course.measured({ step: this.course.steps, ...reading, usual: reading.count === this.#pictures.quick?.count });
    this.#status.changed();
  }

  /** Whether it learns anything, by its last measurement. */
  async #checkHealth(): Promise<void> {
    const { course } = this;
    const { trainer, learningRate: now } = this.#network;
    const { digits } = this.#pictures;
    if (course.check === undefined || trainer === undefined || digits === undefined) return;
    const found = await this.#measuring.ailment(trainer, course.check, course.steps, digits.heldOut);
    const { learningRate = now } = course.ailment ?? {};
    course.ailment = found && { ...found, learningRate };
    this.#status.changed();
  }

  /** Keeps the state, for the day when the device goes away or the weights do. */
  async keep(): Promise<void> {
    const { trainer } = this.#network;
    if (trainer === undefined) return;
    const { steps, cursor } = this.course;
    const checkpoint = await trainer.checkpoint();
    this.course.keep({ checkpoint, steps, cursor });
    this.onKeep?.(checkpoint);
  }

  /** Goes back to one of its states. */
  async goBackTo(state: State): Promise<void> {
    await this.#network.restore(state);
    if (state.steps === 0) this.course.target = 0;
    this.course.moveTo(state.steps, state.cursor);
    this.#measuring.begin();
  }

  /**
   * What can be done before Train is pressed: the training's program, and what the network reads so far. Whoever presses
   * at once waits for nothing of it but what the training needs.
   */
  getReady(): void {
    this.#work.begin(
      async (signal) => {
        const { digits } = this.#pictures;
        if (digits) await this.#network.trainer?.prepare(digits.train, { ...this.#augmentation, signal });
        if (this.course.latest === undefined) await this.measure(signal);
      },
      { givesWay: true },
    );
  }

  fail(error: unknown): void {
    if (error instanceof DivergedError) this.course.diverged(error.step, error.layer);
    this.#status.error = error;
    this.#status.become("failed");
  }
}
