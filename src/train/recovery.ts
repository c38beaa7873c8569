/** Points that trainers can go back to when their device is lost. What goes back is lost_device.ts, fetched when that happens. */

import { DeviceLostError } from "../core/errors.ts";
import { nextTurn } from "../core/next_turn.ts";
import { onDemand } from "../core/on_demand.ts";
import type { TypedArray } from "../core/tensor.ts";
import type { Backend, VariableSnapshot } from "../graph/backend.ts";
import type { Variable } from "../graph/node.ts";
import type { TrainerConfig } from "./config.ts";
import type { FitRun } from "./fit_run.ts";
import type { KeptState } from "./kept_state.ts";
import type { LostDevice } from "./lost_device.ts";
import { pointsOf } from "./points_of.ts";

/** A point is taken when so many times the time has gone by that the last one took to arrive, but not more often than … */
const TIMES_COST = 50;
const LEAST_MILLISECONDS = 500;
/** Points of runs after which a training is long enough to have at hand what a lost device wants. */
const POINTS_OF_LONG_TRAINING = 3;
/** Batches that are fed are done again from copies, as far as these stay below so many bytes, and so many steps. */
const MOST_JOURNAL_BYTES = 2 ** 24;
const MOST_JOURNAL_STEPS = 64;

type Listeners = Pick<TrainerConfig, "onDeviceLost" | "onRecovered">;

/** Where trainers can go back to: values of variables, and what the hosts knew in that moment. */
export interface Point {
  readonly snapshot: VariableSnapshot;
  readonly restores: (() => void)[];
  /** What was done since, outside of a `fit`. */
  readonly journal: { readonly again: () => unknown; readonly bytes: number }[];
}

const fetchLostDevice = () => onDemand("recovery from a lost device", () => import("./lost_device.ts"));

/** What all that runs on one backend has in common: its device, and the points. */
export class Points {
  readonly backend: Backend;
  readonly members = new Set<Recovery>();
  /** Whether there are trainers without recovery: where they are alone, a fresh device is their user's business. */
  isByHand = false;
  /** Calls under way; those of them that have met the loss wait for its end. */
  active = 0;
  /** From the loss of a device until a fresh one is in its place; for good where none comes. */
  lost: Promise<LostDevice> | undefined;
  /** Called when a call is over. */
  onIdle: (() => void) | undefined;
  /** The last that has arrived. */
  point: Point | undefined;
  #arriving: Point | undefined;
  /** Calls in the middle of a change, in which no point is taken. */
  #held = 0;
  #waiting: (() => void)[] = [];
  #taken = 0;
  #lastTaken = 0;
  #interval = LEAST_MILLISECONDS;

  static of(backend: Backend): Points {
    const points = pointsOf.get(backend) ?? new Points(backend);
    pointsOf.set(backend, points);
    return points;
  }

  private constructor(backend: Backend) {
    this.backend = backend;
    backend.onClosed((error) => this.lose(error));
  }

  /** What is noted now is to be known at each of them. */
  get all(): Point[] {
    return [this.point, this.#arriving].filter((point) => point !== undefined);
  }

  /** Does what is not to be cut in two by a point. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await work();
    } finally {
      this.#held--;
      this.#wake();
    }
  }

  /** A point behind everything that was submitted so far; resolves when it has arrived. */
  async take(): Promise<void> {
    while (this.#held > 0 || this.#arriving) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const started = performance.now();
    this.#lastTaken = started;
    const arriving = this.backend.snapshot();
    const members = [...this.members];
    const initial = members.flatMap((member) => member.initialWeights());
    const noted = { restores: members.flatMap((member) => member.capture()), journal: [] };
    this.#arriving = { snapshot: new Map(), ...noted };
    try {
      this.point = { snapshot: new Map([...initial, ...(await arriving)]), ...noted };
      this.#interval = Math.max(LEAST_MILLISECONDS, TIMES_COST * (performance.now() - started));
    } finally {
      this.#arriving = undefined;
      this.#wake();
    }
  }

  /** Takes a point where it is time, behind the steps under way. */
  takeWhereDue(): void {
    if (this.#held > 0 || this.#arriving || performance.now() - this.#lastTaken < this.#interval) return;
    // The visitor may be offline when it is wanted.
    if (++this.#taken === POINTS_OF_LONG_TRAINING) fetchLostDevice().catch(() => undefined);
    this.take().catch(() => undefined);
  }

  /** Notes what has been done, at all points. */
  note(again: () => unknown, bytes: number): void {
    for (const { journal } of this.all) journal.push({ again, bytes });
  }

  /** The device has gone, unless that is known. */
  lose(error: Error): void {
    if (this.lost || !(error instanceof DeviceLostError) || (this.isByHand && this.members.size === 0)) return;
    for (const { listeners } of this.members) queueMicrotask(() => listeners.onDeviceLost?.(error));
    this.lost = fetchLostDevice().then(({ LostDevice }) => new LostDevice(this));
    this.lost.catch(() => undefined);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** How one trainer goes on after a lost device. */
export class Recovery {
  readonly listeners: Listeners;
  readonly #kept: KeptState;
  readonly #points: Points;
  #run: FitRun | undefined;
  #disposed: Error | undefined;
  /** Called with the error of the disposal. */
  readonly onDisposed = new Set<(error: Error) => void>();

  constructor(backend: Backend, kept: KeptState, listeners: Listeners) {
    this.#kept = kept;
    this.listeners = listeners;
    this.#points = Points.of(backend);
    this.#points.members.add(this);
  }

  get steps(): number {
    return this.#kept.progress.steps;
  }

  /** Of copies on the host, which all trainers on the backend share. */
  get snapshotBytes(): number {
    let bytes = 0;
    for (const { data } of this.#points.point?.snapshot.values() ?? []) bytes += data.byteLength;
    return bytes;
  }

  /** Weights that have not moved: snapshots leave them out, but later ones may take their place on the host. */
  initialWeights(): [Variable, { version: number; data: TypedArray }][] {
    const still = this.#kept.parts.model.variables.filter(({ hasMoved }) => !hasMoved);
    return still.map((variable) => {
      const { version, initial, size } = variable;
      return [variable, { version, data: initial ?? new Float32Array(size) }];
    });
  }

  capture(): (() => void)[] {
    return [this.#kept.capture(), ...(this.#run ? [this.#run.capture()] : [])];
  }

  /** Does `work`, and does it again on a fresh device where the device is lost meanwhile. */
  again<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.counted(async () => {
      if (this.#points.lost) await this.recovered(undefined, signal);
      return this.#retried(work, signal);
    });
  }

  /** `work` that finds out itself whether it is to be done again. */
  async counted<T>(work: () => Promise<T>): Promise<T> {
    this.#points.active++;
    try {
      return await work();
    } finally {
      this.#points.active--;
      this.#points.onIdle?.();
    }
  }

  async #retried<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    while (true) {
      try {
        return await work();
      } catch (error) {
        if (await this.recovered(error, signal)) continue;
        // What was lost with a device that has been replaced meanwhile is done again.
        if (!(error instanceof DeviceLostError) || this.#points.lost) throw error;
      }
    }
  }

  /**
   * Does what moves variables, as a whole or not at all, inside of `again`. `bytes`: of what it keeps to be done once more; else
   * there is a point behind it.
   */
  change<T>(work: () => Promise<T>, bytes = Number.POSITIVE_INFINITY): Promise<T> {
    return this.#retried(async () => {
      let isNoted = false;
      try {
        return await this.hold(async () => {
          const result = await work();
          isNoted = this.#keepsJournal(bytes);
          if (isNoted) this.#points.note(work, bytes);
          return result;
        });
      } finally {
        if (!isNoted) await this.take();
      }
    });
  }

  /** Notes what has been done in this moment, outside of `again`; in a `fit` it is done again at the same step. */
  done(again: () => void): void {
    if (this.#run) this.#run.changed(again);
    else this.#points.note(again, 0);
  }

  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.#points.hold(work);
  }

  take(): Promise<void> {
    return this.#points.take();
  }

  takeWhereDue(): void {
    this.#points.takeWhereDue();
  }

  begin(run: FitRun): void {
    this.#run = run;
    for (const { restores } of this.#points.all) restores.push(run.capture());
  }

  end(): void {
    this.#run = undefined;
  }

  /** Whether work that ended with this error can be done again: a fresh device has come, and the trainer is at its last point. */
  async recovered(error: unknown, signal: AbortSignal | undefined): Promise<boolean> {
    // The news of a loss may come behind what it caused.
    if (error instanceof DeviceLostError) await nextTurn();
    if (this.#disposed) return false;
    // Whatever failed once the device was gone failed for that.
    const lost = await this.#points.lost?.catch(() => undefined);
    if (lost === undefined) return false;
    const isRecovered = await lost.wait(this, signal);
    if (this.#disposed) throw this.#disposed;
    return isRecovered;
  }

  dispose(error: Error): void {
    this.#disposed = error;
    this.#points.members.delete(this);
    if (this.#points.members.size === 0) this.#points.point = undefined;
    for (const tell of this.onDisposed) tell(error);
  }

  #keepsJournal(bytes: number): boolean {
    if (this.#run) return false;
    return this.#points.all.every(
      ({ journal }) =>
        journal.length < MOST_JOURNAL_STEPS &&
        journal.reduce((sum, entry) => sum + entry.bytes, bytes) <= MOST_JOURNAL_BYTES,
    );
  }
}
