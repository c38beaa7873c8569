import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Followers } from "./followers.ts";
import { Pace } from "./pace.ts";
import type { Progress } from "./progress.ts";
import type { Recovery } from "./recovery.ts";
import { addTotals, noTotals, RING_STEPS, type StepRecord, type Totals } from "./step_record.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { Turn } from "./turns.ts";
import type { EpochEvent, Evaluation, FitOptions, History, StepEvent } from "./types.ts";

const MOST_SUBMISSIONS_IN_FLIGHT = 2;

/** The data of a run's steps, as they are wanted. */
export interface Supplies {
  /** How many of at most `most` steps can be taken now; 0 where there is something else to be done. `left`: until the end. */
  supply(most: number, left: number): Promise<number>;
  /** The run is over. */
  stop(): void;
}

/** The trainer as one `fit` sees it. */
export interface Runner {
  readonly turn: Turn;
  /** How far the trainer has come; the run counts on in it. */
  readonly progress: Progress;
  readonly record: StepRecord;
  /** Goes on after a lost device, where that is wanted. */
  readonly recovery: Recovery | undefined;
  /** Brings the data of the next steps to the device, where not all of it lies there. */
  readonly data: Supplies | undefined;
  /** Sends steps off; resolves when they are done, with their reports on request. `weights`: the model is to remember them. */
  enqueue(steps: number, read: { ring?: boolean; weights?: boolean }): Promise<Tensor | undefined>;
  evaluate(dataset: Dataset, signal: AbortSignal | undefined): Promise<Evaluation>;
  /** The share of right answers, where there is something to be right about. */
  accuracy(totals: Totals): { accuracy?: number };
  /** The metrics of one step, from its totals and the counts that its record holds. */
  stepMetrics(totals: Totals, counts: ArrayLike<number>): Record<string, number>;
  /** The metrics of what was trained on since the last call. */
  metrics(totals: Totals): Promise<Record<string, number>>;
  /** The rate of the next step. */
  learningRate(): number;
}

/** A step that the device did not count, since something in it is not finite. */
export class UncountedStep extends Error {}

/**
 * One call of `fit`: keeps the device busy, reads the ring now and then, and tells the listeners. Its steps are counted from
 * 0; passes over the data set ("epochs") from the data set's beginning, so that a run that was cut short goes on in the
 * middle of one.
 */
export class FitRun {
  readonly #runner: Runner;
  readonly #options: FitOptions;
  readonly #batchSize: number;
  readonly #pace = new Pace();
  readonly #stepLosses: number[] = [];
  readonly #epochs: EpochEvent[] = [];
  readonly #stepsPerEpoch: number;
  readonly #firstCursor: number;
  /** Steps of this fit in all. */
  readonly #steps: number;
  readonly #followers: Followers | undefined;
  #stopped = false;
  /** Whether the device did not count a step, so that what lies in the ring behind it is old. */
  #failed = false;
  /** Whether a listener has thrown, which then hears no more. */
  #deaf = false;
  /** Steps that are done or under way, and those that the listeners have heard of. */
  #taken = 0;
  #reported = 0;
  /** Steps and epochs that the listeners have heard of, also before a lost device. */
  #toldSteps = 0;
  #toldEpochs = 0;
  /** What was changed from outside before a step of this number, and how much of it has been. */
  readonly #changes: { readonly at: number; readonly again: () => void }[] = [];
  #changed = 0;
  /** Whether it may have lost its turn. */
  #hasLostTurn = false;
  readonly #watch = new Stopwatch();
  /** What it showed when the epoch began. */
  #epochStarted = 0;

  constructor(
    runner: Runner,
    dataset: Dataset,
    batchSize: number,
    options: FitOptions,
    {
      epochs,
      steps,
      followers,
    }: { epochs: number | undefined; steps: number | undefined; followers: Followers | undefined },
  ) {
    this.#runner = runner;
    this.#options = options;
    this.#batchSize = batchSize;
    this.#followers = followers;
    this.#stepsPerEpoch = Math.ceil(dataset.count / batchSize);
    this.#firstCursor = runner.progress.cursor;
    const isBounded = steps !== undefined || options.seconds !== undefined;
    const passes = epochs ?? (isBounded ? Number.POSITIVE_INFINITY : 1);
    this.#steps = Math.min(passes * this.#stepsPerEpoch, steps ?? Number.POSITIVE_INFINITY);
  }

  /** The trainer's number of this fit's first step; steps on other batches may come in between while the run gives way. */
  get #firstStep(): number {
    return this.#runner.progress.steps - this.#taken;
  }

  async run(): Promise<History> {
    const inFlight: Promise<void>[] = [];
    const drain = async () => {
      const waiting = inFlight.splice(0);
      await Promise.all(waiting);
    };
    const { recovery } = this.#runner;
    recovery?.begin(this);
    this.#watch.start();
    try {
      while (true) {
        try {
          return await this.#train(inFlight, drain);
        } catch (error) {
          await Promise.allSettled(inFlight.splice(0));
          if (recovery && (await this.#standStill(() => recovery.recovered(error, this.#options.signal)))) continue;
          // The steps in flight were taken: they count, and their listeners hear of them before the caller hears of the end.
          if (!this.#failed) await this.#readRing().catch(() => undefined);
          await recovery?.take().catch(() => undefined);
          throw error;
        }
      }
    } finally {
      this.#watch.stop();
      this.#runner.data?.stop();
      recovery?.end();
    }
  }

  async #train(inFlight: Promise<void>[], drain: () => Promise<void>): Promise<History> {
    const { recovery, turn } = this.#runner;
    while (this.#taken < this.#steps && !this.#stopped && this.#secondsLeft > 0) {
      if (turn.wanted || this.#hasLostTurn) {
        await drain();
        await this.#readRing();
        // Whoever wants the trainer may change it, from this point on.
        if (!this.#hasLostTurn) await recovery?.take();
        await this.#standStill(() => turn.giveWay());
        this.#hasLostTurn = false;
      }
      this.#options.signal?.throwIfAborted();
      await this.#next(inFlight, drain);
    }
    // Where the time is up, there are steps under way.
    await drain();
    await this.#readRing();
    const ended = this.#followers?.end();
    await recovery?.take();
    return { epochs: this.#epochs, stepLosses: this.#stepLosses, seconds: this.#watch.seconds, ...ended };
  }

  /** Notes where it stands; what comes back goes there again, on variables that are set back to it too. */
  capture(): () => void {
    const [taken, reported, epochStarted] = [this.#taken, this.#reported, this.#epochStarted] as const;
    const [losses, epochs, changed] = [this.#stepLosses.length, this.#epochs.length, this.#changed] as const;
    const stopped = this.#stopped;
    const followers = this.#followers?.capture();
    return () => {
      this.#taken = taken;
      this.#reported = reported;
      this.#epochStarted = epochStarted;
      this.#stepLosses.length = losses;
      this.#epochs.length = epochs;
      this.#changed = changed;
      this.#stopped = stopped;
      this.#failed = false;
      this.#hasLostTurn = true;
      this.#pace.interrupted();
      followers?.();
    };
  }

  /** Something was changed from outside before the next step; on a fresh device it is changed there again. */
  changed(again: () => void): void {
    // What was still to be changed again is past.
    this.#changes.splice(this.#changed);
    this.#changes.push({ at: this.#taken, again });
    this.#changed = this.#changes.length;
  }

  /** Until the time is up that it was given. */
  get #secondsLeft(): number {
    const { seconds = Number.POSITIVE_INFINITY } = this.#options;
    return seconds - this.#watch.seconds;
  }

  /** Waits for what is no training, with no step under way. */
  async #standStill<T>(work: () => Promise<T>): Promise<T> {
    this.#watch.stop();
    const result = await work();
    this.#watch.start();
    this.#pace.interrupted();
    return result;
  }

  /** One submission, and what comes with the end of an epoch. */
  async #next(inFlight: Promise<void>[], drain: () => Promise<void>): Promise<void> {
    const toEpochEnd = this.#stepsPerEpoch - (this.#runner.progress.cursor % this.#stepsPerEpoch);
    const unread = this.#taken - this.#reported;
    const left = this.#steps - this.#taken;
    const toChange = this.#changeAgain();
    const most = Math.min(this.#pace.steps(), toEpochEnd, left, RING_STEPS - unread, toChange);
    const sent = performance.now();
    const { data, recovery } = this.#runner;
    const steps = data ? await data.supply(most, left) : most;
    if (steps === 0) {
      await drain();
      return this.#readRing();
    }
    const endsEpoch = steps === toEpochEnd;
    const ends = endsEpoch || this.#taken + steps === this.#steps || unread + steps > RING_STEPS / 2;
    const submission = this.#submit(steps, sent, this.#pace.wantsRead(performance.now()) || ends);
    // Whoever awaits `inFlight` sees a failure; this keeps it from counting as unhandled until then.
    submission.catch(() => undefined);
    inFlight.push(submission);
    if (ends) await drain();
    else if (inFlight.length >= MOST_SUBMISSIONS_IN_FLIGHT) await inFlight.shift();
    if (endsEpoch) await (recovery ? recovery.hold(() => this.#endEpoch()) : this.#endEpoch());
    recovery?.takeWhereDue();
  }

  /** Does again what was changed before this step; the steps until there is more of that. */
  #changeAgain(): number {
    while (true) {
      const change = this.#changes[this.#changed];
      if (change === undefined) return Number.POSITIVE_INFINITY;
      if (change.at > this.#taken) return change.at - this.#taken;
      change.again();
      this.#changed++;
    }
  }

  async #submit(steps: number, sent: number, read: boolean): Promise<void> {
    this.#taken += steps;
    const end = this.#taken;
    const ring = await this.#runner.enqueue(steps, { ring: read, weights: end === this.#steps });
    this.#pace.done(steps, sent, performance.now());
    if (ring) this.#report(ring, end);
  }

  async #readRing(): Promise<void> {
    const end = this.#taken;
    if (this.#reported === end) return;
    const ring = await this.#runner.enqueue(0, { ring: true });
    if (ring) this.#report(ring, end);
  }

  /** Tells the listeners about every step up to `end` that they have not heard of. */
  #report(ring: Tensor, end: number): void {
    const { record, progress } = this.#runner;
    const first = this.#firstStep;
    for (let step = this.#reported; step < end && !this.#failed; step++) {
      const totals = record.totals(ring, RING_STEPS, first + step, first + step + 1);
      const loss = totals.loss / totals.rows;
      if (!Number.isFinite(loss)) throw this.#uncounted(step);
      this.#stepLosses.push(loss);
      addTotals(progress.totals, totals);
      this.#reported = step + 1;
      if (step < this.#toldSteps) continue;
      this.#toldSteps = step + 1;
      this.#tell(() =>
        this.#options.onStep?.({
          ...this.#stepEvent(step, loss),
          ...this.#runner.accuracy(totals),
          metrics: this.#runner.stepMetrics(totals, record.rest(ring, RING_STEPS, first + step)),
        }),
      );
    }
  }

  #tell(listener: () => void): void {
    if (this.#deaf) return;
    try {
      listener();
    } catch (error) {
      this.#deaf = true;
      throw error;
    }
  }

  /** The device stays at this step, and so does the host. */
  #uncounted(step: number): UncountedStep {
    const { progress } = this.#runner;
    this.#failed = true;
    progress.steps -= this.#taken - step;
    progress.cursor -= this.#taken - step;
    this.#taken = step;
    return new UncountedStep();
  }

  #stepEvent(step: number, loss: number): Omit<StepEvent, "accuracy" | "metrics"> {
    const cursor = this.#firstCursor + step;
    const { millisecondsPerStep } = this.#pace;
    const stepsLeft = this.#steps - step - 1;
    const forSteps = Number.isFinite(stepsLeft) ? (stepsLeft * millisecondsPerStep) / 1000 : stepsLeft;
    return {
      step: this.#firstStep + step,
      epoch: Math.floor(cursor / this.#stepsPerEpoch),
      stepInEpoch: cursor % this.#stepsPerEpoch,
      stepsPerEpoch: this.#stepsPerEpoch,
      loss,
      imagesPerSecond: millisecondsPerStep === 0 ? 0 : (this.#batchSize * 1000) / millisecondsPerStep,
      millisecondsPerStep,
      secondsLeft: Math.max(0, Math.min(forSteps, this.#secondsLeft)),
    };
  }

  async #endEpoch(): Promise<void> {
    const { progress } = this.#runner;
    const { totals } = progress;
    const metrics = await this.#runner.metrics(totals);
    const epoch = Math.floor((progress.cursor - 1) / this.#stepsPerEpoch);
    const seconds = this.#watch.seconds - this.#epochStarted;
    const { validationData, signal } = this.#options;
    const validation = validationData && (await this.#standStill(() => this.#runner.evaluate(validationData, signal)));
    const event: EpochEvent = {
      epoch,
      loss: totals.loss / totals.rows,
      ...this.#runner.accuracy(totals),
      metrics,
      learningRate: this.#runner.learningRate(),
      seconds,
      ...(validation
        ? {
            validationLoss: validation.loss,
            ...(validation.accuracy === undefined ? {} : { validationAccuracy: validation.accuracy }),
            validationMetrics: validation.metrics,
          }
        : {}),
    };
    this.#epochs.push(event);
    progress.totals = noTotals(totals.sums.length);
    this.#epochStarted = this.#watch.seconds;
    this.#pace.interrupted();
    if (this.#epochs.length > this.#toldEpochs) {
      this.#toldEpochs = this.#epochs.length;
      this.#tell(() => this.#options.onEpoch?.(event));
    }
    this.#stopped = (await this.#followers?.take(event)) ?? false;
  }
}
