/**
 * The course of a training: how far it is, what was measured on the way, and the states that it can go back to. It knows
 * no network and no trainer; `Session` tells it what those did.
 */
import type { StepEvent } from "../src/index.ts";
import {
  type Change,
  diverged,
  emptyRun,
  type Measurement,
  measure,
  note,
  type Run,
  record,
  truncated,
  unknownRun,
} from "./run.ts";
import { type Scored, Snapshots, type State } from "./snapshots.ts";
import type { Found } from "./train/ailments.ts";
import type { RunSettings } from "./train/run_settings.ts";
import type { Check, StopReason } from "./train/stopping.ts";

/** How a training ended by itself. */
export interface Stopped {
  readonly why: StopReason;
  /** The step whose weights are back, where they were better than the last ones. */
  readonly best: number | undefined;
}

export class Course {
  run: Run = emptyRun();
  /** Updates made. */
  steps = 0;
  /** The step that the current training goes to. */
  target = 0;
  /** Batches of the current data set taken so far. */
  cursor = 0;
  last: StepEvent | undefined;
  /** How the last training ended by itself. */
  stopped: Stopped | undefined;
  /** What is wrong with it, though its numbers are numbers. */
  ailment: Found | undefined;
  #check: (Check & { readonly step: number }) | undefined;
  readonly #snapshots = new Snapshots();

  get latest(): Measurement | undefined {
    return this.run.measurements.at(-1);
  }

  /** The newest measurement as a condition to stop takes it. */
  get check(): Check | undefined {
    return this.#check;
  }

  /** The state that it can go on from after the device was lost. */
  get newest(): State | undefined {
    return this.#snapshots.newest;
  }

  /** The state with the best weights since the first step. */
  get best(): Scored | undefined {
    return this.#snapshots.best;
  }

  /** The best state, where it came before the present one and is better. */
  get better(): Scored | undefined {
    const { best } = this;
    const now = this.#check;
    return best && now && best.loss < now.loss && best.steps < this.steps ? best : undefined;
  }

  /** Steps to the end of the epoch, of `perEpoch` steps each, in which the next one lies. */
  toEpochEnd(perEpoch: number): number {
    return perEpoch - (this.cursor % perEpoch);
  }

  /** Notes a change of the course; before the first step there is none. */
  note(event: Change): void {
    if (this.steps > 0) note(this.run, { ...event, step: this.steps });
  }

  /** A step was taken, with these settings. */
  record(event: StepEvent, settings: () => RunSettings): void {
    this.run.settings ??= settings();
    record(this.run, event);
    this.#snapshots.taken(event.step);
    this.steps = event.step + 1;
    this.cursor = event.epoch * event.stepsPerEpoch + event.stepInEpoch + 1;
    this.last = event;
  }

  /** What held-out digits, `count` of them, said after `step` updates. */
  measured(found: Check & { readonly step: number; readonly count: number }): void {
    const { step, loss, accuracy, count } = found;
    measure(this.run, { step, loss, accuracy, count });
    this.#check = found;
  }

  /** Keeps a state, for the day when the device goes away or the weights do. */
  keep(state: State): void {
    const check = this.#check;
    this.#snapshots.keep(state, check?.step === state.steps && check.usual ? check.loss : undefined);
  }

  /** A value became NaN, at this step. */
  diverged(step: number, layer: string | undefined): void {
    diverged(this.run, step, layer);
  }

  /** The training is at another of its steps now: curves and states end there. */
  moveTo(steps: number, cursor: number): void {
    this.steps = steps;
    this.cursor = cursor;
    this.run = truncated(this.run, steps);
    this.#snapshots.forgetAfter(steps);
    this.last = undefined;
    this.stopped = undefined;
    this.ailment = undefined;
  }

  /** It goes on with another training from this state on, with its curves where they are known. */
  adopt(state: State, run: Run = unknownRun(state.steps)): void {
    this.run = run;
    this.moveTo(state.steps, state.cursor);
    this.target = this.steps;
    this.forgetStates();
    this.#snapshots.keep(state, undefined);
  }

  /** Other digits from here on: their losses do not compare with those of the ones before. */
  changeDigits(): void {
    this.#snapshots.forgetBest();
    this.cursor = 0;
    this.target = this.steps;
  }

  forgetStates(): void {
    this.#snapshots.forget();
  }

  /** Another training, from its beginning. */
  begin(): void {
    this.forgetStates();
    this.run = emptyRun();
    this.steps = this.target = this.cursor = 0;
    this.last = undefined;
    this.stopped = undefined;
    this.ailment = undefined;
  }
}
