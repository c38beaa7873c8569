/** What follows the loss of a device: a fresh one in its place, on which all that ran there goes on. */

import { raceAbort } from "../core/abort.ts";
import { ArgumentError, DisposedError } from "../core/errors.ts";
import { nextTurn } from "../core/next_turn.ts";
import type { Backend, VariableSnapshot } from "../graph/backend.ts";
import { pointsOf } from "./points_of.ts";
import type { Points, Recovery } from "./recovery.ts";

/** Waits before each try to take a fresh device. */
const TRIES_MILLISECONDS = [0, 100, 500];

/** Another try may help, unless the device is the user's, or the backend was disposed of. */
function orFinal(error: unknown): false {
  if (error instanceof ArgumentError || error instanceof DisposedError) throw error;
  return false;
}

/** Opens the backend, on a fresh device or elsewhere, by what `attempt` makes of that; whether it did. */
async function tryAll(
  backend: Backend,
  attempt: (reopen: (snapshot?: VariableSnapshot) => Promise<void>) => Promise<boolean>,
): Promise<boolean> {
  try {
    for (const milliseconds of TRIES_MILLISECONDS) {
      if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
      if (await attempt((snapshot) => backend.reopen(snapshot)).catch(orFinal)) return true;
    }
    const { goOnElsewhere } = backend;
    return goOnElsewhere ? await attempt((snapshot = new Map()) => goOnElsewhere(snapshot)) : false;
  } catch {
    // Whoever waits throws the loss itself.
    return false;
  }
}

/** Devices that are replaced for classifiers and predictors alone. */
const replacing = new WeakMap<Backend, Promise<boolean>>();

/**
 * Whether what met this loss outside of a trainer, in a classifier, can be done again: on a fresh device, or on what does the
 * backend's work by then.
 */
export async function isReplaced(backend: Backend): Promise<boolean> {
  // The news of a loss may come behind what it caused.
  await nextTurn();
  const points = pointsOf.get(backend);
  if (points) return isReplacedForTrainers(points);
  if (backend.closed === undefined) return true;
  const replaced =
    replacing.get(backend) ??
    tryAll(backend, async (reopen) => {
      await reopen();
      return backend.closed === undefined;
    }).finally(() => replacing.delete(backend));
  replacing.set(backend, replaced);
  return replaced;
}

async function isReplacedForTrainers(points: Points): Promise<boolean> {
  points.active++;
  try {
    const lost = await points.lost?.catch(() => undefined);
    return lost ? await lost.wait(undefined, undefined) : points.backend.closed === undefined;
  } finally {
    points.active--;
    points.onIdle?.();
  }
}

/** One loss, from its news until a fresh device is there, or none comes. */
export class LostDevice {
  readonly #points: Points;
  /** Those who wait, told whether they can go on. */
  readonly #waiting = new Set<(isRecovered: boolean) => void>();
  readonly #forget: () => void;
  #isReopening = false;
  /** Once it is over: whether all can go on. */
  #isRecovered: boolean | undefined;

  constructor(points: Points) {
    const { backend } = points;
    this.#points = points;
    this.#forget = backend.onReopened(() => this.#reopenedByHand());
    points.onIdle = () => this.#look();
    this.#look();
  }

  /** Waits for a fresh device; whether the owner can go on, at the last point. */
  async wait(owner: Pick<Recovery, "onDisposed"> | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#isRecovered !== undefined) return this.#isRecovered;
    let forget = () => {};
    const wait = new Promise<boolean>((resolve, reject) => {
      this.#waiting.add(resolve);
      owner?.onDisposed.add(reject);
      forget = () => {
        this.#waiting.delete(resolve);
        owner?.onDisposed.delete(reject);
      };
    });
    this.#look();
    return raceAbort(wait, signal).finally(forget);
  }

  /** Begins when nothing is under way any more that does not know of the loss. */
  #look(): void {
    if (this.#isRecovered !== undefined || this.#isReopening || this.#waiting.size < this.#points.active) return;
    this.#isReopening = true;
    void this.#reopen();
  }

  async #reopen(): Promise<void> {
    const { members, backend } = this.#points;
    const before = new Map([...members].map((member) => [member, member.steps]));
    const isRecovered = await tryAll(backend, (reopen) => this.#try(reopen));
    if (isRecovered) {
      for (const [member, steps] of before) {
        const { kind, description } = backend;
        const recovered = { stepsRedone: Math.max(0, steps - member.steps), backend: { kind, description } };
        queueMicrotask(() => member.listeners.onRecovered?.(recovered));
      }
    }
    this.#isReopening = false;
    this.#end(isRecovered);
  }

  async #try(reopen: (snapshot?: VariableSnapshot) => Promise<void>): Promise<boolean> {
    const { backend, point } = this.#points;
    // In the moment in which the backend opens, before anybody uses it; the last of its listeners.
    const forget = backend.onReopened(() => {
      for (const restore of point?.restores ?? []) restore();
    });
    try {
      await reopen(point?.snapshot);
      await this.#points.hold(async () => {
        for (const { again } of point?.journal ?? []) await again();
      });
    } finally {
      forget();
    }
    return backend.closed === undefined;
  }

  /** From another snapshot than the points. */
  #reopenedByHand(): void {
    if (this.#isReopening) return;
    this.#end(true);
    if (this.#points.members.size > 0) this.#points.take().catch(() => undefined);
  }

  /** Whoever waits goes on, or hears of the loss. */
  #end(isRecovered: boolean): void {
    this.#isRecovered = isRecovered;
    if (isRecovered) {
      this.#forget();
      this.#points.lost = undefined;
      this.#points.onIdle = undefined;
      // Lost once more in this moment.
      const { closed } = this.#points.backend;
      if (closed) this.#points.lose(closed);
    }
    for (const tell of this.#waiting) tell(isRecovered);
  }
}
