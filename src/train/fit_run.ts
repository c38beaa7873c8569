import { raceAbort } from "../core/abort.ts";
import { DivergedError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Dataset } from "../data/dataset.ts";
import { EarlyStop } from "./early_stopping.ts";
import { Pace } from "./pace.ts";
import { RING_STEPS, RING_VALUES } from "./programs.ts";
import { Plateau } from "./reduce_on_plateau.ts";
import type { EpochEvent, Evaluation, FitOptions, History, StepEvent } from "./types.ts";

const MOST_SUBMISSIONS_IN_FLIGHT = 2;

export interface Totals {
  loss: number;
  correct: number;
  rows: number;
  /** Of the metrics that sum, in their order. */
  readonly sums: number[];
}

function noTotals(metrics = 0): Totals {
  return { loss: 0, correct: 0, rows: 0, sums: new Array<number>(metrics).fill(0) };
}

/**
 * Sums over steps `first` … `last - 1` of a ring; losses weighted by their rows. `metrics`: values of a record that are
 * metrics' sums; by default all behind loss, right answers and rows.
 */
export function sumRecords(ring: Tensor, first: number, last: number, metrics?: number): Totals {
  const [capacity = 1, width = RING_VALUES] = ring.shape;
  const sums = metrics ?? width - RING_VALUES;
  const totals = noTotals(sums);
  for (let step = first; step < last; step++) {
    const record = (step % capacity) * width;
    const rows = ring.data[record + 2] ?? 0;
    totals.loss += (ring.data[record] ?? Number.NaN) * rows;
    totals.correct += ring.data[record + 1] ?? 0;
    totals.rows += rows;
    addSums(totals, ring.data.subarray(record + RING_VALUES, record + RING_VALUES + sums));
  }
  return totals;
}

/** What a step's record holds behind the metrics' sums. */
function countsOf(ring: Tensor, step: number, sums: number): ArrayLike<number> {
  const [capacity = 1, width = RING_VALUES] = ring.shape;
  const record = (step % capacity) * width;
  return ring.data.subarray(record + RING_VALUES + sums, record + width);
}

/** A report's accuracy: none where the loss knows no classes. */
export function withAccuracy(accuracy: number | undefined): { accuracy?: number } {
  return accuracy === undefined ? {} : { accuracy };
}

function addSums({ sums }: Totals, more: ArrayLike<number>): void {
  for (let index = 0; index < more.length; index++) sums[index] = (sums[index] ?? 0) + (more[index] ?? 0);
}

/** The trainer as one `fit` sees it. */
export interface Runner {
  steps(): number;
  cursor(): number;
  enqueue(steps: number, read: boolean): Promise<Tensor | undefined>;
  /** Pending while the trainer is paused. */
  gate(): Promise<void> | undefined;
  /** Tells that no steps are in flight. */
  held(): void;
  evaluate(dataset: Dataset, signal: AbortSignal | undefined): Promise<Evaluation>;
  /** The share of right answers; undefined where there is nothing to be right about. */
  accuracy(totals: Totals): number | undefined;
  /** Values of a record that are metrics' sums; counts come behind them. */
  readonly sums: number;
  /** The metrics of one step, from its totals and the counts that its record holds. */
  stepMetrics(totals: Totals, counts: ArrayLike<number>): Record<string, number>;
  /** The metrics of what was trained on since the last call. */
  metrics(totals: Totals): Promise<Record<string, number>>;
  /** The rate of the next step. */
  learningRate(): number;
  /** Multiplies the rate, or the whole schedule, by this. */
  scaleLearningRate(factor: number): void;
  /** Notes the weights as they are; the function that comes back puts them back. */
  keepWeights(): Promise<() => void>;
}

/** One call of `fit`: keeps the device busy, reads the ring now and then, and tells the listeners. */
export class FitRun {
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
  readonly #earlyStop: EarlyStop | undefined;
  readonly #plateau: Plateau | undefined;
  #stopped = false;
  #putBackBest: (() => void) | undefined;
  #reported: number;
  #epochTotals: Totals = noTotals();
  #epochStarted = performance.now();

  constructor(runner: Runner, dataset: Dataset, batchSize: number, options: FitOptions, epochs: number) {
    this.#runner = runner;
    this.#options = options;
    this.#batchSize = batchSize;
    this.#earlyStop = options.earlyStopping && new EarlyStop(options.earlyStopping);
    this.#plateau = options.reduceOnPlateau && new Plateau(options.reduceOnPlateau);
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
      while (this.#runner.steps() < this.#lastStep && !this.#stopped) {
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
    this.#putBackBest?.();
    const bestEpoch = this.#earlyStop?.bestEpoch;
    return {
      epochs: this.#epochs,
      stepLosses: this.#stepLosses,
      ...(bestEpoch === undefined ? {} : { bestEpoch, stoppedEarly: this.#stopped }),
    };
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
      const { sums } = this.#runner;
      const totals = sumRecords(ring, step, step + 1, sums);
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
      addSums(this.#epochTotals, totals.sums);
      this.#reported = step + 1;
      this.#options.onStep?.({
        ...this.#stepEvent(step, loss),
        ...withAccuracy(this.#runner.accuracy(totals)),
        metrics: this.#runner.stepMetrics(totals, countsOf(ring, step, sums)),
      });
    }
  }

  #stepEvent(step: number, loss: number): Omit<StepEvent, "accuracy" | "metrics"> {
    const cursor = this.#firstCursor + (step - this.#firstStep);
    const { millisecondsPerStep } = this.#pace;
    return {
      step,
      epoch: Math.floor(cursor / this.#stepsPerEpoch),
      stepInEpoch: cursor % this.#stepsPerEpoch,
      stepsPerEpoch: this.#stepsPerEpoch,
      loss,
      imagesPerSecond: millisecondsPerStep === 0 ? 0 : (this.#batchSize * 1000) / millisecondsPerStep,
      millisecondsPerStep,
      secondsLeft: ((this.#lastStep - step - 1) * millisecondsPerStep) / 1000,
    };
  }

  async #endEpoch(): Promise<void> {
    const { loss, rows } = this.#epochTotals;
    const metrics = await this.#runner.metrics(this.#epochTotals);
    const epoch = Math.floor((this.#runner.cursor() - 1) / this.#stepsPerEpoch);
    const seconds = (performance.now() - this.#epochStarted) / 1000;
    const { validationData, signal } = this.#options;
    const validation = validationData ? await this.#runner.evaluate(validationData, signal) : undefined;
    const event: EpochEvent = {
      epoch,
      loss: loss / rows,
      ...withAccuracy(this.#runner.accuracy(this.#epochTotals)),
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
    this.#epochTotals = noTotals();
    this.#epochStarted = performance.now();
    this.#pace.interrupted();
    this.#options.onEpoch?.(event);
    const reduced = this.#plateau?.take(event, event.learningRate) ?? event.learningRate;
    if (reduced < event.learningRate) this.#runner.scaleLearningRate(reduced / event.learningRate);
    const verdict = this.#earlyStop?.take(event);
    if (verdict === "better" && this.#earlyStop?.restoresBest) this.#putBackBest = await this.#runner.keepWeights();
    this.#stopped = verdict === "stop";
  }
}
