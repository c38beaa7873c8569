/** Goes on after a lost device: what trainers of one backend need for it is copied to the host now and then. */

import { raceAbort } from "../core/abort.ts";
import { ArgumentError, DeviceLostError, DisposedError } from "../core/errors.ts";
import type { TypedArray } from "../core/tensor.ts";
import type { Backend, VariableSnapshot } from "../graph/backend.ts";
import type { Variable } from "../graph/node.ts";
import type { FitRun } from "./fit_run.ts";
import type { KeptState } from "./kept_state.ts";

/** Waits before each try to take a fresh device. */
const TRIES_MILLISECONDS = [0, 100, 500];
/** A point is taken when so many times the time has gone by that the last one took to arrive, but not more often than … */
const TIMES_COST = 50;
const LEAST_MILLISECONDS = 500;
/** Batches that are fed are done again from copies, as far as these stay below so many bytes, and so many steps. */
const MOST_JOURNAL_BYTES = 2 ** 24;
const MOST_JOURNAL_STEPS = 64;

/** What a trainer tells when it has gone on on a fresh device. */
export interface Recovered {
  /** Steps that were done before and are done again, with the same results. */
  readonly stepsRedone: number;
  /** Where the trainer runs now. */
  readonly backend: Backend;
}

export interface RecoveryListeners {
  readonly onDeviceLost: ((error: DeviceLostError) => void) | undefined;
  readonly onRecovered: ((recovered: Recovered) => void) | undefined;
}

/** Where trainers can go back to: values of variables, and what the hosts knew in that moment. */
interface Point {
  snapshot: VariableSnapshot;
  readonly restores: (() => void)[];
  /** What was done since, outside of a `fit`. */
  readonly journal: { readonly again: () => unknown; readonly bytes: number }[];
}

interface Waiting {
  readonly owner: Recovery;
  resolve(recovered: boolean): void;
  reject(error: unknown): void;
}

const shared = new WeakMap<Backend, BackendRecovery>();

/** What the trainers of one backend have in common: its device, and the points. */
class BackendRecovery {
  readonly members = new Set<Recovery>();
  readonly #backend: Backend;
  /** Calls under way; those of them that have met the loss wait for its end. */
  active = 0;
  readonly waiting = new Set<Waiting>();
  /** Calls in the middle of a change, in which no point is taken. */
  #held = 0;
  #released: (() => void)[] = [];
  #point: Point | undefined;
  readonly #arriving = new Set<Point>();
  #lastTaken = Number.NEGATIVE_INFINITY;
  #interval = LEAST_MILLISECONDS;
  #lost: DeviceLostError | undefined;
  #isReopening = false;
  #failed = false;

  constructor(backend: Backend) {
    this.#backend = backend;
    backend.onClosed((error) => this.#lose(error));
    backend.onReopened(() => {
      if (this.#isReopening) return;
      // By hand: from another snapshot than the points.
      this.#lost = undefined;
      this.#failed = false;
      this.take().catch(() => undefined);
    });
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  get points(): Point[] {
    return [...(this.#point ? [this.#point] : []), ...this.#arriving];
  }

  /** Does what is not to be cut in two by a point. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await work();
    } finally {
      this.#held--;
      if (this.#held === 0) for (const release of this.#released.splice(0)) release();
    }
  }

  /** A point behind everything that was submitted so far; resolves when it has arrived. */
  async take(): Promise<void> {
    while (this.#held > 0) await new Promise<void>((resolve) => this.#released.push(resolve));
    const started = performance.now();
    this.#lastTaken = started;
    const arriving = this.#backend.snapshot();
    const restores = [...this.members].flatMap((member) => member.capture());
    const initial = [...this.members].flatMap((member) => member.initialWeights());
    const point: Point = { snapshot: new Map(), restores, journal: [] };
    this.#arriving.add(point);
    try {
      point.snapshot = new Map([...initial, ...(await arriving)]);
      // One that was asked for later may have come first.
      if (!this.#arriving.has(point)) return;
      for (const earlier of this.#arriving) {
        this.#arriving.delete(earlier);
        if (earlier === point) break;
      }
      this.#point = point;
      this.#interval = Math.max(LEAST_MILLISECONDS, TIMES_COST * (performance.now() - started));
    } finally {
      this.#arriving.delete(point);
    }
  }

  /** Takes a point where it is time, behind the steps under way. */
  takeWhereDue(): void {
    if (this.#held > 0 || this.#arriving.size > 0 || performance.now() - this.#lastTaken < this.#interval) return;
    this.take().catch(() => undefined);
  }

  /** Waits for a fresh device; whether the trainers can go on, at their last point. */
  wait(owner: Recovery, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#failed) return Promise.resolve(false);
    let own: Waiting | undefined;
    const wait = new Promise<boolean>((resolve, reject) => {
      own = { owner, resolve, reject };
      this.waiting.add(own);
    });
    this.look();
    return raceAbort(wait, signal).finally(() => own && this.waiting.delete(own));
  }

  /** Begins when nothing is under way any more that does not know of the loss. */
  look(): void {
    if (this.#lost && !this.#failed && !this.#isReopening && this.waiting.size >= this.active) void this.#reopen();
  }

  #lose(error: Error): void {
    if (!(error instanceof DeviceLostError)) {
      for (const { reject } of this.waiting) reject(error);
      return;
    }
    this.#lost = error;
    if (this.#isReopening) return;
    for (const member of this.members) member.tellLost(error);
    this.look();
  }

  async #reopen(): Promise<void> {
    this.#isReopening = true;
    const before = new Map([...this.members].map((member) => [member, member.steps]));
    const isRecovered = await this.#tryAll();
    this.#isReopening = false;
    this.#failed = !isRecovered;
    if (isRecovered) {
      this.#lost = undefined;
      for (const [member, steps] of before) member.tellRecovered(steps);
      // Lost once more in this moment.
      if (this.#backend.closed) this.#lose(this.#backend.closed);
    }
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const { resolve } of waiting) resolve(isRecovered);
  }

  async #tryAll(): Promise<boolean> {
    for (const milliseconds of TRIES_MILLISECONDS) {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      if (this.members.size === 0) return false;
      try {
        if (await this.#try()) return true;
      } catch (error) {
        // The device is the user's, or the backend was disposed of.
        if (error instanceof ArgumentError || error instanceof DisposedError) return false;
      }
    }
    return false;
  }

  async #try(): Promise<boolean> {
    const point = this.#point;
    if (point === undefined) return false;
    this.#arriving.clear();
    // In the moment in which the backend opens, before anybody uses it; the last of its listeners.
    const forget = this.#backend.onReopened(() => {
      for (const restore of point.restores) restore();
    });
    try {
      await this.#backend.reopen(point.snapshot);
      await this.hold(async () => {
        for (const { again } of point.journal) await again();
      });
    } finally {
      forget();
    }
    return this.#backend.closed === undefined;
  }
}

/** How one trainer goes on after a lost device. */
export class Recovery {
  readonly #backend: Backend;
  readonly #kept: KeptState;
  readonly #listeners: RecoveryListeners;
  readonly #shared: BackendRecovery;
  #run: FitRun | undefined;
  #disposed: Error | undefined;

  private constructor(backend: Backend, kept: KeptState, listeners: RecoveryListeners) {
    this.#backend = backend;
    this.#kept = kept;
    this.#listeners = listeners;
    this.#shared = shared.get(backend) ?? new BackendRecovery(backend);
    shared.set(backend, this.#shared);
    this.#shared.members.add(this);
  }

  static async of(backend: Backend, kept: KeptState, listeners: RecoveryListeners): Promise<Recovery> {
    const recovery = new Recovery(backend, kept, listeners);
    try {
      await recovery.again(() => recovery.take());
    } catch (error) {
      recovery.dispose(new Error("never begun"));
      throw error;
    }
    return recovery;
  }

  get steps(): number {
    return this.#kept.progress.steps;
  }

  /** Weights that have not moved: snapshots leave them out, but later ones may take their place on the host. */
  initialWeights(): [Variable, { version: number; data: TypedArray }][] {
    const still = this.#kept.parts.model.variables.filter(({ hasMoved }) => !hasMoved);
    return still.map((variable) => {
      const { version, initial, size } = variable;
      return [variable, { version, data: Float32Array.from(initial ?? new Float32Array(size)) }];
    });
  }

  capture(): (() => void)[] {
    return [this.#kept.capture(), ...(this.#run ? [this.#run.capture()] : [])];
  }

  /** Does `work`, and does it again on a fresh device where the device is lost meanwhile. */
  async again<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.counted(async () => {
      if (this.#shared.isLost) await this.recovered(new Error(), signal);
      return this.retried(work, signal);
    });
  }

  /** `work` that finds out itself whether it is to be done again. */
  async counted<T>(work: () => Promise<T>): Promise<T> {
    this.#shared.active++;
    try {
      return await work();
    } finally {
      this.#shared.active--;
      this.#shared.look();
    }
  }

  /** As `again`, inside of it. */
  async retried<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    while (true) {
      try {
        return await work();
      } catch (error) {
        if (!(await this.recovered(error, signal))) throw error;
      }
    }
  }

  /**
   * Does what moves variables, as a whole or not at all, inside of `again`. `bytes`: of what it keeps to be done once more; else
   * there is a point behind it.
   */
  async change<T>(work: () => Promise<T>, bytes = Number.POSITIVE_INFINITY): Promise<T> {
    return this.retried(async () => {
      let isNoted = false;
      try {
        return await this.#shared.hold(async () => {
          const result = await work();
          isNoted = this.#keepsJournal(bytes);
          if (isNoted) this.#note(work, bytes);
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
    else this.#note(again, 0);
  }

  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.#shared.hold(work);
  }

  take(): Promise<void> {
    return this.#shared.take();
  }

  takeWhereDue(): void {
    this.#shared.takeWhereDue();
  }

  begin(run: FitRun): void {
    this.#run = run;
    for (const { restores } of this.#shared.points) restores.push(run.capture());
  }

  end(): void {
    this.#run = undefined;
  }

  /** Whether work that ended with this error can be done again: a fresh device has come, and the trainer is at its last point. */
  async recovered(error: unknown, signal: AbortSignal | undefined): Promise<boolean> {
    // Whatever failed once the device was gone failed for that.
    if (this.#disposed || !(error instanceof DeviceLostError || this.#shared.isLost)) return false;
    const isRecovered = await this.#shared.wait(this, signal);
    if (this.#disposed) throw this.#disposed;
    return isRecovered;
  }

  tellLost(error: DeviceLostError): void {
    const { onDeviceLost } = this.#listeners;
    if (onDeviceLost) queueMicrotask(() => onDeviceLost(error));
  }

  tellRecovered(steps: number): void {
    const { onRecovered } = this.#listeners;
    const recovered = { stepsRedone: Math.max(0, steps - this.steps), backend: this.#backend };
    if (onRecovered) queueMicrotask(() => onRecovered(recovered));
  }

  dispose(error: Error): void {
    this.#disposed = error;
    this.#shared.members.delete(this);
    for (const { owner, reject } of this.#shared.waiting) if (owner === this) reject(error);
  }

  #keepsJournal(bytes: number): boolean {
    if (this.#run) return false;
    return this.#shared.points.every(
      ({ journal }) =>
        journal.length < MOST_JOURNAL_STEPS &&
        journal.reduce((sum, entry) => sum + entry.bytes, bytes) <= MOST_JOURNAL_BYTES,
    );
  }

  #note(again: () => unknown, bytes: number): void {
    for (const { journal } of this.#shared.points) journal.push({ again, bytes });
  }
}
