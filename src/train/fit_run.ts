import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Diverging } from "./diverging.ts";
import type { Followers } from "./followers.ts";
import { Pace } from "./pace.ts";
import type { Runner } from "./runner.ts";
import { addTotals, noTotals, RING_STEPS } from "./step_record.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { EpochEvent, FitOptions, History, StepEvent } from "./types.ts";

const MOST_SUBMISSIONS_IN_FLIGHT = 2;

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
  #firstCursor: number;
  /** Steps of this fit in all. */
  #steps: number;
  readonly #followers: Followers | undefined;
  readonly #diverging: Diverging | undefined;
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
  /** Whether it went back to what was noted, on variables that did too. */
  #isRestored = false;
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
      diverging,
    }: {
      epochs: number | undefined;
      steps: number | undefined;
      followers: Followers | undefined;
      diverging: Diverging | undefined;
    },
  ) {
    this.#runner = runner;
    this.#options = options;
    this.#batchSize = batchSize;
    this.#followers = followers;
    this.#diverging = diverging;
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
          if (this.#isRestored) await this.#catchUp();
          // Behind a step that did not count.
          if (this.#failed) await this.#goOn();
          return await this.#train(inFlight, drain);
        } catch (error) {
          await Promise.allSettled(inFlight.splice(0));
          if (recovery && (await this.#standStill(() => recovery.recovered(error, this.#options.signal)))) continue;
          if (error instanceof UncountedStep && this.#diverging?.isPatient()) continue;
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
    const ended = { ...this.#followers?.end(), ...this.#diverging?.end() };
    await recovery?.take();
    return { epochs: this.#epochs, stepLosses: this.#stepLosses, seconds: this.#watch.seconds, ...ended };
  }

  /** Steps that were under way when this was noted may not have counted. */
  async #catchUp(): Promise<void> {
    const { progress } = this.#runner;
    const { steps, cursor } = await this.#runner.stands();
    this.#taken -= progress.steps - steps;
    Object.assign(progress, { steps, cursor });
    this.#isRestored = false;
  }

  /** Leaves the batch out whose step did not count, or goes back. */
  async #goOn(): Promise<void> {
    const { recovery, progress, data } = this.#runner;
    data?.stop();
    const goOn = async () => {
      const done = this.#diverging?.goOn();
      this.#failed = false;
      this.#pace.interrupted();
      if (done === "back") {
        this.#toldSteps = this.#reported;
        this.#toldEpochs = this.#epochs.length;
      }
      if (done !== "skipped") return;
      this.#firstCursor++;
      this.#steps--;
      if (progress.cursor % this.#stepsPerEpoch === 0) await this.#endEpoch();
    };
    await (recovery ? recovery.hold(goOn) : goOn());
    await recovery?.take();
    // Rates that were set since are those that have been lowered.
    this.#changes.length = 0;
    this.#changed = 0;
  }

  /** Notes where it stands; what comes back goes there again, on variables that are set back to it too. */
  capture(): () => void {
    const [taken, reported, epochStarted] = [this.#taken, this.#reported, this.#epochStarted] as const;
    const [losses, epochs, changed] = [this.#stepLosses.length, this.#epochs.length, this.#changed] as const;
    const [stopped, firstCursor, steps] = [this.#stopped, this.#firstCursor, this.#steps] as const;
    const followers = this.#followers?.capture();
    const diverging = this.#diverging?.capture();
    return () => {
      this.#taken = taken;
      this.#reported = reported;
      this.#epochStarted = epochStarted;
      this.#stepLosses.length = losses;
      this.#epochs.length = epochs;
      this.#changed = changed;
      this.#stopped = stopped;
      this.#firstCursor = firstCursor;
      this.#steps = steps;
      this.#failed = false;
      this.#hasLostTurn = true;
      this.#isRestored = true;
      this.#pace.interrupted();
      followers?.();
      diverging?.();
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
    const toState = this.#diverging?.stepsToState ?? left;
    if (toState === 0) {
      await drain();
      await this.#readRing();
      return this.#diverging?.takeState(() => this.capture());
    }
    const most = Math.min(this.#pace.steps(), toEpochEnd, left, RING_STEPS - unread, toChange, toState);
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
    await this.#diverging?.takeState(() => this.capture());
  }
}
